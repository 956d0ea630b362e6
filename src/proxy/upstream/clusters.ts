import { isDeepStrictEqual } from 'node:util';
import type { ClusterCounts } from '../../telemetry/cluster-metrics.ts';
import {
  type Admission,
  admitConnection,
  admitRequest,
  hasConnection,
  hasRoomForRequest,
  hasRoomForRetry,
  type Usage,
} from '../../traffic/balance/limits.ts';
import { type AttemptResult, reportResult } from '../../traffic/balance/outlier.ts';
import { type BalancerState, createBalancerState } from '../../traffic/balance/pick-endpoint.ts';
import type { Cluster, ClusterLimits, Endpoint, ProxyTables } from '../../traffic/tables.ts';
import type { SocketAddress } from '../proxy.ts';
import { Pool, type PoolWorld } from './pool.ts';

/** What one cluster remembers between requests and across reloads. */
interface ClusterState {
  readonly balancer: BalancerState;
  /** By the endpoint's key. */
  readonly pools: Map<string, Pool>;
  /** Requests that wait for a connection, first come first served; by the endpoint's key. */
  readonly waiting: Map<string, Waiter[]>;
  /** Connections without HTTP. */
  tunnels: number;
  retries: number;
  overflows: number;
}

/** A request that waits for a connection. */
export interface Waiter {
  /** The limits of its cluster when it began to wait. */
  readonly limits: ClusterLimits;
  /** There is a connection, to be taken at once. */
  onAdmitted(): void;
  /** There is one, and too many requests are under way all the same. */
  onOverflow(): void;
}

/**
 * The run-time side of the tables' clusters. State is keyed by names, so it outlives any one version of the tables;
 * pools of endpoints that a reload took away finish their requests and close.
 */
export class Clusters {
  private readonly world: PoolWorld;
  private readonly states = new Map<string, ClusterState>();
  private readonly draining = new Set<Pool>();

  constructor(world: PoolWorld) {
    this.world = world;
  }

  balancerOf(cluster: Cluster): BalancerState {
    return this.stateOf(cluster).balancer;
  }

  /** Counts how an attempt went, for clusters that eject endpoints. */
  report(cluster: Cluster, endpoint: Endpoint, result: AttemptResult): void {
    const { outlier } = this.stateOf(cluster).balancer;
    if (outlier !== undefined) reportResult(outlier, cluster, endpoint.key, result, this.world.monotonicMs());
  }

  /** Whether a request may start at an endpoint. Who is told to wait calls `wait`. */
  admit(cluster: Cluster, endpoint: Endpoint, limits: ClusterLimits): Admission {
    const state = this.stateOf(cluster);
    const pool = state.pools.get(endpoint.key);
    const usage = { connections: pool?.connections ?? 0, idle: pool?.idleConnections ?? 0 };
    const admission = admitRequest(limits, usageOf(state), usage);
    if (admission === 'overflow') state.overflows += 1;
    return admission;
  }

  wait(cluster: Cluster, endpoint: Endpoint, waiter: Waiter): void {
    const { waiting } = this.stateOf(cluster);
    const queue = waiting.get(endpoint.key);
    if (queue === undefined) waiting.set(endpoint.key, [waiter]);
    else queue.push(waiter);
  }

  leave(cluster: Cluster, endpoint: Endpoint, waiter: Waiter): void {
    const queue = this.stateOf(cluster).waiting.get(endpoint.key);
    const at = queue?.indexOf(waiter) ?? -1;
    if (at >= 0) queue?.splice(at, 1);
  }

  /** Whether one more retry may be under way; `endRetry` follows. */
  beginRetry(cluster: Cluster): boolean {
    const state = this.stateOf(cluster);
    if (cluster.limits !== undefined && !hasRoomForRetry(cluster.limits, usageOf(state))) {
      state.overflows += 1;
      return false;
    }
    state.retries += 1;
    return true;
  }

  endRetry(cluster: Cluster): void {
    this.stateOf(cluster).retries -= 1;
  }

  /** Whether a connection without HTTP may be opened; `endTunnel` follows. */
  beginTunnel(cluster: Cluster): boolean {
    const state = this.stateOf(cluster);
    if (cluster.limits !== undefined && !admitConnection(cluster.limits, usageOf(state))) {
      state.overflows += 1;
      return false;
    }
    state.tunnels += 1;
    return true;
  }

  endTunnel(cluster: Cluster): void {
    this.stateOf(cluster).tunnels -= 1;
  }

  /** The pool for an endpoint at a socket; another one when the way to reach it changed. */
  poolOf(cluster: Cluster, endpoint: Endpoint, at: SocketAddress): Pool {
    const { pools } = this.stateOf(cluster);
    const found = pools.get(endpoint.key);
    if (found !== undefined && isSameWay(found, cluster, endpoint, at)) return found;
    if (found !== undefined) this.drain(found);
    const { connectTimeoutMs, maxRequestsPerConnection, lifetimes } = cluster;
    const { name } = cluster;
    const onRoom = cluster.limits === undefined ? undefined : () => this.onRoom(name, endpoint.key);
    const settings = { endpoint, at, connectTimeoutMs, maxRequestsPerConnection, lifetimes, onRoom };
    const pool = new Pool(settings, this.world);
    pools.set(endpoint.key, pool);
    return pool;
  }

  /** Every cluster that a request or a connection has gone to. */
  counts(): readonly ClusterCounts[] {
    return [...this.states].map(([cluster, state]) => {
      const { outlier } = state.balancer;
      const { ejections = 0, refusedEjections = 0 } = outlier ?? {};
      const ejected = [...(outlier?.ejected ?? [])];
      return { cluster, ...usageOf(state), overflows: state.overflows, ejected, ejections, refusedEjections };
    });
  }

  replaceTables(tables: ProxyTables): void {
    for (const [name, state] of this.states) {
      const cluster = tables.clusters.get(name);
      const keys = new Set(cluster?.endpoints.map(({ key }) => key));
      const keepsAll = cluster !== undefined && cluster.kind !== 'endpoints';
      for (const [key, pool] of state.pools) {
        if (keepsAll || keys.has(key)) continue;
        state.pools.delete(key);
        this.drain(pool);
      }
      if (cluster === undefined) this.states.delete(name);
    }
  }

  retireTls(): void {
    for (const { pools } of this.states.values()) {
      for (const pool of pools.values()) if (pool.isTls) pool.retireConnections();
    }
  }

  /** Called about every second. */
  sweep(nowMs: number): void {
    for (const { pools } of this.states.values()) {
      for (const [key, pool] of pools) {
        pool.sweep(nowMs);
        if (pool.isEmpty) pools.delete(key);
      }
    }
    for (const pool of this.draining) if (pool.isEmpty) this.draining.delete(pool);
  }

  drainAll(): void {
    for (const { pools } of this.states.values()) for (const pool of pools.values()) this.drain(pool);
  }

  destroyAll(): void {
    for (const { pools } of this.states.values()) for (const pool of pools.values()) pool.destroy();
    for (const pool of this.draining) pool.destroy();
  }

  /** A connection of a limited cluster is free or gone: the next that waits may have it. */
  private onRoom(name: string, key: string): void {
    const state = this.states.get(name);
    if (state === undefined) return;
    for (const from of state.waiting.get(key)?.length ? [key] : state.waiting.keys()) {
      const queue = state.waiting.get(from);
      const waiter = queue?.[0];
      if (waiter === undefined) continue;
      const pool = state.pools.get(from);
      const endpoint = { connections: pool?.connections ?? 0, idle: pool?.idleConnections ?? 0 };
      if (!hasConnection(waiter.limits, usageOf(state), endpoint)) continue;
      queue?.shift();
      if (hasRoomForRequest(waiter.limits, usageOf(state))) waiter.onAdmitted();
      else {
        state.overflows += 1;
        waiter.onOverflow();
      }
      return;
    }
  }

  private drain(pool: Pool): void {
    this.draining.add(pool);
    pool.drain();
  }

  private stateOf(cluster: Cluster): ClusterState {
    let state = this.states.get(cluster.name);
    if (state === undefined) {
      state = {
        balancer: createBalancerState(),
        pools: new Map(),
        waiting: new Map(),
        tunnels: 0,
        retries: 0,
        overflows: 0,
      };
      this.states.set(cluster.name, state);
    }
    return state;
  }
}

const isSameWay = (pool: Pool, cluster: Cluster, endpoint: Endpoint, at: SocketAddress): boolean => {
  const { settings } = pool;
  return (
    (settings.endpoint === endpoint || isSameTransport(settings.endpoint, endpoint)) &&
    (settings.at === at || (settings.at.host === at.host && settings.at.port === at.port)) &&
    settings.maxRequestsPerConnection === cluster.maxRequestsPerConnection &&
    settings.connectTimeoutMs === cluster.connectTimeoutMs &&
    (settings.onRoom === undefined) === (cluster.limits === undefined) &&
    isSameLife(settings.lifetimes, cluster.lifetimes)
  );
};

const isSameLife = (left: Cluster['lifetimes'], right: Cluster['lifetimes']): boolean =>
  left === right ||
  (left?.idleMs === right?.idleMs &&
    left?.maxDurationMs === right?.maxDurationMs &&
    left?.keepAliveMs === right?.keepAliveMs &&
    left?.maxStreams === right?.maxStreams);

const usageOf = ({ balancer, pools, waiting, tunnels, retries }: ClusterState): Usage => {
  let requests = 0;
  let connections = tunnels;
  let pending = 0;
  for (const count of balancer.active.values()) requests += count;
  for (const pool of pools.values()) connections += pool.connections;
  for (const queue of waiting.values()) pending += queue.length;
  return { requests, connections, pending, retries };
};

const isSameTransport = ({ transport: a }: Endpoint, { transport: b }: Endpoint): boolean => {
  if (a.kind === 'plaintext' || b.kind === 'plaintext') return a.kind === b.kind;
  if (a.kind === 'istio-mutual' && b.kind === 'istio-mutual') {
    return a.sni === b.sni && a.spiffeIds.join() === b.spiffeIds.join();
  }
  return isDeepStrictEqual(a, b);
};
