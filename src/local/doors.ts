import { Fault } from '../base/fault.ts';
import type { DoorTarget } from '../proxy/proxy.ts';
import type { GatewayPort } from '../traffic/tables.ts';
import { CLIENT_POD } from './built-in.ts';
import { podKey } from './configuration.ts';
import type { MeshRuntime } from './mesh-runtime.ts';
import type { RunningPod } from './running-pod.ts';

/** How this machine gets into a mesh: URLs that work in a browser or with curl. */
export interface Doors {
  /** The port of 127.0.0.1 behind every URL. */
  readonly port: number;
  /** URL of a service; empty for one that speaks no HTTP. */
  serviceUrl(namespace: string, name: string): string;
  /** URL of a Gateway's servers of one scheme; empty while none of their ports is open. */
  gatewayUrl(namespace: string, name: string, scheme: 'http' | 'https'): string;
}

/** The ports a gateway's Service usually maps ports 80 and 443 to; what the door leads to when several are open. */
const INGRESS_HTTP_PORT = 8080;
const INGRESS_TLS_PORT = 8443;

interface GatewayEntrances {
  readonly http: number | undefined;
  readonly tls: number | undefined;
}

/** The ports of a gateway's own that stand for its plain HTTP and for its TLS. */
const entrancesOf = ({ compiled }: MeshRuntime, { pod, listeners }: RunningPod): GatewayEntrances => {
  const served = [...(compiled?.proxies.get(podKey(pod))?.gateway.values() ?? [])].filter(({ port }) =>
    listeners.has(port),
  );
  const choose = (ports: readonly GatewayPort[], usual: number): number | undefined =>
    (ports.find(({ port }) => port === usual) ?? ports[0])?.port;
  return {
    http: choose(
      served.filter(({ tls, tcp }) => tls === undefined && tcp === undefined),
      INGRESS_HTTP_PORT,
    ),
    tls: choose(
      served.filter(({ tls }) => tls !== undefined),
      INGRESS_TLS_PORT,
    ),
  };
};

const TLS_PROTOCOLS: ReadonlySet<string> = new Set(['HTTPS', 'TLS']);

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
  if (ingress?.proxy === undefined) return undefined;
  const { http, tls } = entrancesOf(runtime, ingress);
  return { proxy: ingress.proxy, port: http, tlsPort: tls };
};

/**
 * The name by which the first server of a scheme may be asked, which TLS asks for: `localhost` where it has every name;
 * undefined where the Gateway has no such server.
 */
const serverHost = (
  runtime: MeshRuntime,
  namespace: string,
  name: string,
  scheme: 'http' | 'https',
): string | undefined => {
  const servers = runtime.configuration?.mesh.find('Gateway', namespace, name)?.object.spec?.servers ?? [];
  const own = servers.find(({ port }) => {
    const isTls = TLS_PROTOCOLS.has(port.protocol.toUpperCase());
    return scheme === 'https' ? isTls : !isTls;
  });
  if (own === undefined) return undefined;
  const host = (own.hosts[0] ?? '*').replace(/^[^/]*\//, '');
  return host === '*' ? 'localhost' : host.replace(/^\*\./, 'www.');
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
    gatewayUrl: (namespace, name, scheme) => {
      const serving = podOfGateway(runtime, namespace, name);
      const host = serverHost(runtime, namespace, name, scheme);
      if (serving === undefined || host === undefined) return '';
      const { http, tls } = entrancesOf(runtime, serving);
      const own = scheme === 'http' ? http : tls;
      if (own === undefined) return '';
      const isBehindDoor = serving === ingressOf(runtime);
      const at = isBehindDoor ? { host: '127.0.0.1', port } : serving.listeners.get(own);
      if (at === undefined) return '';
      if (scheme === 'https') return `https://${host}:${at.port}/`;
      return isBehindDoor ? `http://localhost:${port}/` : `http://${at.host}:${at.port}/`;
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
