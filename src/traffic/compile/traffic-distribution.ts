import type { Mesh } from '../../model/mesh.ts';
import type { Service } from '../../model/schema/generated/types-kubernetes.ts';
import type { LocalityPolicy } from './locality.ts';
import type { MeshService } from './services.ts';

const ANNOTATION = 'networking.istio.io/traffic-distribution';
const NETWORK = 'topology.istio.io/network';
const REGION = 'topology.kubernetes.io/region';
const ZONE = 'topology.kubernetes.io/zone';
const SUBZONE = 'topology.istio.io/subzone';
const HOSTNAME = 'kubernetes.io/hostname';
const CLUSTER = 'topology.istio.io/cluster';
/** What Istio calls the one cluster of an installation. */
const CLUSTER_ID = 'Kubernetes';

const preferring = (...failoverPriority: readonly string[]): LocalityPolicy => ({
  distribute: undefined,
  failover: undefined,
  failoverPriority,
  isForced: true,
});

const SAME_ZONE = preferring(NETWORK, REGION, ZONE);
const SAME_NODE = preferring(NETWORK, REGION, ZONE, SUBZONE, HOSTNAME);

/** Lower case; `any` of an annotation stops the search. */
const POLICIES: ReadonlyMap<string, LocalityPolicy> = new Map([
  ['preferclose', SAME_ZONE],
  ['prefersamezone', SAME_ZONE],
  ['prefersamenode', SAME_NODE],
]);

/** What a Service prefers by its `trafficDistribution`, its annotation or its namespace's; undefined = nothing. */
export const trafficDistribution = (service: MeshService, mesh: Mesh): LocalityPolicy | undefined => {
  const written = service.source === 'service' ? serviceField(service) : undefined;
  const byField = written === undefined ? undefined : POLICIES.get(written.toLowerCase());
  if (byField !== undefined) return byField;
  const own = service.resource.annotations[ANNOTATION];
  if (own !== undefined && own !== '') return POLICIES.get(own.toLowerCase());
  const inherited = mesh.find('Namespace', '', service.namespace)?.annotations[ANNOTATION];
  return inherited === undefined ? undefined : POLICIES.get(inherited.toLowerCase());
};

const serviceField = ({ resource }: MeshService): string | undefined =>
  (resource.object as Service).spec?.trafficDistribution;

/** Labels with the topology that Istio adds to them; what is not known is left as it is. */
export const withTopology = (
  labels: Readonly<Record<string, string>>,
  locality: string,
  node: string | undefined,
): Readonly<Record<string, string>> => {
  const [region = '', zone = '', subzone = ''] = locality.split('/');
  const added: Record<string, string> = { ...labels, [CLUSTER]: CLUSTER_ID };
  if (region !== '') added[REGION] = region;
  if (zone !== '') added[ZONE] = zone;
  if (subzone !== '') added[SUBZONE] = subzone;
  if (node !== undefined) added[HOSTNAME] = node;
  return added;
};
