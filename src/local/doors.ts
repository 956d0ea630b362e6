import type { SocketAddress } from '../proxy/proxy.ts';
import { CLIENT_POD } from './built-in.ts';
import { openEntry } from './entry.ts';
import type { Closable } from './forward.ts';
import type { MeshRuntime } from './mesh-runtime.ts';
import type { RunningPod } from './running-pod.ts';

/** How this machine gets into a mesh: URLs that work in a browser or with curl. */
export interface Doors extends Closable {
  /** The port of 127.0.0.1 behind every URL. */
  readonly port: number;
  /** URL of a service; empty for one that speaks no HTTP. */
  serviceUrl(namespace: string, name: string): string;
  /** URL of a Gateway; empty while none of its ports is open. */
  gatewayUrl(namespace: string, name: string): string;
}

/** The port a gateway's Service usually maps port 80 to; what the door leads to when several are open. */
const INGRESS_HTTP_PORT = 8080;

const listenerOf = ({ listeners }: RunningPod): SocketAddress | undefined =>
  listeners.get(INGRESS_HTTP_PORT) ?? [...listeners.values()][0];

const openGateways = (runtime: MeshRuntime): readonly RunningPod[] =>
  [...runtime.pods.values()].filter(({ pod, listeners }) => pod.proxyMode === 'gateway' && listeners.size > 0);

/** The gateway pod the entry leads to: Istio's ingress gateway where it listens, otherwise the first that does. */
const ingressOf = (runtime: MeshRuntime): RunningPod | undefined => {
  const gateways = openGateways(runtime);
  return gateways.find(({ pod }) => pod.labels['istio'] === 'ingressgateway') ?? gateways[0];
};

/** The pod that serves a Gateway object, by its selector. */
const podOfGateway = (runtime: MeshRuntime, namespace: string, name: string): RunningPod | undefined => {
  const gateway = runtime.configuration?.mesh.find('Gateway', namespace, name);
  const selector = Object.entries(gateway?.object.spec?.selector ?? {});
  if (gateway === undefined) return undefined;
  return openGateways(runtime).find(({ pod }) => selector.every(([key, value]) => pod.labels[key] === value));
};

/** Opens the doors of a mesh that runs. */
export const openDoors = async (runtime: MeshRuntime, gatewayPort: number): Promise<Doors> => {
  const targetOf = (host: string): SocketAddress | undefined => {
    if (runtime.network.localService(host) !== undefined) return runtime.pods.get(CLIENT_POD)?.outbound;
    const ingress = ingressOf(runtime);
    return ingress === undefined ? undefined : listenerOf(ingress);
  };
  const entry = await openEntry({ port: gatewayPort, targetOf });
  return {
    port: entry.port,
    serviceUrl: (namespace, name) => {
      const host = `${name}.${namespace}.localhost`;
      return runtime.network.localService(host) === undefined ? '' : `http://${host}:${entry.port}/`;
    },
    gatewayUrl: (namespace, name) => {
      const serving = podOfGateway(runtime, namespace, name);
      if (serving === undefined) return '';
      if (serving === ingressOf(runtime)) return `http://localhost:${entry.port}/`;
      const at = listenerOf(serving);
      return at === undefined ? '' : `http://${at.host}:${at.port}/`;
    },
    close: () => entry.close(),
  };
};
