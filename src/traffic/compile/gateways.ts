import type { Mesh } from '../../model/mesh.ts';
import type { Resource } from '../../model/resource.ts';
import type { GatewayServer } from '../../model/schema/generated/types-istio.ts';
import { matchesLabels } from '../../model/selector.ts';
import type { GatewayPort, Route, RouteTable, VirtualHost } from '../tables.ts';
import type { Client, DestinationRuleIndex } from './destination-rules.ts';
import { type BoundServer, type GatewayPlan, isCleartextHttp, planGateway } from './gateway-check.ts';
import { hashingFor } from './hashing.ts';
import { instantiateRules, type RuleScope } from './instantiate.ts';
import type { MeshSettings } from './mesh-settings.ts';
import { intersectHosts, isExportedTo } from './names.ts';
import { originOf, type Report } from './report.ts';
import { buildRouteTable } from './route-table.ts';
import { isCatchAll, MATCH_ALL } from './rule-match.ts';
import { onlyPort, type ServiceRegistry, type ServicesOfPod } from './services.ts';
import { compileTermination } from './tls-credentials.ts';
import { type BoundPlan, compileTlsServers, indexTlsServers, tcpRouteAt } from './tls-servers.ts';
import type { VirtualServicePlan } from './virtual-services.ts';
import type { PlacedPod } from './world.ts';

/** What the ports of gateways are made from. */
export interface GatewaySources {
  readonly mesh: Mesh;
  readonly report: Report;
  readonly gateways: readonly GatewayPlan[];
  readonly registry: ServiceRegistry;
  readonly servicesOfPod: ServicesOfPod;
  /** By the qualified name of a Gateway, oldest first. */
  readonly plansByGateway: ReadonlyMap<string, readonly VirtualServicePlan[]>;
  readonly rules: DestinationRuleIndex;
  readonly settings: MeshSettings;
}

/** Validates the Gateways of a mesh, oldest first. */
export const planGateways = (mesh: Mesh, report: Report): readonly GatewayPlan[] =>
  mesh.of('Gateway').flatMap((resource) => planGateway(resource, report));

/** The ports a gateway's pod serves, by the pod's own port. */
export const compileGatewayPorts = (sources: GatewaySources, placed: PlacedPod): ReadonlyMap<number, GatewayPort> => {
  const bound = new Map<number, BoundServer[]>();
  for (const plan of sources.gateways) {
    if (!servesGateway(plan, sources.registry, placed)) continue;
    const { resource, name: gateway, servers } = plan;
    for (const server of servers) {
      for (const port of podPorts(sources.servicesOfPod, placed, server.port.number)) {
        const known = bound.get(port) ?? [];
        known.push({ resource, gateway, server });
        bound.set(port, known);
      }
    }
  }
  const ports = new Map<number, GatewayPort>();
  for (const [number, servers] of bound) {
    const port = toPort(sources, placed, number, servers);
    if (port !== undefined) ports.set(number, port);
  }
  return ports;
};

/** What a port carries; undefined for one that has nothing to do and stays closed. */
const toPort = (
  sources: GatewaySources,
  placed: PlacedPod,
  port: number,
  servers: readonly BoundServer[],
): GatewayPort | undefined => {
  const [first] = servers;
  if (first === undefined) return undefined;
  const kind = transportOf(first.server);
  // The first server of a port decides what it carries, and servers of other kinds are left out, as in Istio.
  const alike = servers.filter(({ server }) => transportOf(server) === kind);
  const shared = { port, origin: originOf(first.resource, [first.server]) };
  const tableOf = (name: string, own: readonly BoundServer[]): RouteTable =>
    buildRouteTable(name, virtualHostsOf(sources, placed, own), true);
  if (kind === 'http') return { ...shared, routes: tableOf(`http.${port}`, alike) };
  const nothing = buildRouteTable('', [], true);
  const bindingsOf = (own: BoundServer): readonly BoundPlan[] => boundPlans(sources, placed, own);
  if (kind === 'tcp') {
    const tcp = tcpRouteAt(bindingsOf(first));
    return tcp === undefined ? undefined : { ...shared, routes: nothing, tcp };
  }
  const tls = compileTlsServers(
    alike,
    bindingsOf,
    (own) => tableOf(httpsRouteName(own), [own]),
    (own) => compileTermination(sources.mesh, own, own.server.tls ?? {}, placed.pod.namespace, sources.report),
  );
  return tls.length === 0 ? undefined : { ...shared, routes: nothing, tls: indexTlsServers(tls) };
};

const transportOf = (server: GatewayServer): 'http' | 'tcp' | 'tls' => {
  if (isCleartextHttp(server)) return 'http';
  return server.tls === undefined ? 'tcp' : 'tls';
};

const httpsRouteName = ({ server: { port }, gateway }: BoundServer): string => {
  const [namespace = '', name = ''] = gateway.split('/');
  return `https.${port.number}.${port.name}.${name}.${namespace}`;
};

const servesGateway = ({ pods }: GatewayPlan, registry: ServiceRegistry, placed: PlacedPod): boolean =>
  'labels' in pods
    ? matchesLabels(pods.labels, placed.pod.labels)
    : pods.services.some((host) => registry.get(host)?.pods.includes(placed) === true);

/** A server's port is that of the gateway's Service; without such a Service it is the pod's own. */
const podPorts = (services: ServicesOfPod, placed: PlacedPod, number: number): readonly number[] => {
  const targets = new Set<number>();
  for (const service of services.get(placed) ?? []) {
    for (const port of service.ports) {
      if (port.number !== number) continue;
      for (const target of port.targets) if (target.placed === placed) targets.add(target.port);
    }
  }
  return targets.size === 0 ? [number] : [...targets];
};

/** The VirtualServices of a server, oldest first, each with the hosts it has there. */
const boundPlans = (
  sources: GatewaySources,
  placed: PlacedPod,
  { resource, gateway, server }: BoundServer,
): readonly (BoundPlan & { readonly hosts: readonly string[] })[] => {
  const client: Client = { namespace: placed.pod.namespace, labels: placed.pod.labels, locality: '', scope: undefined };
  const hashing = hashingFor(sources.rules, sources.registry, client);
  return (sources.plansByGateway.get(gateway) ?? []).flatMap((plan) => {
    const exportTo = plan.exportTo ?? sources.settings.virtualServiceExportTo;
    if (!isExportedTo(exportTo, plan.namespace, client.namespace)) return [];
    const hosts = servedHosts(server, resource.namespace, plan);
    if (hosts.length === 0) return [];
    const scope: RuleScope = {
      client,
      gateway,
      listenerPort: server.port.number,
      defaultPort: (host) => onlyPort(sources.registry, host) ?? server.port.number,
      virtualServiceName: plan.name,
      hashing,
    };
    return [{ plan, scope, hosts }];
  });
};

const virtualHostsOf = (
  sources: GatewaySources,
  placed: PlacedPod,
  servers: readonly BoundServer[],
): readonly VirtualHost[] => {
  const merged = new Map<
    string,
    { readonly name: string; readonly routes: Route[]; readonly origin: VirtualHost['origin'] }
  >();
  for (const bound of servers) {
    const { resource, server } = bound;
    const redirects = server.tls?.httpsRedirect === true;
    for (const { plan, scope, hosts } of boundPlans(sources, placed, bound)) {
      const routes = instantiateRules(plan.rules, scope);
      if (routes.length === 0) continue;
      for (const host of hosts) {
        const name = `${host}:${server.port.number}`;
        const known = merged.get(host) ?? { name, routes: [], origin: originOf(plan.resource) };
        known.routes.push(...(redirects ? [httpsRedirect(resource, server)] : routes));
        merged.set(host, known);
      }
    }
    if (!redirects) continue;
    for (const host of server.hosts.map(hostPart)) {
      if (merged.has(host)) continue;
      const routes = [httpsRedirect(resource, server)];
      merged.set(host, { name: `${host}:${server.port.number}`, routes, origin: originOf(resource, [server]) });
    }
  }
  return [...merged].map(([host, { name, routes, origin }]) => ({
    name,
    domains: [host],
    routes: catchAllLast(routes),
    origin,
  }));
};

/** Merged VirtualServices keep their order, save that routes for everything move behind the others. */
const catchAllLast = (routes: readonly Route[]): readonly Route[] => [
  ...routes.filter((route) => !isCatchAll(route.match)),
  ...routes.filter((route) => isCatchAll(route.match)),
];

const hostPart = (host: string): string => host.slice(host.indexOf('/') + 1).toLowerCase();

/** The hosts of a VirtualService that a server admits: `ns/host`, `./host` (the Gateway's namespace), `*` + `/host`. */
export const servedHosts = (
  server: GatewayServer,
  gatewayNamespace: string,
  plan: VirtualServicePlan,
): readonly string[] => {
  const found = new Set<string>();
  for (const entry of server.hosts) {
    const slash = entry.indexOf('/');
    const scope = slash < 0 ? '*' : entry.slice(0, slash);
    const wanted = scope === '.' ? gatewayNamespace : scope;
    if (wanted !== '*' && wanted !== plan.namespace) continue;
    for (const host of plan.hosts) {
      const common = intersectHosts(hostPart(entry), host);
      if (common !== undefined) found.add(common);
    }
  }
  return [...found];
};

const httpsRedirect = (resource: Resource, server: GatewayServer): Route => ({
  name: '',
  match: MATCH_ALL,
  action: {
    kind: 'redirect',
    code: 301,
    scheme: 'https',
    authority: undefined,
    port: undefined,
    path: undefined,
    fault: undefined,
  },
  requestHeaders: undefined,
  responseHeaders: undefined,
  operation: '',
  origin: originOf(resource, [server, 'tls']),
});
