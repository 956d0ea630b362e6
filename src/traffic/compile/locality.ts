import type { LoadBalancerLocalityLbSetting } from '../../model/schema/generated/types-istio.ts';
import type { Endpoint, LocalityShare } from '../tables.ts';

/** How a cluster prefers endpoints by where they are. */
export interface LocalityPolicy {
  readonly distribute: LoadBalancerLocalityLbSetting['distribute'];
  readonly failover: LoadBalancerLocalityLbSetting['failover'];
  readonly failoverPriority: LoadBalancerLocalityLbSetting['failoverPriority'];
  /** Also where nothing can find out that an endpoint fails. */
  readonly isForced: boolean;
}

/**
 * What is in force for a cluster: its rule's setting, else what its Service prefers, else the mesh's. Undefined when all
 * localities share alike.
 */
export const localityPolicy = (
  ofRule: LoadBalancerLocalityLbSetting | undefined,
  ofService: LocalityPolicy | undefined,
  ofMesh: LoadBalancerLocalityLbSetting,
): LocalityPolicy | undefined => {
  if (ofRule === undefined && ofService !== undefined) return ofService;
  const { enabled, distribute, failover, failoverPriority } = ofRule ?? ofMesh;
  return enabled === false ? undefined : { distribute, failover, failoverPriority, isForced: false };
};

/** An endpoint and the labels that failoverPriority compares, topology among them. */
export interface LabelledEndpoint {
  readonly endpoint: Endpoint;
  /** Asked only where labels rank. */
  readonly labels: () => Readonly<Record<string, string>>;
}

/** Who looks at the endpoints. */
export interface Viewpoint {
  /** `region/zone/subzone`; empty when unknown. */
  readonly locality: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Endpoints with their priorities, the nearest first; `localities` where load is shared among them by weight. */
export interface PlacedEndpoints {
  readonly endpoints: readonly Endpoint[];
  readonly localities: readonly LocalityShare[] | undefined;
}

/** Endpoints of one locality and priority. */
interface Group {
  readonly locality: string;
  readonly members: readonly LabelledEndpoint[];
  readonly priority: number;
  readonly weight: number;
}

/**
 * Gives a cluster's endpoints the priorities or weights they have for a client. Priorities need `canFail`, outlier
 * detection: without it Envoy would never leave the first one.
 */
export const placeEndpoints = (
  listed: readonly LabelledEndpoint[],
  policy: LocalityPolicy | undefined,
  client: Viewpoint,
  canFail: boolean,
): PlacedEndpoints => {
  const groups = groupByLocality(listed);
  if (policy === undefined) return flat(groups, false);
  if (policy.distribute !== undefined) return flat(distribute(groups, policy.distribute, client.locality), true);
  if (!canFail && !policy.isForced) return flat(groups, false);
  const { failover, failoverPriority = [] } = policy;
  const byLabels = failoverPriority.length > 0 ? rankByLabels(groups, failoverPriority, client.labels) : groups;
  const isRanked = failoverPriority.length === 0 || (failover ?? []).length > 0;
  const ranked = isRanked ? rankByPlace(byLabels, failover ?? [], client.locality) : byLabels;
  return flat(withoutGaps(ranked), failover !== undefined || policy.failoverPriority !== undefined);
};

const groupByLocality = (listed: readonly LabelledEndpoint[]): readonly Group[] => {
  const byLocality = new Map<string, LabelledEndpoint[]>();
  for (const entry of listed) {
    const { locality } = entry.endpoint;
    const known = byLocality.get(locality);
    if (known === undefined) byLocality.set(locality, [entry]);
    else known.push(entry);
  }
  return [...byLocality]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([locality, members]) => ({ locality, members, priority: 0, weight: weightOf(members) }));
};

const weightOf = (members: readonly LabelledEndpoint[]): number =>
  members.reduce((sum, { endpoint }) => sum + endpoint.weight, 0);

const flat = (groups: readonly Group[], isShared: boolean): PlacedEndpoints => {
  const placed = groups.map(({ members, priority, weight }) => ({
    priority,
    weight,
    endpoints: members.map(({ endpoint }) => (priority === 0 ? endpoint : { ...endpoint, priority })),
  }));
  return {
    endpoints: placed.flatMap(({ endpoints }) => endpoints),
    localities: isShared ? placed : undefined,
  };
};

/** The first rule for the client's locality says who gets what; localities that it does not name get nothing. */
const distribute = (
  groups: readonly Group[],
  rules: NonNullable<LocalityPolicy['distribute']>,
  clientLocality: string,
): readonly Group[] => {
  const rule = rules.find(({ from = '' }) => matchesLocality(from, clientLocality));
  if (rule === undefined) return groups;
  const left = new Set(groups);
  const shared: Group[] = [];
  for (const [pattern, share] of Object.entries(rule.to ?? {})) {
    const matching = [...left].filter(({ locality }) => matchesLocality(pattern, locality));
    const total = matching.reduce((sum, { weight }) => sum + weight, 0);
    for (const group of matching) {
      left.delete(group);
      shared.push({ ...group, weight: Math.ceil((group.weight * share) / total) });
    }
  }
  return shared;
};

/** `region/zone/subzone`, where a star or an end takes everything below; an unknown locality matches only a star. */
const matchesLocality = (pattern: string, locality: string): boolean => {
  const parts = locality.split('/');
  for (const [index, wanted] of pattern.split('/').entries()) {
    if (wanted === '*') return true;
    if (wanted !== (parts[index] ?? '')) return false;
  }
  return pattern !== '';
};

const NETWORK_LABEL = 'topology.istio.io/network';

/**
 * The more of the labels an endpoint has in common with the client, in their order, the better. `label=value` compares
 * with a value instead of the client's own.
 */
const rankByLabels = (
  groups: readonly Group[],
  priorityLabels: readonly string[],
  own: Viewpoint['labels'],
): readonly Group[] => {
  const wanted = priorityLabels.map((text): readonly [name: string, value: string] => {
    const [name = '', value, ...more] = text.split('=');
    return [name, value !== undefined && more.length === 0 ? value : (own[name] ?? '')];
  });
  return groups.flatMap(({ locality, members }) => {
    const byRank = new Map<number, LabelledEndpoint[]>();
    for (const entry of members) {
      const rank = labelRank(entry.labels(), wanted);
      byRank.set(rank, [...(byRank.get(rank) ?? []), entry]);
    }
    return [...byRank]
      .sort(([left], [right]) => left - right)
      .map(([priority, same]) => ({ locality, members: same, priority, weight: weightOf(same) }));
  });
};

const labelRank = (
  labels: Readonly<Record<string, string>>,
  wanted: readonly (readonly [name: string, value: string])[],
): number => {
  let otherNetwork = 0;
  for (const [index, [name, value]] of wanted.entries()) {
    if ((labels[name] ?? '') === value) continue;
    if (index > 0 || name !== NETWORK_LABEL) return wanted.length - index + otherNetwork;
    // Another network comes after everything else, and within it the other labels still count.
    otherNetwork = wanted.length;
  }
  return otherNetwork;
};

/** Ranks that `rankByPlace` knows, so that it can refine a ranking by labels. */
const PLACE_RANKS = 5;

/** The same subzone, zone, region; then the regions that `failover` names; then all others. */
const rankByPlace = (
  groups: readonly Group[],
  failover: NonNullable<LocalityPolicy['failover']>,
  clientLocality: string,
): readonly Group[] => {
  const [region = ''] = clientLocality.split('/');
  const rule = failover.find(({ from = '' }) => from === region);
  return groups.map((group) => {
    const near = distance(clientLocality, group.locality);
    const isElsewhere = near === 3 && rule !== undefined && group.locality.split('/')[0] !== rule.to;
    return { ...group, priority: group.priority * PLACE_RANKS + (isElsewhere ? 4 : near) };
  });
};

/** 0 the same place, 1 the same zone, 2 the same region, 3 elsewhere. */
const distance = (left: string, right: string): number => {
  const [one, other] = [left.split('/'), right.split('/')];
  const same = (index: number): boolean => (one[index] ?? '') === (other[index] ?? '');
  if (!same(0)) return 3;
  if (!same(1)) return 2;
  return same(2) ? 0 : 1;
};

const withoutGaps = (groups: readonly Group[]): readonly Group[] => {
  const known = [...new Set(groups.map(({ priority }) => priority))].sort((left, right) => left - right);
  return groups.map((group) => ({ ...group, priority: known.indexOf(group.priority) }));
};
