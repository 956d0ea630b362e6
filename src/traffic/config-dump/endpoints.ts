import type { Cluster, Endpoint, ProxyTables } from '../tables.ts';
import { anyOf, socketAddress } from './any.ts';
import { discoveryType } from './discovery-type.ts';

/** Endpoints of one place and priority. */
interface Group {
  readonly locality: string;
  readonly priority: number;
  readonly weight: number;
  readonly endpoints: readonly Endpoint[];
}

const groupsOf = ({ endpoints, localities }: Cluster): readonly Group[] => {
  if (localities !== undefined)
    return localities.map((share) => ({ ...share, locality: share.endpoints[0]?.locality ?? '' }));
  const byPlace = new Map<string, Endpoint[]>();
  for (const endpoint of endpoints) {
    const key = `${endpoint.priority ?? 0} ${endpoint.locality}`;
    byPlace.set(key, [...(byPlace.get(key) ?? []), endpoint]);
  }
  return [...byPlace.values()].map((own) => ({
    locality: own[0]?.locality ?? '',
    priority: own[0]?.priority ?? 0,
    weight: own.reduce((sum, { weight }) => sum + weight, 0),
    endpoints: own,
  }));
};

/** A Locality. */
export const localityOf = (text: string): object => {
  const [region = '', zone = '', subZone = ''] = text.split('/');
  return {
    ...(region === '' ? {} : { region }),
    ...(zone === '' ? {} : { zone }),
    ...(subZone === '' ? {} : { sub_zone: subZone }),
  };
};

/** What EDS says of an endpoint's health. */
export const edsHealth = ({ isUnready }: Endpoint): string => (isUnready === true ? 'UNHEALTHY' : 'HEALTHY');

/** `workload;namespace;canonical name;revision;cluster`, as istiod tells telemetry of an endpoint. */
const workloadOf = ({ peer }: Endpoint): string =>
  [peer.workload, peer.namespace, peer.canonicalService, peer.canonicalRevision, peer.cluster].join(';');

const endpointOf = (endpoint: Endpoint): object => ({
  endpoint: { address: socketAddress(endpoint.address, endpoint.port), health_check_config: {} },
  health_status: edsHealth(endpoint),
  metadata: {
    filter_metadata: {
      istio: { workload: workloadOf(endpoint) },
      ...(endpoint.transport.kind === 'istio-mutual' ? { 'envoy.transport_socket_match': { tlsMode: 'istio' } } : {}),
    },
  },
  load_balancing_weight: endpoint.weight,
});

/** A ClusterLoadAssignment. */
export const loadAssignment = (cluster: Cluster): object => ({
  cluster_name: cluster.name,
  endpoints: groupsOf(cluster).map(({ locality, priority, weight, endpoints }) => ({
    locality: localityOf(locality),
    lb_endpoints: endpoints.map(endpointOf),
    load_balancing_weight: weight,
    ...(priority === 0 ? {} : { priority }),
  })),
  policy: { overprovisioning_factor: 140 },
});

/** An EndpointsConfigDump: the assignments of all clusters that have endpoints of their own. */
export const endpointsDump = (tables: ProxyTables): object =>
  anyOf('envoy.admin.v3.EndpointsConfigDump', {
    dynamic_endpoint_configs: [...tables.clusters.values()]
      .filter((cluster) => ['EDS', 'STRICT_DNS'].includes(discoveryType(cluster)))
      .map((cluster) => ({
        endpoint_config: anyOf('envoy.config.endpoint.v3.ClusterLoadAssignment', loadAssignment(cluster)),
      })),
  });
