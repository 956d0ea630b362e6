import type { Pod } from '../../model/pod.ts';
import type { Peer } from '../../telemetry/peer.ts';
import type { ClusterTable, GatewayPort, InboundPort, OutboundTables, ProxyNode, ProxyTables } from '../tables.ts';
import { type AuthorizationOf, indexAuthorization } from './authorization.ts';
import { clusterTable, withOwn } from './cluster-table.ts';
import { type ClusterSources, fixedClusters, shareClusters } from './clusters.ts';
import { type Client, indexDestinationRules } from './destination-rules.ts';
import { planGatewayApi } from './gateway-api/plan-gateway-api.ts';
import { compileGatewayPorts, type GatewaySources, planGateways } from './gateways.ts';
import { indexCovered } from './host-index.ts';
import { peerOf, spiffeIdOf } from './identity.ts';
import { compileInbound } from './inbound.ts';
import { type MeshSettings, readMeshSettings } from './mesh-settings.ts';
import { indexMutualTls } from './mutual-tls.ts';
import { compileOutbound, type OutboundSources } from './outbound.ts';
import { indexRateLimits } from './rate-limits/index-rate-limits.ts';
import { Report } from './report.ts';
import { indexTokenRules } from './request-authentication.ts';
import type { RuleConditions } from './rule-plan.ts';
import { buildServiceEntries } from './service-entries.ts';
import { buildRegistry, indexPods, indexServicesByPod, type ServiceRegistry } from './services.ts';
import { indexSidecars, type SidecarScope } from './sidecar-scope.ts';
import { indexTelemetry } from './telemetry/index-telemetry.ts';
import { trafficDistribution } from './traffic-distribution.ts';
import { reportUnsupportedKinds } from './unsupported-kinds.ts';
import { groupByGateway, planVirtualServices, type VirtualServicePlan } from './virtual-services.ts';
import { viewOf } from './visibility.ts';
import type { CompiledMesh, PlacedPod, World } from './world.ts';

/** Compiles a configuration into the tables of every proxy; see `planMesh`. */
export const compileMesh = (world: World, generation: number): CompiledMesh => {
  const { tablesOf, problems } = planMesh(world, generation);
  const proxies = new Map<string, ProxyTables>();
  for (const placed of world.pods) {
    const tables = tablesOf(placed);
    if (tables !== undefined) proxies.set(keyOf(placed), tables);
  }
  return { proxies, problems };
};

/** A configuration whose proxies get their tables when they are asked for. */
export interface MeshPlan {
  /** The same tables each time; undefined of a pod without a proxy. */
  readonly tablesOf: (placed: PlacedPod) => ProxyTables | undefined;
  /** What its tables have, without making them. */
  readonly authorizationOf: AuthorizationOf;
  /** Without the hosts of ServiceEntries. */
  readonly services: ServiceRegistry;
  readonly problems: CompiledMesh['problems'];
}

/**
 * Plans what all proxies share. Objects that Istio's admission would refuse are reported as errors and left out;
 * everything else takes effect. `generation` is stamped on the tables.
 */
export const planMesh = (world: World, generation: number): MeshPlan => {
  const report = new Report();
  const plans = planObjects(world, report);
  const { services, authorizationOf } = plans;
  const compileProxy = proxyCompiler(world, plans, generation);
  const compiled = new Map<string, ProxyTables>();
  const tablesOf = (placed: PlacedPod): ProxyTables | undefined => {
    if (placed.pod.proxyMode === 'none') return undefined;
    const tables = compiled.get(keyOf(placed)) ?? compileProxy(placed);
    compiled.set(keyOf(placed), tables);
    return tables;
  };
  // Those of gateways have problems of their own, as have policies that meet at one proxy.
  for (const placed of world.pods) {
    if (placed.pod.proxyMode === 'gateway') tablesOf(placed);
    else if (placed.pod.proxyMode === 'sidecar') authorizationOf(placed.pod);
  }
  return { tablesOf, authorizationOf, services, problems: report.problems };
};

type ObjectPlans = ReturnType<typeof planObjects>;

/** Checks the objects of every kind, and indexes them by what proxies ask of them. */
const planObjects = (world: World, report: Report) => {
  const { mesh } = world;
  const settings = readMeshSettings(mesh, report);
  // A host that a Service has is not given away to a ServiceEntry.
  const podsWith = indexPods(world);
  const services = buildRegistry(world, podsWith);
  const registry = new Map([...buildServiceEntries(world, podsWith, report), ...services]);
  const servicesOfPod = indexServicesByPod(registry);
  const mutualTls = indexMutualTls(mesh, settings.rootNamespace, report);
  const rules = indexDestinationRules(mesh, settings, report);
  const gatewayApi = planGatewayApi(mesh, registry, settings, report);
  // Istio hears routes of the Gateway API before VirtualServices of the same hosts.
  const virtualServices = [...gatewayApi.virtualServices, ...planVirtualServices(mesh, settings.defaultRetry, report)];
  const gateways = [...planGateways(mesh, report), ...gatewayApi.gateways];
  const authorizationOf = indexAuthorization(mesh, registry, settings, report);
  const tokenRulesOf = indexTokenRules(mesh, settings.rootNamespace, report);
  const rateLimitsOf = indexRateLimits(mesh, settings.rootNamespace, report);
  const sidecarScope = indexSidecars(mesh, settings, report);
  const telemetryOf = indexTelemetry(mesh, registry, settings, report);
  reportUnsupportedKinds(mesh, report);
  const sources: ClusterSources & OutboundSources & GatewaySources = {
    mesh,
    registry,
    coversService: indexCovered(registry.keys()),
    servicesOfPod,
    rules,
    mutualTls,
    settings,
    plansByGateway: groupByGateway(virtualServices),
    gateways,
    report,
  };
  const usesLabels =
    rules.usesClientLabels ||
    virtualServices.some((plan) => conditionsOf(plan).some(({ sourceLabels }) => sourceLabels !== undefined));
  return { sources, services, authorizationOf, tokenRulesOf, rateLimitsOf, sidecarScope, telemetryOf, usesLabels };
};

/** Compiles the tables of one proxy after the other; what several have in common is made once. */
const proxyCompiler = (
  world: World,
  { sources, sidecarScope, usesLabels, authorizationOf, tokenRulesOf, rateLimitsOf, telemetryOf }: ObjectPlans,
  generation: number,
): ((placed: PlacedPod) => ProxyTables) => {
  const { mutualTls, servicesOfPod, settings } = sources;
  const compileShared = shareOutbound(sources, usesLabels, sidecarScope);
  const peers = new Map(world.pods.map((placed) => [placed.address, peerOf(placed.pod)]));
  return (placed) => {
    const { pod } = placed;
    const shared = compileShared(placed);
    const inbound =
      pod.proxyMode === 'sidecar'
        ? compileInbound(servicesOfPod, mutualTls, placed, sidecarScope(pod)?.ingress)
        : undefined;
    const authorization = authorizationOf(pod);
    const tokens = tokenRulesOf(pod);
    const routes = {
      outbound: shared.outbound,
      inbound: inbound?.ports ?? new Map<number, InboundPort>(),
      gateway: pod.proxyMode === 'gateway' ? compileGatewayPorts(sources, placed) : new Map<number, GatewayPort>(),
    };
    const rateLimits = rateLimitsOf(pod, routes);
    return {
      ...routes,
      generation,
      node: toNode(placed, settings),
      inboundDefault: mutualTls.of(pod, 0).mode,
      clusters: inbound === undefined ? shared.clusters : withOwn(shared.clusters, inbound.clusters),
      peers,
      telemetry: telemetryOf(pod),
      pathNormalization: settings.pathNormalization,
      ...(authorization === undefined ? {} : { authorization }),
      ...(tokens === undefined ? {} : { tokens }),
      ...(rateLimits === undefined ? {} : { rateLimits }),
    };
  };
};

const conditionsOf = ({ rules, tcp, tls = [] }: VirtualServicePlan): readonly RuleConditions[] => [
  ...rules.map((rule) => rule.conditions),
  ...tcp.flatMap((rule) => rule.conditions),
  ...tls.flatMap((rule) => rule.matches.map((match) => match.conditions)),
];

const keyOf = ({ pod }: PlacedPod): string => `${pod.namespace}/${pod.name}`;

interface SharedTables {
  readonly outbound: OutboundTables;
  readonly clusters: ClusterTable;
}

const NO_OUTBOUND: OutboundTables = { byAddress: new Map(), byPort: new Map(), unknown: 'blackhole' };

/** Proxies of one namespace see the same mesh unless a rule asks for the client's labels, so they share the tables. */
const shareOutbound = (
  sources: ClusterSources & OutboundSources,
  usesLabels: boolean,
  sidecarScope: (pod: Pod) => SidecarScope | undefined,
): ((placed: PlacedPod) => SharedTables) => {
  const known = new Map<string, SharedTables>();
  const clustersOf = shareClusters(sources);
  const { rules, settings } = sources;
  const { localityLbSetting: ofMesh } = settings;
  const prefers = [...sources.registry.values()].some((service) => trafficDistribution(service, sources.mesh));
  const ranks = prefers || rules.ranksByLabels || ofMesh.failoverPriority !== undefined;
  const usesLocality =
    ranks || rules.usesClientLocality || ofMesh.distribute !== undefined || settings.outlierDetection !== undefined;
  return ({ pod }) => {
    const mode = pod.proxyMode === 'gateway' ? 'gateway' : 'sidecar';
    const labels = usesLabels || ranks ? JSON.stringify(Object.entries(pod.labels).sort()) : '';
    const scope = mode === 'sidecar' ? sidecarScope(pod) : undefined;
    const node = ranks ? pod.nodeName : undefined;
    const placement = usesLocality ? [pod.locality, node, ranks ? labels : ''].join('|') : '';
    const key = [mode, pod.namespace, scope?.key, placement, labels].join('|');
    const found = known.get(key);
    if (found !== undefined) return found;
    const { namespace, locality } = pod;
    const client: Client = { namespace, labels: pod.labels, locality, node, placement, scope };
    const view = viewOf(sources, client);
    const shared = {
      outbound: mode === 'gateway' ? NO_OUTBOUND : compileOutbound(sources, client, view),
      clusters: clusterTable(fixedClusters(mode, settings), view.reachable, (service) =>
        clustersOf(service, client, mode),
      ),
    };
    known.set(key, shared);
    return shared;
  };
};

const toNode = (placed: PlacedPod, settings: MeshSettings): ProxyNode => {
  const { pod } = placed;
  const peer: Peer = peerOf(pod);
  return {
    id: `${pod.namespace}/${pod.name}`,
    mode: pod.proxyMode === 'gateway' ? 'gateway' : 'sidecar',
    namespace: pod.namespace,
    pod: pod.name,
    labels: pod.labels,
    address: placed.address,
    spiffeId: spiffeIdOf(pod, settings.trustDomain),
    trustDomain: settings.trustDomain,
    locality: pod.locality,
    peer,
  };
};
