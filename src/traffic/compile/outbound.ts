import type { OutboundListener, OutboundTables, Route, RouteTable, TcpRoute, VirtualHost } from '../tables.ts';
import {
  type ConnectionChain,
  indexChains,
  type ServiceConnections,
  tcpChains,
  tlsChains,
} from './connection-chains.ts';
import type { Client, DestinationRuleIndex } from './destination-rules.ts';
import { type Hashing, hashingFor } from './hashing.ts';
import { type HostIndex, indexHosts } from './host-index.ts';
import { instantiateRules, type RuleScope } from './instantiate.ts';
import type { MeshSettings } from './mesh-settings.ts';
import { hostCovers, intersectHosts, outboundClusterName } from './names.ts';
import { originOf } from './report.ts';
import { buildRouteTable } from './route-table.ts';
import { MATCH_ALL } from './rule-match.ts';
import { type MeshService, type MeshServicePort, onlyPort, type ServiceRegistry } from './services.ts';
import { hostDomains, serviceDomains } from './virtual-host-domains.ts';
import type { VirtualServicePlan } from './virtual-services.ts';
import type { ClientView } from './visibility.ts';

/** What the outbound listeners of sidecars are made from. */
export interface OutboundSources {
  readonly registry: ServiceRegistry;
  /** Whether any service has the host, or one that the wildcard covers. */
  readonly coversService: (host: string) => boolean;
  readonly plansByGateway: ReadonlyMap<string, readonly VirtualServicePlan[]>;
  readonly rules: DestinationRuleIndex;
  readonly settings: MeshSettings;
}

interface OutboundContext {
  readonly sources: OutboundSources;
  readonly client: Client;
  readonly view: ClientView;
  /** Of the plans that the client sees. */
  readonly plansFor: HostIndex<VirtualServicePlan>;
  readonly unknown: MeshSettings['unknown'];
  readonly hashing: Hashing | undefined;
}

/** The listeners of a sidecar: one per port for HTTP services together, one per address for everything that has one. */
export const compileOutbound = (sources: OutboundSources, client: Client, view: ClientView): OutboundTables => {
  const context: OutboundContext = {
    sources,
    client,
    view,
    plansFor: indexHosts(view.plans, ({ hosts }) => hosts),
    unknown: client.scope?.unknown ?? sources.settings.unknown,
    hashing: hashingFor(sources.rules, sources.registry, client),
  };
  const drafts = new Map<string, ListenerDraft>();
  for (const service of view.services) {
    for (const port of service.ports) {
      for (const address of addressesOf(service, port)) draftListener(drafts, context, service, port, address);
    }
  }
  const byAddress = new Map<string, OutboundListener>();
  const byPort = new Map<number, OutboundListener>();
  for (const [key, draft] of drafts) {
    if (draft.address === EVERY_ADDRESS) byPort.set(draft.port, finish(context, draft));
    else byAddress.set(key, finish(context, draft));
  }
  return { byAddress, byPort, unknown: context.unknown };
};

/** A listener that services are still added to. */
interface ListenerDraft {
  readonly address: string;
  readonly port: number;
  /** The first that brought HTTP here; undefined = nothing but connections. */
  http: MeshService | undefined;
  readonly chains: ConnectionChain[];
}

/** Where the services listen that have no address, or share their port as HTTP does. */
const EVERY_ADDRESS = '0.0.0.0';

const addressesOf = (service: MeshService, port: MeshServicePort): readonly string[] => {
  if (port.protocol === 'http' || port.protocol === 'http2') return [EVERY_ADDRESS];
  // A headless service has no address of its own; its pods' addresses stand in.
  if (service.isHeadless) return port.targets.map((target) => target.placed.address);
  const isShared = service.source === 'service-entry' && (service.addresses.length === 0 || service.blocks.length > 0);
  return isShared ? [...service.addresses, EVERY_ADDRESS] : service.addresses;
};

const draftListener = (
  drafts: Map<string, ListenerDraft>,
  context: OutboundContext,
  service: MeshService,
  port: MeshServicePort,
  address: string,
): void => {
  const key = `${address}:${port.number}`;
  const known = drafts.get(key);
  const draft = known ?? { address, port: port.number, http: undefined, chains: [] };
  drafts.set(key, draft);
  // As in Istio: what declares no protocol adds nothing to a listener that carries HTTP already.
  if (port.protocol === 'auto' && draft.http !== undefined) return;
  if (port.protocol !== 'tcp') draft.http ??= service;
  if (port.protocol === 'tcp' || port.protocol === 'auto') {
    draft.chains.push(...chainsOf(context, service, port, address));
  }
};

const chainsOf = (
  context: OutboundContext,
  service: MeshService,
  port: MeshServicePort,
  address: string,
): readonly ConnectionChain[] => {
  const isShared = address === EVERY_ADDRESS;
  const connections: ServiceConnections = {
    plans: connectionPlans(context, service).map((plan) => {
      const scope = scopeOf(context, plan, port.number);
      const defaultPort = (host: string): number => onlyPort(context.sources.registry, host) ?? port.number;
      return { plan, scope: { ...scope, defaultPort } };
    }),
    blocks: isShared ? service.blocks : [],
    serverNames: isShared ? [service.host] : [],
    route: ownRoute(context, service, port.number),
  };
  return port.isTls ? tlsChains(connections) : tcpChains(connections);
};

/** Plans whose hosts have any in common with the service's; for connections Istio asks no more. */
const connectionPlans = (context: OutboundContext, { host }: MeshService): readonly VirtualServicePlan[] =>
  host.startsWith('*')
    ? context.view.plans.filter(({ hosts }) => hosts.some((own) => intersectHosts(own, host) !== undefined))
    : context.plansFor(host);

/** What is no HTTP and nobody's goes where unknown destinations go. */
const finish = (context: OutboundContext, { address, port, http, chains }: ListenerDraft): OutboundListener => {
  const indexed = indexChains(chains);
  const unknown = context.unknown === 'passthrough' ? 'PassthroughCluster' : 'BlackHoleCluster';
  return {
    ...indexed,
    name: `${address}_${port}`,
    protocol: http === undefined ? 'tcp' : 'auto',
    routes: http === undefined ? undefined : routesAt(context, address, port, http),
    tcp: indexed.tcp ?? plainTcp(unknown),
  };
};

const routesAt = (context: OutboundContext, address: string, port: number, http: MeshService): RouteTable => {
  if (address === EVERY_ADDRESS) return wildcardRoutes(context, port);
  const virtualHost = { ...serviceVirtualHost(context, http, port), domains: ['*'] };
  return buildRouteTable(virtualHost.name, [virtualHost], true);
};

const plainTcp = (cluster: string): TcpRoute => ({
  destinations: [{ cluster, weight: 0, requestHeaders: undefined, responseHeaders: undefined, origin: undefined }],
  totalWeight: 0,
  origin: undefined,
});

const wildcardRoutes = (context: OutboundContext, port: number): RouteTable => {
  const virtualHosts: VirtualHost[] = [];
  const known = new Set<string>();
  for (const service of context.view.services) {
    const own = service.ports.find((candidate) => candidate.number === port);
    if (own === undefined || own.protocol === 'tcp') continue;
    known.add(service.host);
    virtualHosts.push(serviceVirtualHost(context, service, port));
  }
  // Istio gives hosts without a service a place on port 80 only.
  if (port === 80) virtualHosts.push(...hostsWithoutService(context, port));
  virtualHosts.push(unknownVirtualHost(context.unknown));
  return buildRouteTable(String(port), virtualHosts, true);
};

const scopeOf = (context: OutboundContext, plan: VirtualServicePlan, port: number): RuleScope => ({
  client: context.client,
  gateway: 'mesh',
  listenerPort: port,
  defaultPort: () => port,
  virtualServiceName: plan.name,
  hashing: context.hashing,
});

/** Plans for a service: those that name it, then wildcards, the narrower and older first. Only one of them serves. */
const candidatePlans = (context: OutboundContext, service: MeshService): readonly VirtualServicePlan[] => {
  const { host } = service;
  const own = context.client.namespace;
  const heard = context.plansFor(host).filter((plan) => isHeard(plan, service, own));
  // The client's own routes of the Gateway API come before those of the service's namespace.
  const isOwn = ({ semantics, namespace }: VirtualServicePlan): boolean =>
    semantics === 'gateway-api' && namespace === own;
  const plans = [...heard.filter(isOwn), ...heard.filter((plan) => !isOwn(plan))];
  const ranked = plans.flatMap((plan) => {
    const lengths = plan.hosts
      .filter((own) => hostCovers(own, host))
      .map((own) => (own === host ? Number.MAX_SAFE_INTEGER : own.length));
    return lengths.length === 0 ? [] : [{ plan, rank: Math.max(...lengths) }];
  });
  return ranked.sort((left, right) => right.rank - left.rank).map(({ plan }) => plan);
};

/** A route of the Gateway API is for clients of its own namespace, and for all where the service is of that namespace. */
const isHeard = (plan: VirtualServicePlan, service: MeshService, clientNamespace: string): boolean =>
  plan.semantics !== 'gateway-api' || plan.namespace === clientNamespace || plan.namespace === service.namespace;

const serviceVirtualHost = (context: OutboundContext, service: MeshService, port: number): VirtualHost => {
  const name = `${service.host}:${port}`;
  const domains = serviceDomains(service, port, context.client.namespace);
  for (const plan of candidatePlans(context, service)) {
    const routes = instantiateRules(plan.rules, scopeOf(context, plan, port));
    if (routes.length > 0) return { name, domains, routes, origin: originOf(plan.resource) };
  }
  const origin = originOf(service.resource);
  return { name, domains, routes: [defaultRoute(context, service, port)], origin };
};

const defaultRoute = (context: OutboundContext, service: MeshService, port: number): Route => {
  const origin = originOf(service.resource);
  const cluster = outboundClusterName(port, '', service.host);
  const { defaultRetry } = context.sources.settings;
  const route = forwardRoute('default', cluster, `${service.host}:${port}/*`, origin, defaultRetry);
  const hash = context.hashing?.ofService(service, port);
  if (hash === undefined || route.action.kind !== 'forward') return route;
  return { ...route, action: { ...route.action, hash } };
};

/** A route that takes everything to one cluster, as Istio writes it by itself. */
export const forwardRoute = (
  name: string,
  cluster: string,
  operation: string,
  origin: Route['origin'],
  retry: MeshSettings['defaultRetry'],
): Route => ({
  name,
  match: MATCH_ALL,
  action: {
    kind: 'forward',
    destinations: [{ cluster, weight: 0, requestHeaders: undefined, responseHeaders: undefined, origin }],
    totalWeight: 0,
    rewrite: undefined,
    timeoutMs: 0,
    retry,
    mirrors: [],
    fault: undefined,
    cors: undefined,
  },
  requestHeaders: undefined,
  responseHeaders: undefined,
  operation,
  origin,
});

const hostsWithoutService = (context: OutboundContext, port: number): readonly VirtualHost[] => {
  return context.view.plans.flatMap((plan) => {
    const routes = instantiateRules(plan.rules, scopeOf(context, plan, port));
    if (routes.length === 0) return [];
    return plan.hosts
      .filter((host) => !context.sources.coversService(host))
      .map((host) => ({
        name: `${host}:${port}`,
        domains: hostDomains(host, port),
        routes,
        origin: originOf(plan.resource),
      }));
  });
};

const unknownVirtualHost = (unknown: MeshSettings['unknown']): VirtualHost => {
  if (unknown === 'passthrough') {
    const route = forwardRoute('allow_any', 'PassthroughCluster', '', undefined, undefined);
    return { name: 'allow_any', domains: ['*'], routes: [route], origin: undefined };
  }
  const route: Route = {
    name: 'block_all',
    match: MATCH_ALL,
    action: { kind: 'respond', status: 502, body: '', fault: undefined },
    requestHeaders: undefined,
    responseHeaders: undefined,
    operation: '',
    origin: undefined,
  };
  return { name: 'block_all', domains: ['*'], routes: [route], origin: undefined };
};

const ownRoute = (context: OutboundContext, service: MeshService, port: number): TcpRoute => {
  const hash = context.hashing?.ofConnection(service.host, '');
  const route = plainTcp(outboundClusterName(port, '', service.host));
  return hash === undefined ? route : { ...route, hash };
};
