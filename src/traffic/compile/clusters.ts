import { parseDuration } from '../../base/duration.ts';
import type { Mesh } from '../../model/mesh.ts';
import type { ConnectionPool, LoadBalancer } from '../../model/schema/generated/types-istio.ts';
import { matchesLabels } from '../../model/selector.ts';
import { spanOf } from '../../yaml/located.ts';
import type { Balancer, Cluster, Endpoint, Origin, ProxyNode, ServiceRef, UpstreamTransport } from '../tables.ts';
import { lifetimesOf, limitsOf } from './connection-pool.ts';
import {
  type Client,
  type DestinationRuleIndex,
  type EffectiveRule,
  namesSecret,
  overlayPolicy,
  type PortPolicy,
} from './destination-rules.ts';
import { hashBalancer } from './hash-policies.ts';
import { peerOf, spiffeIdOf, UNKNOWN_PEER } from './identity.ts';
import { warmupOf } from './load-balancer.ts';
import { type LabelledEndpoint, localityPolicy, placeEndpoints } from './locality.ts';
import type { MeshSettings } from './mesh-settings.ts';
import type { MutualTls } from './mutual-tls.ts';
import { outboundClusterName, outboundSni } from './names.ts';
import { compileOutlierDetection } from './outlier-detection.ts';
import { originOf } from './report.ts';
import type { MeshService, MeshServicePort, ServiceEndpoint } from './services.ts';
import { originationOf } from './tls-origination.ts';
import { trafficDistribution, withTopology } from './traffic-distribution.ts';

/** What the outbound clusters of every proxy are made from. */
export interface ClusterSources {
  readonly mesh: Mesh;
  readonly rules: DestinationRuleIndex;
  readonly mutualTls: MutualTls;
  readonly settings: MeshSettings;
}

type ProxyMode = ProxyNode['mode'];

const LEAST_REQUEST: Balancer = { kind: 'least-request' };

const fixedCluster = (name: string, kind: Cluster['kind'], connectTimeoutMs: number): Cluster => ({
  name,
  kind,
  endpoints: [],
  balancer: LEAST_REQUEST,
  connectTimeoutMs,
  maxRequestsPerConnection: 0,
  service: undefined,
  origin: undefined,
});

/** The clusters of a proxy that are no service's. */
export const fixedClusters = (mode: ProxyMode, { connectTimeoutMs }: MeshSettings): readonly Cluster[] => [
  fixedCluster('BlackHoleCluster', 'blackhole', connectTimeoutMs),
  ...(mode === 'sidecar'
    ? [{ ...fixedCluster('PassthroughCluster', 'original-destination', connectTimeoutMs), http: 'same' } as const]
    : []),
];

/** The clusters that clients have for a service: one per port and subset, by name. */
export type ClustersOf = (service: MeshService, client: Client, mode: ProxyMode) => ReadonlyMap<string, Cluster>;

/** Compiles a service's clusters when they are asked for; clients for whom they are the same share them. */
export const shareClusters = (sources: ClusterSources): ClustersOf => {
  const known = new Map<MeshService, Map<string, ReadonlyMap<string, Cluster>>>();
  return (service, client, mode) => {
    const rule = sources.rules.find(service, client);
    const secrets = rule !== undefined && namesSecret(rule) ? client.namespace : '';
    // Rules are made of different objects, so the order of the first one tells them apart.
    const key = [mode, rule?.resource.order, secrets, client.placement].join('|');
    const variants = known.get(service) ?? new Map<string, ReadonlyMap<string, Cluster>>();
    known.set(service, variants);
    const clusters = variants.get(key) ?? compileServiceClusters(sources, service, rule, client, mode);
    variants.set(key, clusters);
    return clusters;
  };
};

const compileServiceClusters = (
  sources: ClusterSources,
  service: MeshService,
  rule: EffectiveRule | undefined,
  client: Client,
  mode: ProxyMode,
): ReadonlyMap<string, Cluster> => {
  const isSelected = rule?.isSelective === true;
  const clusters = service.ports.flatMap((port) => {
    const policy = overlayPolicy(undefined, rule?.policy, port.number);
    const context = { sources, service, port, mode, client, isSelected, tlsOrigins: rule?.tlsOrigins };
    const origin = rule === undefined ? undefined : originOf(rule.resource);
    const subsets = (rule?.subsets ?? []).map(({ subset, resource }) => {
      const subsetPolicy = overlayPolicy(policy, subset.trafficPolicy, port.number);
      return toCluster(context, subset.name, subset.labels, subsetPolicy, originOf(resource, [subset]));
    });
    return [toCluster(context, '', undefined, policy, origin), ...subsets];
  });
  return new Map(clusters.map((cluster) => [cluster.name, cluster]));
};

interface ClusterContext {
  readonly sources: ClusterSources;
  readonly service: MeshService;
  readonly port: MeshServicePort;
  readonly mode: ProxyMode;
  readonly client: Client;
  /** The DestinationRule in force names this proxy's labels. */
  readonly isSelected: boolean;
  readonly tlsOrigins: EffectiveRule['tlsOrigins'];
}

const toCluster = (
  context: ClusterContext,
  subset: string,
  labels: Readonly<Record<string, string>> | undefined,
  policy: PortPolicy,
  origin: Origin | undefined,
): Cluster => {
  const { service, port, mode, sources } = context;
  const { settings } = sources;
  const pool = policy.connectionPool ?? settings.connectionPool;
  const simple = policy.loadBalancer?.simple;
  const http = upstreamProtocol(context, pool);
  const outlier = policy.outlierDetection ?? settings.outlierDetection;
  const transport = originationOf(policy.tls, service, port, {
    mesh: sources.mesh,
    namespace: context.client.namespace,
    readsSecrets: mode === 'gateway' || context.isSelected,
  });
  const listed = endpointsOf(context, subset, labels, policy, transport);
  const { endpoints, localities } = place(context, listed, policy, outlier);
  const limits = limitsOf(pool, policy.retryBudget);
  const lifetimes = lifetimesOf(pool);
  return {
    name: outboundClusterName(port.number, subset, service.host),
    // Gateways have no original destination worth following, so Istio balances such services there.
    kind:
      simple === 'PASSTHROUGH' || (service.followsClient && mode === 'sidecar') ? 'original-destination' : 'endpoints',
    endpoints,
    ...(transport === undefined ? {} : { transport }),
    balancer: toBalancer(policy.loadBalancer),
    connectTimeoutMs: parseDuration(pool?.tcp?.connectTimeout ?? '') ?? settings.connectTimeoutMs,
    maxRequestsPerConnection: pool?.http?.maxRequestsPerConnection ?? 0,
    ...(http === undefined ? {} : { http }),
    service: serviceRef(service),
    origin,
    ...tlsSettingOf(policy.tls, origin, context.tlsOrigins),
    ...(outlier === undefined ? {} : { outlier: compileOutlierDetection(outlier) }),
    ...panicOf(context, outlier?.minHealthPercent),
    ...(localities === undefined ? {} : { localities }),
    ...(limits === undefined ? {} : { limits }),
    ...(lifetimes === undefined ? {} : { lifetimes }),
  };
};

const tlsSettingOf = (
  tls: PortPolicy['tls'],
  origin: Origin | undefined,
  origins: EffectiveRule['tlsOrigins'],
): Pick<Cluster, 'tlsSetting'> =>
  tls === undefined || origin === undefined
    ? {}
    : {
        tlsSetting: {
          mode: tls.mode ?? 'DISABLE',
          origin: origins?.get(tls) ?? { ...origin, span: spanOf(tls) ?? origin.span },
        },
      };

const place = (
  { client, service, sources }: ClusterContext,
  listed: readonly LabelledEndpoint[],
  { loadBalancer }: PortPolicy,
  outlier: PortPolicy['outlierDetection'],
) => {
  const preferred = trafficDistribution(service, sources.mesh);
  const policy = localityPolicy(loadBalancer?.localityLbSetting, preferred, sources.settings.localityLbSetting);
  const labels = withTopology(client.labels, client.locality, client.node);
  return placeEndpoints(listed, policy, { locality: client.locality, labels }, outlier !== undefined);
};

/** Where unready endpoints are only listed to be counted, none of them ever serves. */
const panicOf = ({ service, sources }: ClusterContext, percent: number | undefined) =>
  percent === undefined || percent === 0 || trafficDistribution(service, sources.mesh) !== undefined
    ? {}
    : { panicPercent: percent };

/** Names a service for telemetry. */
export const serviceRef = (service: MeshService): ServiceRef => ({
  host: service.host,
  // Istio's telemetry calls a ServiceEntry by its host.
  name: service.source === 'service' ? service.name : service.host,
  namespace: service.namespace,
});

/**
 * What backends are spoken to in: the client's protocol where a rule asks for it, else what the port declares; sidecars
 * follow the client where it declares nothing. Only then may a rule or the mesh upgrade HTTP/1.1.
 */
const upstreamProtocol = (
  { port, mode, sources }: ClusterContext,
  pool: ConnectionPool | undefined,
): 'http2' | 'same' | undefined => {
  const { useClientProtocol, h2UpgradePolicy = 'DEFAULT' } = pool?.http ?? {};
  if (useClientProtocol === true) return 'same';
  if (port.protocol === 'http2') return 'http2';
  if (port.protocol === 'auto' && mode === 'sidecar') return 'same';
  if (h2UpgradePolicy !== 'DEFAULT') return h2UpgradePolicy === 'UPGRADE' ? 'http2' : undefined;
  return port.protocol === 'http' && sources.settings.upgradesHttp ? 'http2' : undefined;
};

const toBalancer = (loadBalancer: LoadBalancer | undefined): Balancer => {
  if (loadBalancer === undefined) return LEAST_REQUEST;
  if (loadBalancer.consistentHash !== undefined) return hashBalancer(loadBalancer.consistentHash);
  if (loadBalancer.simple === 'RANDOM') return { kind: 'random' };
  const warmup = warmupOf(loadBalancer);
  const kind = loadBalancer.simple === 'ROUND_ROBIN' ? 'round-robin' : 'least-request';
  return warmup === undefined ? { kind } : { kind, warmup };
};

const endpointsOf = (
  context: ClusterContext,
  subset: string,
  labels: Readonly<Record<string, string>> | undefined,
  policy: PortPolicy,
  originated: UpstreamTransport | undefined,
): readonly LabelledEndpoint[] => {
  const { service, port, sources } = context;
  // With trafficDistribution Istio tells of endpoints that are not ready, so that their zone counts as less healthy.
  const isAll = trafficDistribution(service, sources.mesh) !== undefined;
  const ready = new Set(port.endpoints);
  const secured: UpstreamTransport = {
    kind: 'istio-mutual',
    sni: policy.tls?.sni ?? outboundSni(port.number, subset, service.host),
    spiffeIds: expectedIdentities(service, policy, sources.settings.trustDomain),
  };
  const plaintext: UpstreamTransport = { kind: 'plaintext' };
  const pods = (isAll ? port.targets : port.endpoints)
    .filter((endpoint) => matchesLabels(labels ?? {}, endpoint.placed.pod.labels))
    .map((endpoint): LabelledEndpoint => {
      const { address, pod } = endpoint.placed;
      const listed: Endpoint = {
        address,
        port: endpoint.port,
        key: `${address}:${endpoint.port}`,
        pod: pod.name,
        peer: peerOf(pod),
        weight: 1,
        locality: pod.locality,
        transport: originated ?? (isSecured(endpoint, policy, sources) ? secured : plaintext),
        ...(ready.has(endpoint) ? {} : { isUnready: true }),
      };
      return { endpoint: listed, labels: () => withTopology(pod.labels, pod.locality, pod.nodeName) };
    });
  const outside = port.outside
    .filter((endpoint) => matchesLabels(labels ?? {}, endpoint.labels))
    .map((endpoint): LabelledEndpoint => {
      const listed: Endpoint = {
        address: endpoint.address,
        port: endpoint.port,
        key: `${endpoint.address}:${endpoint.port}`,
        pod: '',
        peer: UNKNOWN_PEER,
        // 0 is unset to Istio.
        weight: endpoint.weight || 1,
        locality: endpoint.locality,
        transport: originated ?? (policy.tls?.mode === 'ISTIO_MUTUAL' ? secured : plaintext),
      };
      return { endpoint: listed, labels: () => withTopology(endpoint.labels, endpoint.locality, undefined) };
    });
  return [...pods, ...outside];
};

/** A rule's tls decides for all; without one, auto mTLS asks whether the pod has a proxy that accepts it. */
const isSecured = (endpoint: ServiceEndpoint, policy: PortPolicy, sources: ClusterSources): boolean => {
  const mode = policy.tls?.mode;
  if (policy.tls !== undefined) return mode === 'ISTIO_MUTUAL';
  const { pod } = endpoint.placed;
  if (!sources.settings.autoMtls || pod.proxyMode === 'none') return false;
  return sources.mutualTls.of(pod, endpoint.port).mode !== 'DISABLE';
};

const expectedIdentities = (service: MeshService, policy: PortPolicy, trustDomain: string): readonly string[] => {
  const own = policy.tls?.subjectAltNames;
  if (own !== undefined && own.length > 0) return own;
  return [...new Set([...service.pods.map((placed) => spiffeIdOf(placed.pod, trustDomain)), ...service.identities])];
};
