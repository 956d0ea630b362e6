import type { Random } from '../../base/ports.ts';
import type { Cluster, Endpoint } from '../tables.ts';

/** What balancing one cluster remembers; owned and updated by the proxy, kept across reloads. */
export interface BalancerState {
  /** Requests in flight by the endpoint's key. */
  readonly active: Map<string, number>;
  /** Counts picks, for round robin. */
  cursor: number;
}

/** Istio lets Envoy look this many times for a host that a retry has not tried yet. */
const SELECTION_ATTEMPTS = 5;

/**
 * The endpoint for one attempt; undefined when the cluster has none (503, flag UH). `tried` are the keys of earlier
 * attempts to avoid if a few draws find another one.
 */
export const pickEndpoint = (
  cluster: Cluster,
  state: BalancerState,
  random: Random,
  tried?: ReadonlySet<string>,
): Endpoint | undefined => {
  const only = cluster.endpoints.length === 1 ? cluster.endpoints[0] : undefined;
  if (only !== undefined) return only;
  let picked = pickOne(cluster, state, random);
  if (tried === undefined) return picked;
  for (let draw = 1; draw < SELECTION_ATTEMPTS && picked !== undefined && tried.has(picked.key); draw += 1) {
    picked = pickOne(cluster, state, random);
  }
  return picked;
};

const pickOne = (cluster: Cluster, state: BalancerState, random: Random): Endpoint | undefined => {
  switch (cluster.balancer.kind) {
    case 'round-robin': {
      const position = state.cursor;
      state.cursor = position + 1;
      return nextInTurn(cluster, position);
    }
    case 'random':
      return draw(cluster, random());
    case 'least-request':
      return lessLoaded(draw(cluster, random()), draw(cluster, random()), state);
  }
};

/** Envoy's default: of two random endpoints, the one with fewer requests in flight for its weight. */
const lessLoaded = (
  first: Endpoint | undefined,
  second: Endpoint | undefined,
  state: BalancerState,
): Endpoint | undefined => {
  if (first === undefined || second === undefined) return first;
  return load(second, state) < load(first, state) ? second : first;
};

const load = (endpoint: Endpoint, state: BalancerState): number =>
  (state.active.get(endpoint.key) ?? 0) / Math.max(endpoint.weight, 1);

const nextInTurn = (cluster: Cluster, position: number): Endpoint | undefined => {
  const { endpoints } = cluster;
  if (cluster.balancer.weighted !== true) return endpoints[position % endpoints.length];
  return atWeight(endpoints, position % totalWeight(endpoints));
};

const draw = (cluster: Cluster, random: number): Endpoint | undefined => {
  const { endpoints } = cluster;
  if (cluster.balancer.weighted !== true) return endpoints[Math.floor(random * endpoints.length)];
  return atWeight(endpoints, random * totalWeight(endpoints));
};

const totalWeight = (endpoints: readonly Endpoint[]): number => {
  let total = 0;
  for (const endpoint of endpoints) total += endpoint.weight;
  return total;
};

const atWeight = (endpoints: readonly Endpoint[], position: number): Endpoint | undefined => {
  let rest = position;
  for (const endpoint of endpoints) {
    rest -= endpoint.weight;
    if (rest < 0) return endpoint;
  }
  return endpoints[endpoints.length - 1];
};
