import { renderMetrics } from './exposition.ts';
import { createRegistry } from './registry.ts';

/** What goes on in one cluster of a proxy, and what its limits and its outlier detection did since the start. */
export interface ClusterCounts {
  /** `outbound|80||reviews.default.svc.cluster.local`. */
  readonly cluster: string;
  readonly connections: number;
  readonly requests: number;
  /** Requests waiting for a connection. */
  readonly pending: number;
  readonly retries: number;
  /** Requests, retries and connections that a limit refused. */
  readonly overflows: number;
  /** Keys of the endpoints that are left out. */
  readonly ejected: readonly string[];
  readonly ejections: number;
  /** Ejections that maxEjectionPercent forbade. */
  readonly refusedEjections: number;
}

const LABELS = ['proxy', 'cluster_name'] as const;

const GAUGES: readonly (readonly [name: string, help: string, of: (counts: ClusterCounts) => number])[] = [
  ['envoy_cluster_upstream_cx_active', 'Open connections.', ({ connections }) => connections],
  ['envoy_cluster_upstream_rq_active', 'Requests under way.', ({ requests }) => requests],
  ['envoy_cluster_upstream_rq_pending_active', 'Requests waiting for a connection.', ({ pending }) => pending],
  ['envoy_cluster_outlier_detection_ejections_active', 'Endpoints that are left out.', ({ ejected }) => ejected.length],
];

const COUNTERS: readonly (readonly [name: string, help: string, of: (counts: ClusterCounts) => number])[] = [
  ['envoy_cluster_upstream_rq_pending_overflow', 'What a limit of the cluster refused.', ({ overflows }) => overflows],
  ['envoy_cluster_outlier_detection_ejections_enforced_total', 'Ejections.', ({ ejections }) => ejections],
  [
    'envoy_cluster_outlier_detection_ejections_overflow',
    'Ejections that the allowed percentage forbade.',
    ({ refusedEjections }) => refusedEjections,
  ],
];

/** `upstream_cx_active` of a cluster's Prometheus name; what is of outlier detection has a scope of its own. */
const statName = (name: string): string =>
  name.replace('envoy_cluster_', '').replace('outlier_detection_', 'outlier_detection.');

/** The clusters of one proxy as Envoy's `/stats` prints them: `cluster.NAME.upstream_cx_active: 1`. */
export const renderClusterStats = (clusters: readonly ClusterCounts[]): string =>
  clusters
    .flatMap((counts) =>
      [...COUNTERS, ...GAUGES].map(([name, , of]) => `cluster.${counts.cluster}.${statName(name)}: ${of(counts)}\n`),
    )
    .sort()
    .join('');

/** The clusters of all proxies in Prometheus' text format, under Envoy's names; empty without any. */
export const renderClusterMetrics = (
  proxies: Iterable<readonly [proxy: string, clusters: readonly ClusterCounts[]]>,
): string => {
  const registry = createRegistry();
  for (const [proxy, clusters] of proxies) {
    for (const counts of clusters) {
      const labels = [proxy, counts.cluster];
      for (const [name, help, of] of GAUGES) registry.gauge(name, help, LABELS).series(labels).set(of(counts));
      for (const [name, help, of] of COUNTERS) registry.counter(name, help, LABELS).series(labels).add(of(counts));
    }
  }
  return renderMetrics(registry);
};
