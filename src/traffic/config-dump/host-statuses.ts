import type { ClusterCounts } from '../../telemetry/cluster-metrics.ts';
import type { Cluster, Endpoint, ProxyTables } from '../tables.ts';
import { socketAddress } from './any.ts';
import { thresholds } from './clusters.ts';
import { edsHealth, localityOf } from './endpoints.ts';

const hostStatus = (endpoint: Endpoint, ejected: readonly string[]): object => ({
  address: socketAddress(endpoint.address, endpoint.port),
  health_status: {
    eds_health_status: edsHealth(endpoint),
    ...(ejected.includes(endpoint.key) ? { failed_outlier_check: true } : {}),
  },
  weight: endpoint.weight,
  locality: localityOf(endpoint.locality),
  ...(endpoint.pod === '' ? {} : { hostname: endpoint.pod }),
});

/** A cluster that finds each destination by its connection has no hosts of its own. */
const hostsOf = ({ kind, endpoints }: Cluster): readonly Endpoint[] => (kind === 'endpoints' ? endpoints : []);

/** Envoy's answer to `/clusters?format=json`: every endpoint with what EDS and outlier detection say of it. */
export const clusterStatuses = (tables: ProxyTables, counts: readonly ClusterCounts[]): object => {
  const ejectedIn = new Map(counts.map(({ cluster, ejected }) => [cluster, ejected]));
  return {
    cluster_statuses: [...tables.clusters.values()].map((cluster) => ({
      name: cluster.name,
      added_via_api: true,
      host_statuses: hostsOf(cluster).map((endpoint) => hostStatus(endpoint, ejectedIn.get(cluster.name) ?? [])),
      circuit_breakers: { thresholds: [thresholds(cluster)] },
      observability_name: cluster.name,
    })),
  };
};
