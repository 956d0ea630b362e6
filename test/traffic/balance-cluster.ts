/** Clusters for tests of balancing; an endpoint's key is its name. */
import { UNKNOWN_PEER } from '../../src/traffic/compile/identity.ts';
import type { Balancer, Cluster, Endpoint } from '../../src/traffic/tables.ts';

export const host = (key: string, changes: Partial<Endpoint> = {}): Endpoint => ({
  address: key,
  port: 80,
  key,
  pod: key,
  peer: UNKNOWN_PEER,
  weight: 1,
  locality: '',
  transport: { kind: 'plaintext' },
  ...changes,
});

export const hostsOf = (...keys: readonly string[]): readonly Endpoint[] => keys.map((key) => host(key));

export const balanced = (
  balancer: Balancer['kind'] | Balancer,
  endpoints: readonly Endpoint[],
  changes: Partial<Cluster> = {},
): Cluster => ({
  name: 'c',
  kind: 'endpoints',
  endpoints,
  balancer: typeof balancer === 'string' ? { kind: balancer } : balancer,
  connectTimeoutMs: 1000,
  maxRequestsPerConnection: 0,
  service: undefined,
  origin: undefined,
  ...changes,
});
