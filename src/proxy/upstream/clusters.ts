import type { BalancerState } from '../../traffic/balance/pick-endpoint.ts';
import type { Cluster, Endpoint, ProxyTables } from '../../traffic/tables.ts';
import type { SocketAddress } from '../proxy.ts';
import { Pool, type PoolWorld } from './pool.ts';

/** What one cluster remembers between requests and across reloads. */
interface ClusterState {
  readonly balancer: BalancerState;
  /** By the endpoint's key. */
  readonly pools: Map<string, Pool>;
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

  /** The pool for an endpoint at a socket; another one when the way to reach it changed. */
  poolOf(cluster: Cluster, endpoint: Endpoint, at: SocketAddress): Pool {
    const { pools } = this.stateOf(cluster);
    const found = pools.get(endpoint.key);
    if (found !== undefined && isSameWay(found, cluster, endpoint, at)) return found;
    if (found !== undefined) this.drain(found);
    const { connectTimeoutMs, maxRequestsPerConnection } = cluster;
    const pool = new Pool({ endpoint, at, connectTimeoutMs, maxRequestsPerConnection }, this.world);
    pools.set(endpoint.key, pool);
    return pool;
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

  private drain(pool: Pool): void {
    this.draining.add(pool);
    pool.drain();
  }

  private stateOf(cluster: Cluster): ClusterState {
    let state = this.states.get(cluster.name);
    if (state === undefined) {
      state = { balancer: { active: new Map(), cursor: 0 }, pools: new Map() };
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
    settings.connectTimeoutMs === cluster.connectTimeoutMs
  );
};

const isSameTransport = ({ transport: a }: Endpoint, { transport: b }: Endpoint): boolean => {
  if (a.kind === 'plaintext' || b.kind === 'plaintext') return a.kind === b.kind;
  return a.sni === b.sni && a.spiffeIds.join() === b.spiffeIds.join();
};
