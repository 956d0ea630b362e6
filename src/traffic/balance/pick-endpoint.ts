import type { Random } from '../../base/ports.ts';
import type { Cluster, Endpoint } from '../tables.ts';
import { effectiveWeightOf, type HostGroup, type HostView, type PriorityView, viewHosts } from './host-view.ts';
import { advanceOutlier, createOutlierState, type OutlierState } from './outlier.ts';
import { priorityAt, shareWithout } from './priority-load.ts';
import { createSchedule } from './schedule.ts';
import { warmupFactor } from './warmup.ts';

/** What balancing one cluster remembers; owned and updated by the proxy, kept across reloads. */
export interface BalancerState {
  /** Requests in flight by the endpoint's key. */
  readonly active: Map<string, number>;
  /** When endpoints were first seen, by key; kept for clusters that warm them up. */
  readonly since: Map<string, number>;
  /** From the first pick on, where the cluster ejects endpoints. */
  outlier: OutlierState | undefined;
  view: HostView | undefined;
  /** The set of ejected endpoints that `view` was made with. */
  viewed: ReadonlySet<string>;
}

/** What one attempt asks for beyond an endpoint. */
export interface PickWishes {
  /** Of the request, for consistent hashing; without one it picks at random. */
  readonly hash?: bigint | undefined;
  /** Keys of earlier attempts' endpoints, to avoid if a few draws find another one. */
  readonly tried?: ReadonlySet<string> | undefined;
  /** Priorities to leave out if others are available. */
  readonly withoutPriorities?: ReadonlySet<number> | undefined;
}

/** Istio lets Envoy look again this many times for a host that a retry has not tried yet. */
const MORE_DRAWS = 5;
const NOBODY: ReadonlySet<string> = new Set();
const NO_WISHES: PickWishes = {};
const NO_HASH_DRAWS = 0x1_0000_0000;

export const createBalancerState = (): BalancerState => ({
  active: new Map(),
  since: new Map(),
  outlier: undefined,
  view: undefined,
  viewed: NOBODY,
});

/** The endpoint for one attempt; undefined when there is none that may serve (503, flag UH). `nowMs` is monotonic. */
export const pickEndpoint = (
  cluster: Cluster,
  state: BalancerState,
  random: Random,
  nowMs: number,
  wishes: PickWishes = NO_WISHES,
): Endpoint | undefined => {
  const { tried } = wishes;
  const view = currentView(cluster, state, nowMs);
  const isHashing = cluster.balancer.kind === 'ring-hash' || cluster.balancer.kind === 'maglev';
  const hash = isHashing ? (wishes.hash ?? randomHash(random)) : 0n;
  const draws = tried === undefined ? 1 : 1 + MORE_DRAWS;
  let picked: Endpoint | undefined;
  for (let draw = 0; draw < draws; draw += 1) {
    const priority = choosePriority(view, isHashing ? hash : undefined, random, wishes.withoutPriorities);
    if (priority === undefined) return undefined;
    picked = isHashing ? priority.hashTable?.(hash, draw) : pickOne(cluster, state, priority, random, nowMs);
    if (picked === undefined || tried?.has(picked.key) !== true) return picked;
  }
  return picked;
};

/** The endpoints as they are to be seen now; made anew after a reload, an ejection or a return. */
const currentView = (cluster: Cluster, state: BalancerState, nowMs: number): HostView => {
  let ejected = NOBODY;
  if (cluster.outlier !== undefined) {
    state.outlier ??= createOutlierState(cluster.outlier, nowMs);
    advanceOutlier(state.outlier, cluster, nowMs);
    ejected = state.outlier.ejected;
  }
  const { view } = state;
  if (view !== undefined && view.cluster === cluster && state.viewed === ejected) return view;
  if (cluster.balancer.warmup !== undefined) noteEndpoints(cluster, state, nowMs);
  const cursors = view?.priorities.map(({ group }) => group.cursor);
  const next = viewHosts(cluster, ejected, cursors);
  state.view = next;
  state.viewed = ejected;
  return next;
};

const noteEndpoints = (cluster: Cluster, state: BalancerState, nowMs: number): void => {
  const keys = new Set(cluster.endpoints.map(({ key }) => key));
  for (const key of state.since.keys()) if (!keys.has(key)) state.since.delete(key);
  for (const key of keys) if (!state.since.has(key)) state.since.set(key, nowMs);
};

const choosePriority = (
  view: HostView,
  hash: bigint | undefined,
  random: Random,
  without: ReadonlySet<number> | undefined,
): PriorityView | undefined => {
  const { priorities } = view;
  // No draw where there is no choice.
  if (priorities.length <= 1) return priorities[0];
  const loads = (without === undefined ? undefined : shareWithout(view.health, without)) ?? view.loads;
  const draw = hash === undefined ? Math.floor(random() * 100) : Number(hash % 100n);
  return priorities[priorityAt(loads, draw)];
};

const randomHash = (random: Random): bigint =>
  (BigInt(Math.floor(random() * NO_HASH_DRAWS)) << 32n) | BigInt(Math.floor(random() * NO_HASH_DRAWS));

const pickOne = (
  cluster: Cluster,
  state: BalancerState,
  priority: PriorityView,
  random: Random,
  nowMs: number,
): Endpoint | undefined => {
  const group =
    priority.localities === undefined
      ? priority.group
      : (priority.localities.next(effectiveWeightOf) ?? priority.group);
  const { hosts } = group;
  if (hosts.length <= 1) return hosts[0];
  const { kind, warmup } = cluster.balancer;
  // Envoy's random balancer knows no weights.
  if (kind === 'random') return draw(hosts, random());
  if (group.weighted || (warmup !== undefined && isWarming(hosts, state, warmup.durationMs, nowMs))) {
    return takeTurn(cluster, state, group, nowMs);
  }
  if (kind === 'round-robin') {
    const position = group.cursor;
    group.cursor = position + 1;
    return hosts[position % hosts.length];
  }
  return lessLoaded(draw(hosts, random()), draw(hosts, random()), state);
};

/** By weight Envoy takes turns; LEAST_REQUEST divides an endpoint's weight by what it has to do. */
const takeTurn = (cluster: Cluster, state: BalancerState, group: HostGroup, nowMs: number): Endpoint | undefined => {
  const { kind, warmup } = cluster.balancer;
  const weigh = ({ key, weight }: Endpoint): number => {
    const warm = warmup === undefined ? weight : weight * warmupFactor(warmup, nowMs - (state.since.get(key) ?? nowMs));
    return kind === 'least-request' ? warm / ((state.active.get(key) ?? 0) + 1) : warm;
  };
  group.schedule ??= createSchedule(group.hosts, weigh);
  return group.schedule.next(weigh);
};

const isWarming = (hosts: readonly Endpoint[], state: BalancerState, durationMs: number, nowMs: number): boolean =>
  hosts.some(({ key }) => nowMs - (state.since.get(key) ?? nowMs) < durationMs);

/** Envoy's default: of two random endpoints, the one with fewer requests in flight. */
const lessLoaded = (
  first: Endpoint | undefined,
  second: Endpoint | undefined,
  { active }: BalancerState,
): Endpoint | undefined => {
  if (first === undefined || second === undefined) return first;
  return (active.get(second.key) ?? 0) < (active.get(first.key) ?? 0) ? second : first;
};

const draw = (hosts: readonly Endpoint[], random: number): Endpoint | undefined =>
  hosts[Math.floor(random * hosts.length)];
