import type { Cluster, InboundPort, RouteTable } from '../tables.ts';
import { serviceRef } from './clusters.ts';
import { peerOf } from './identity.ts';
import type { MutualTls } from './mutual-tls.ts';
import { forwardRoute } from './outbound.ts';
import type { PortProtocol } from './protocol.ts';
import { buildRouteTable } from './route-table.ts';
import type { MeshService, MeshServicePort, ServicesOfPod } from './services.ts';
import type { PlacedPod } from './world.ts';

/** The cluster of ports that no service of the pod declares. */
const INBOUND_PASSTHROUGH = 'InboundPassthroughCluster';

export interface CompiledInbound {
  readonly ports: ReadonlyMap<number, InboundPort>;
  readonly clusters: readonly Cluster[];
}

/** The inbound ports of a pod with sidecar: every target port of its services, and ports that mTLS policies name. */
export const compileInbound = (services: ServicesOfPod, mutualTls: MutualTls, placed: PlacedPod): CompiledInbound => {
  const ports = new Map<number, InboundPort>();
  const clusters: Cluster[] = [applicationCluster(INBOUND_PASSTHROUGH, placed, undefined, undefined, 'auto')];
  for (const service of services.get(placed) ?? []) {
    for (const port of service.ports) {
      const target = port.targets.find((candidate) => candidate.placed === placed)?.port;
      if (target === undefined || ports.has(target)) continue;
      const cluster = `inbound|${target}||`;
      clusters.push(applicationCluster(cluster, placed, target, service, port.protocol));
      ports.set(target, inboundPort(mutualTls, placed, target, cluster, { service, port }));
    }
  }
  for (const port of mutualTls.namedPorts(placed.pod)) {
    if (!ports.has(port)) ports.set(port, inboundPort(mutualTls, placed, port, INBOUND_PASSTHROUGH, undefined));
  }
  return { ports, clusters };
};

const inboundPort = (
  mutualTls: MutualTls,
  placed: PlacedPod,
  port: number,
  cluster: string,
  owner: { readonly service: MeshService; readonly port: MeshServicePort } | undefined,
): InboundPort => {
  const { mode, origin } = mutualTls.of(placed.pod, port);
  const declared = owner?.port.protocol ?? 'auto';
  const operation = owner === undefined ? '' : `${owner.service.host}:${owner.port.number}/*`;
  return {
    port,
    mtls: mode,
    protocol: declared === 'http2' ? 'http' : declared,
    cluster,
    routes: inboundRoutes(cluster, owner?.port.number ?? port, operation),
    mtlsOrigin: origin,
    service: owner === undefined ? undefined : serviceRef(owner.service),
  };
};

const inboundRoutes = (cluster: string, port: number, operation: string): RouteTable => {
  const routes = [forwardRoute('default', cluster, operation, undefined, undefined)];
  const name = `inbound|http|${port}`;
  return buildRouteTable(cluster, [{ name, domains: ['*'], routes, origin: undefined }], true);
};

const applicationCluster = (
  name: string,
  placed: PlacedPod,
  port: number | undefined,
  service: MeshService | undefined,
  protocol: PortProtocol,
): Cluster => ({
  name,
  kind: 'application',
  endpoints:
    port === undefined
      ? []
      : [
          {
            address: placed.address,
            port,
            key: `${placed.address}:${port}`,
            pod: placed.pod.name,
            peer: peerOf(placed.pod),
            weight: 1,
            locality: placed.pod.locality,
            transport: { kind: 'plaintext' },
          },
        ],
  balancer: { kind: 'round-robin' },
  connectTimeoutMs: 10_000,
  maxRequestsPerConnection: 0,
  ...spokenTo(protocol),
  service: service === undefined ? undefined : serviceRef(service),
  origin: undefined,
});

/** An application is spoken to in what its port declares, whatever the caller speaks; else in what the caller does. */
const spokenTo = (protocol: PortProtocol): Pick<Cluster, 'http'> => {
  if (protocol === 'http2') return { http: 'http2' };
  return protocol === 'auto' ? { http: 'same' } : {};
};
