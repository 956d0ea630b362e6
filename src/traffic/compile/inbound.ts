import { parseDuration } from '../../base/duration.ts';
import type { ConnectionPool } from '../../model/schema/generated/types-istio.ts';
import type { Cluster, InboundPort, RouteTable, ServiceRef } from '../tables.ts';
import { serviceRef } from './clusters.ts';
import { lifetimesOf, limitsOf } from './connection-pool.ts';
import { peerOf } from './identity.ts';
import type { MutualTls } from './mutual-tls.ts';
import { forwardRoute } from './outbound.ts';
import type { PortProtocol } from './protocol.ts';
import { buildRouteTable } from './route-table.ts';
import type { ServicesOfPod } from './services.ts';
import type { IngressEndpoint, IngressPlan } from './sidecar-ingress.ts';
import type { PlacedPod } from './world.ts';

/** The cluster of ports that no service of the pod declares. */
const INBOUND_PASSTHROUGH = 'InboundPassthroughCluster';

export interface CompiledInbound {
  readonly ports: ReadonlyMap<number, InboundPort>;
  readonly clusters: readonly Cluster[];
}

/**
 * The inbound ports of a pod with sidecar: every target port of its services, or those its Sidecar lists instead, and
 * ports that mTLS policies name.
 */
export const compileInbound = (
  services: ServicesOfPod,
  mutualTls: MutualTls,
  placed: PlacedPod,
  ingress: IngressPlan | undefined,
): CompiledInbound => {
  const ports = new Map<number, InboundPort>();
  const clusters: Cluster[] = [
    applicationCluster(INBOUND_PASSTHROUGH, placed, undefined, {
      protocol: 'auto',
      service: undefined,
      pool: undefined,
    }),
  ];
  const owners = ownersOf(services, placed);
  const addPort = (owner: Owner, port: number, endpoint: IngressEndpoint): void => {
    const cluster = `inbound|${port}||`;
    clusters.push(applicationCluster(cluster, placed, endpoint, { ...owner, pool: ingress?.connectionPool(port) }));
    ports.set(port, inboundPort(mutualTls, placed, port, cluster, owner));
  };
  if (ingress?.listeners === undefined) {
    for (const [port, owner] of owners) addPort(owner, port, { address: undefined, port });
  } else {
    const { name, namespace } = ingress.resource;
    // Istio's telemetry calls ports by the Sidecar that lists them.
    const service = { host: `${name}.${namespace}`, name: `${name}.${namespace}`, namespace };
    for (const { port, protocol, endpoint } of ingress.listeners)
      addPort({ service, number: port, protocol }, port, endpoint);
  }
  // What a Sidecar does not list is still captured, and passed on as it came.
  for (const port of [...owners.keys(), ...mutualTls.namedPorts(placed.pod)]) {
    if (!ports.has(port)) ports.set(port, inboundPort(mutualTls, placed, port, INBOUND_PASSTHROUGH, undefined));
  }
  return { ports, clusters };
};

/** Whom a port of a pod belongs to. */
interface Owner {
  readonly service: ServiceRef;
  /** The service's own port. */
  readonly number: number;
  readonly protocol: PortProtocol;
}

/** The first service, in the registry's order, behind each target port of a pod. */
const ownersOf = (services: ServicesOfPod, placed: PlacedPod): ReadonlyMap<number, Owner> => {
  const owners = new Map<number, Owner>();
  for (const service of services.get(placed) ?? []) {
    for (const { number, protocol, targets } of service.ports) {
      const target = targets.find((candidate) => candidate.placed === placed)?.port;
      if (target === undefined || owners.has(target)) continue;
      owners.set(target, { service: serviceRef(service), number, protocol });
    }
  }
  return owners;
};

const inboundPort = (
  mutualTls: MutualTls,
  placed: PlacedPod,
  port: number,
  cluster: string,
  owner: Owner | undefined,
): InboundPort => {
  const { mode, origin } = mutualTls.of(placed.pod, port);
  const declared = owner?.protocol ?? 'auto';
  const operation = owner === undefined ? '' : `${owner.service.host}:${owner.number}/*`;
  return {
    port,
    mtls: mode,
    protocol: declared === 'http2' ? 'http' : declared,
    cluster,
    routes: inboundRoutes(cluster, owner?.number ?? port, operation),
    mtlsOrigin: origin,
    service: owner?.service,
  };
};

const inboundRoutes = (cluster: string, port: number, operation: string): RouteTable => {
  const routes = [forwardRoute('default', cluster, operation, undefined, undefined)];
  const name = `inbound|http|${port}`;
  return buildRouteTable(cluster, [{ name, domains: ['*'], routes, origin: undefined }], true);
};

interface ApplicationSettings {
  readonly service: ServiceRef | undefined;
  readonly protocol: PortProtocol;
  readonly pool: ConnectionPool | undefined;
}

const applicationCluster = (
  name: string,
  placed: PlacedPod,
  endpoint: IngressEndpoint | undefined,
  { service, protocol, pool }: ApplicationSettings,
): Cluster => ({
  name,
  kind: 'application',
  endpoints:
    endpoint === undefined
      ? []
      : [
          {
            address: placed.address,
            port: endpoint.port,
            key: `${endpoint.address ?? placed.address}:${endpoint.port}`,
            pod: placed.pod.name,
            peer: peerOf(placed.pod),
            weight: 1,
            locality: placed.pod.locality,
            transport: { kind: 'plaintext' },
          },
        ],
  balancer: { kind: 'round-robin' },
  connectTimeoutMs: parseDuration(pool?.tcp?.connectTimeout ?? '') ?? 10_000,
  maxRequestsPerConnection: pool?.http?.maxRequestsPerConnection ?? 0,
  ...spokenTo(protocol),
  service,
  origin: undefined,
  ...present('limits', limitsOf(pool, undefined)),
  ...present('lifetimes', lifetimesOf(pool)),
});

const present = <Name extends string, T>(name: Name, value: T | undefined): { readonly [name in Name]?: T } =>
  (value === undefined ? {} : { [name]: value }) as { readonly [name in Name]?: T };

/** An application is spoken to in what its port declares, whatever the caller speaks; else in what the caller does. */
const spokenTo = (protocol: PortProtocol): Pick<Cluster, 'http'> => {
  if (protocol === 'http2') return { http: 'http2' };
  return protocol === 'auto' ? { http: 'same' } : {};
};
