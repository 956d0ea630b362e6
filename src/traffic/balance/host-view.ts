import type { Cluster, Endpoint } from '../tables.ts';
import { buildMaglev, buildRing, type HashTable, type ShareOfLoad } from './hash-table.ts';
import { type PriorityHealth, shareAmongPriorities } from './priority-load.ts';
import { createSchedule, type Schedule } from './schedule.ts';

/** Endpoints that share load directly. */
export interface HostGroup {
  readonly hosts: readonly Endpoint[];
  readonly weighted: boolean;
  /** Counts picks, for round robin. */
  cursor: number;
  /** Turns by weight, from the first pick that needs them. */
  schedule: Schedule<Endpoint> | undefined;
}

interface LocalityGroup extends HostGroup {
  /** Less than configured when too few of the locality's endpoints are healthy. */
  readonly effectiveWeight: number;
}

/** One priority of a cluster as the balancer sees it. */
export interface PriorityView {
  /** The healthy endpoints, or all of them in panic. */
  readonly group: HostGroup;
  /** Present where load is shared among localities first. */
  readonly localities: Schedule<LocalityGroup> | undefined;
  readonly hashTable: HashTable | undefined;
}

/** The endpoints of a cluster by priority and health, made anew when either changes. */
export interface HostView {
  /** What it was made from. */
  readonly cluster: Cluster;
  readonly health: readonly PriorityHealth[];
  /** Percentages by priority. */
  readonly loads: readonly number[];
  readonly priorities: readonly PriorityView[];
}

/** How Envoy counts a locality with unhealthy endpoints: full weight while 100/140 of them are healthy. */
const OVERPROVISIONING = 1.4;
const ENVOY_RING_SIZE = 1024;
const ENVOY_MAGLEV_SIZE = 65_537;

/** `ejected` holds keys of endpoints; `cursors` where round robin goes on, by priority. */
export const viewHosts = (
  cluster: Cluster,
  ejected: ReadonlySet<string>,
  cursors: readonly number[] = [],
): HostView => {
  const isHealthy = (endpoint: Endpoint): boolean => endpoint.isUnready !== true && !ejected.has(endpoint.key);
  const levels: Endpoint[][] = [];
  for (const endpoint of cluster.endpoints) {
    const priority = endpoint.priority ?? 0;
    while (levels.length <= priority) levels.push([]);
    levels[priority]?.push(endpoint);
  }
  const health = levels.map((hosts) => ({ hosts: hosts.length, healthy: hosts.filter(isHealthy).length }));
  const { loads, panics } = shareAmongPriorities(health, cluster.panicPercent ?? 0);
  const priorities = levels.map((all, priority): PriorityView => {
    const isPanic = panics[priority] === true;
    const serving = isPanic ? all : all.filter(isHealthy);
    const localities = localityGroups(cluster, priority, isPanic, isHealthy);
    return {
      group: groupOf(serving, cursors[priority]),
      // In panic there are no localities any more.
      localities: localities === undefined || isPanic ? undefined : createSchedule(localities, effectiveWeightOf),
      hashTable: hashTableOf(cluster, localities ?? [{ hosts: serving, weight: 1 }]),
    };
  });
  return { cluster, health, loads, priorities };
};

export const effectiveWeightOf = ({ effectiveWeight }: LocalityGroup): number => effectiveWeight;

const groupOf = (hosts: readonly Endpoint[], cursor = 0): HostGroup => ({
  hosts,
  weighted: hosts.some((host) => host.weight !== hosts[0]?.weight),
  cursor,
  schedule: undefined,
});

const localityGroups = (
  cluster: Cluster,
  priority: number,
  isPanic: boolean,
  isHealthy: (endpoint: Endpoint) => boolean,
): readonly (LocalityGroup & { readonly weight: number })[] | undefined =>
  cluster.localities
    ?.filter((share) => share.priority === priority)
    .map(({ weight, endpoints }) => {
      const healthy = endpoints.filter(isHealthy);
      const part = endpoints.length === 0 ? 0 : (OVERPROVISIONING * healthy.length) / endpoints.length;
      const hosts = isPanic ? endpoints : healthy;
      return { ...groupOf(hosts), weight, effectiveWeight: weight * Math.min(1, part) };
    });

const hashTableOf = (
  { balancer }: Cluster,
  groups: readonly { readonly hosts: readonly Endpoint[]; readonly weight: number }[],
): HashTable | undefined => {
  if (balancer.kind !== 'ring-hash' && balancer.kind !== 'maglev') return undefined;
  const shares = sharesOf(groups);
  if (shares.length === 0) return undefined;
  return balancer.kind === 'ring-hash'
    ? buildRing(shares, balancer.tableSize ?? ENVOY_RING_SIZE)
    : buildMaglev(shares, balancer.tableSize ?? ENVOY_MAGLEV_SIZE);
};

const sharesOf = (
  groups: readonly { readonly hosts: readonly Endpoint[]; readonly weight: number }[],
): readonly ShareOfLoad[] => {
  const total = groups.reduce((sum, { weight }) => sum + weight, 0);
  return groups.flatMap(({ hosts, weight }) => {
    if (weight === 0) return [];
    const hostWeights = hosts.reduce((sum, host) => sum + host.weight, 0);
    return hosts.map((endpoint) => ({ endpoint, share: ((weight / total) * endpoint.weight) / hostWeights }));
  });
};
