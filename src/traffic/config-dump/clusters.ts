import type { Cluster, ProxyTables } from '../tables.ts';
import { anyOf, seconds } from './any.ts';
import { discoveryType } from './discovery-type.ts';
import { loadAssignment } from './endpoints.ts';
import { metadataOf } from './metadata.ts';
import { upstreamSocket } from './transport-socket.ts';

/** Envoy's greatest 32 bit number, by which Istio means "without a limit". */
const UNLIMITED = 4_294_967_295;

const POLICIES = {
  'round-robin': 'ROUND_ROBIN',
  'least-request': 'LEAST_REQUEST',
  random: 'RANDOM',
  'ring-hash': 'RING_HASH',
  maglev: 'MAGLEV',
} as const;

const balancerFields = ({ kind, balancer }: Cluster): object => {
  if (kind === 'blackhole') return {};
  if (kind !== 'endpoints') return { lb_policy: 'CLUSTER_PROVIDED' };
  const { tableSize, warmup } = balancer;
  const slowStart = warmup && {
    slow_start_config: {
      slow_start_window: seconds(warmup.durationMs),
      aggression: { default_value: warmup.aggression, runtime_key: 'heddle.warmup' },
      min_weight_percent: { value: warmup.minimumPercent },
    },
  };
  const configs = {
    'round-robin': slowStart && { round_robin_lb_config: slowStart },
    'least-request': slowStart && { least_request_lb_config: slowStart },
    'ring-hash': { ring_hash_lb_config: { minimum_ring_size: tableSize } },
    maglev: { maglev_lb_config: { table_size: tableSize } },
    random: undefined,
  };
  return { lb_policy: POLICIES[balancer.kind], ...configs[balancer.kind] };
};

/** The thresholds of a cluster's circuit breakers. */
export const thresholds = ({ limits = {} }: Cluster): object => ({
  max_connections: limits.maxConnections ?? UNLIMITED,
  max_pending_requests: limits.maxPending ?? UNLIMITED,
  max_requests: limits.maxRequests ?? UNLIMITED,
  ...(limits.retryBudget === undefined
    ? { max_retries: limits.maxRetries ?? UNLIMITED }
    : {
        retry_budget: {
          budget_percent: { value: limits.retryBudget.percent },
          min_retry_concurrency: limits.retryBudget.minimum,
        },
      }),
});

const outlierFields = ({ outlier }: Cluster): object =>
  outlier === undefined
    ? {}
    : {
        outlier_detection: {
          consecutive_5xx: outlier.consecutive5xx,
          enforcing_consecutive_5xx: outlier.consecutive5xx > 0 ? 100 : 0,
          consecutive_gateway_failure: outlier.consecutiveGatewayErrors,
          enforcing_consecutive_gateway_failure: outlier.consecutiveGatewayErrors > 0 ? 100 : 0,
          ...(outlier.splitsLocalOrigin
            ? {
                split_external_local_origin_errors: true,
                consecutive_local_origin_failure: outlier.consecutiveLocalOriginFailures,
                enforcing_consecutive_local_origin_failure: outlier.consecutiveLocalOriginFailures > 0 ? 100 : 0,
              }
            : {}),
          interval: seconds(outlier.intervalMs),
          base_ejection_time: seconds(outlier.baseEjectionMs),
          max_ejection_percent: outlier.maxEjectionPercent,
          enforcing_success_rate: 0,
        },
      };

/** How connections are used: their protocol, how many requests one carries, how long it lives. */
const connectionFields = ({ http, lifetimes = {}, maxRequestsPerConnection }: Cluster): object => {
  const { idleMs, maxDurationMs, keepAliveMs, maxStreams } = lifetimes;
  const common = {
    ...(idleMs === undefined ? {} : { idle_timeout: seconds(idleMs) }),
    ...(maxDurationMs === undefined ? {} : { max_connection_duration: seconds(maxDurationMs) }),
    ...(maxRequestsPerConnection === 0 ? {} : { max_requests_per_connection: maxRequestsPerConnection }),
  };
  const http2 = { http2_protocol_options: maxStreams === undefined ? {} : { max_concurrent_streams: maxStreams } };
  const protocol =
    http === 'same'
      ? { use_downstream_protocol_config: { http_protocol_options: {}, ...http2 } }
      : { explicit_http_config: http === 'http2' ? http2 : { http_protocol_options: {} } };
  const options = {
    ...(Object.keys(common).length === 0 ? {} : { common_http_protocol_options: common }),
    ...protocol,
  };
  const name = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';
  return {
    ...(http === undefined && Object.keys(common).length === 0
      ? {}
      : { typed_extension_protocol_options: { [name]: anyOf(name, options) } }),
    ...(keepAliveMs === undefined
      ? {}
      : { upstream_connection_options: { tcp_keepalive: { keepalive_time: Math.round(keepAliveMs / 1000) } } }),
  };
};

const clusterOf = (cluster: Cluster): object => {
  const { name, service, origin, panicPercent } = cluster;
  const [direction, , subset = ''] = name.split('|');
  const type = discoveryType(cluster);
  return {
    name,
    type,
    ...(type === 'EDS'
      ? { eds_cluster_config: { eds_config: { ads: {}, resource_api_version: 'V3' }, service_name: name } }
      : {}),
    ...(type === 'STRICT_DNS' ? { load_assignment: loadAssignment(cluster) } : {}),
    connect_timeout: seconds(cluster.connectTimeoutMs),
    ...balancerFields(cluster),
    ...(cluster.kind === 'blackhole' ? {} : { circuit_breakers: { thresholds: [thresholds(cluster)] } }),
    ...outlierFields(cluster),
    ...(cluster.kind === 'endpoints'
      ? { common_lb_config: { healthy_panic_threshold: panicPercent === undefined ? {} : { value: panicPercent } } }
      : {}),
    ...connectionFields(cluster),
    ...upstreamSocket(cluster),
    ...metadataOf(origin, {
      ...(service === undefined ? {} : { services: [service] }),
      ...(direction === 'outbound' && subset !== '' ? { subset } : {}),
    }),
  };
};

/** A ClustersConfigDump. */
export const clustersDump = (tables: ProxyTables, lastUpdated: string): object => {
  const version = String(tables.generation);
  return anyOf('envoy.admin.v3.ClustersConfigDump', {
    version_info: version,
    dynamic_active_clusters: [...tables.clusters.values()].map((cluster) => ({
      version_info: version,
      cluster: anyOf('envoy.config.cluster.v3.Cluster', clusterOf(cluster)),
      last_updated: lastUpdated,
    })),
  });
};
