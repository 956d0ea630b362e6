import { Fault } from '../base/fault.ts';
import type { DoorTarget, SocketAddress } from '../proxy/proxy.ts';
import { CLIENT_POD } from './built-in.ts';
import type { MeshRuntime } from './mesh-runtime.ts';
import type { RunningPod } from './running-pod.ts';

/** How this machine gets into a mesh: URLs that work in a browser or with curl. */
export interface Doors {
  /** The port of 127.0.0.1 behind every URL. */
  readonly port: number;
  /** URL of a service; empty for one that speaks no HTTP. */
  serviceUrl(namespace: string, name: string): string;
  /** URL of a Gateway; empty while none of its ports is open. */
  gatewayUrl(namespace: string, name: string): string;
}

/** The port a gateway's Service usually maps port 80 to; what the door leads to when several are open. */
const INGRESS_HTTP_PORT = 8080;

/** The port of a gateway's own that stands for its plain HTTP, with its socket. */
const httpPortOf = ({ listeners }: RunningPod): readonly [port: number, at: SocketAddress] | undefined => {
  const usual = listeners.get(INGRESS_HTTP_PORT);
  return usual === undefined ? [...listeners][0] : [INGRESS_HTTP_PORT, usual];
};

const openGateways = (runtime: MeshRuntime): readonly RunningPod[] =>
  [...runtime.pods.values()].filter(({ pod, listeners }) => pod.proxyMode === 'gateway' && listeners.size > 0);

/** The gateway pod the door leads to: Istio's ingress gateway where it listens, otherwise the first that does. */
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

const doorTarget = (runtime: MeshRuntime): DoorTarget | undefined => {
  const ingress = ingressOf(runtime);
  const [port] = (ingress === undefined ? undefined : httpPortOf(ingress)) ?? [];
  return ingress?.proxy === undefined || port === undefined ? undefined : { proxy: ingress.proxy, port };
};

/** Opens the door of a mesh that runs; it closes with the built-in client. Throws a Fault when the port is taken. */
export const openDoors = async (runtime: MeshRuntime, gatewayPort: number): Promise<Doors> => {
  const client = runtime.pods.get(CLIENT_POD)?.proxy;
  if (client === undefined)
    throw new Fault('the built-in client has no sidecar', { kind: 'failure', code: 'NO_CLIENT' });
  const at = { host: '127.0.0.1', port: gatewayPort };
  const { port } = await client
    .listenDoor(at, () => doorTarget(runtime))
    .catch((error: unknown) => {
      throw error instanceof Fault ? withPortHint(error, gatewayPort) : error;
    });
  return {
    port,
    serviceUrl: (namespace, name) => {
      const host = `${name}.${namespace}.localhost`;
      return runtime.network.localService(host) === undefined ? '' : `http://${host}:${port}/`;
    },
    gatewayUrl: (namespace, name) => {
      const serving = podOfGateway(runtime, namespace, name);
      if (serving === undefined) return '';
      if (serving === ingressOf(runtime)) return `http://localhost:${port}/`;
      const [, own] = httpPortOf(serving) ?? [];
      return own === undefined ? '' : `http://${own.host}:${own.port}/`;
    },
  };
};

/** The port came from a flag: say which. */
const withPortHint = (fault: Fault, port: number): Fault => {
  if (fault.code !== 'PORT_IN_USE') return fault;
  return new Fault(`port ${port} is already in use on 127.0.0.1`, {
    kind: fault.kind,
    code: fault.code,
    hint: 'choose another with --gateway-port, or 0 for a free one',
    cause: fault.cause,
  });
};
