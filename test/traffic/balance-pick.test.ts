import { describe, expect, it } from 'vitest';
import { type BalancerState, createBalancerState, pickEndpoint } from '../../src/traffic/balance/pick-endpoint.ts';
import { UNKNOWN_PEER } from '../../src/traffic/compile/identity.ts';
import type { Balancer, Cluster, Endpoint } from '../../src/traffic/tables.ts';

const endpoint = (key: string, weight = 1): Endpoint => ({
  address: key,
  port: 80,
  key,
  pod: key,
  peer: UNKNOWN_PEER,
  weight,
  locality: '',
  transport: { kind: 'plaintext' },
});

const cluster = (balancer: Balancer, ...endpoints: readonly Endpoint[]): Cluster => ({
  name: 'c',
  kind: 'endpoints',
  endpoints,
  balancer,
  connectTimeoutMs: 1000,
  maxRequestsPerConnection: 0,
  service: undefined,
  origin: undefined,
});

const state = (active: Readonly<Record<string, number>> = {}): BalancerState => ({
  ...createBalancerState(),
  active: new Map(Object.entries(active)),
});

const drawing =
  (...draws: number[]) =>
  (): number =>
    draws.shift() ?? 0;

describe('picking an endpoint', () => {
  it('finds none in an empty cluster', () => {
    expect(pickEndpoint(cluster({ kind: 'least-request' }), state(), () => 0, 0)).toBeUndefined();
    expect(pickEndpoint(cluster({ kind: 'round-robin' }), state(), () => 0, 0)).toBeUndefined();
  });

  it('goes round exactly', () => {
    const three = cluster({ kind: 'round-robin' }, endpoint('a'), endpoint('b'), endpoint('c'));
    const shared = state();
    const picked = Array.from({ length: 6 }, () => pickEndpoint(three, shared, () => 0, 0)?.key);
    expect(picked).toEqual(['a', 'b', 'c', 'a', 'b', 'c']);
  });

  it('goes round by weight', () => {
    const two = cluster({ kind: 'round-robin' }, endpoint('a', 1), endpoint('b', 2));
    const shared = state();
    const picked = Array.from({ length: 6 }, () => pickEndpoint(two, shared, () => 0, 0)?.key);
    expect(picked.filter((key) => key === 'b')).toHaveLength(4);
  });

  it('takes the less loaded of two drawn ones', () => {
    const three = cluster({ kind: 'least-request' }, endpoint('a'), endpoint('b'), endpoint('c'));
    const loaded = state({ a: 2, b: 1 });
    expect(pickEndpoint(three, loaded, drawing(0, 0.4), 0)?.key).toBe('b');
    expect(pickEndpoint(three, loaded, drawing(0.4, 0.9), 0)?.key).toBe('c');
    expect(pickEndpoint(three, loaded, drawing(0, 0), 0)?.key).toBe('a');
  });

  it('draws at random whatever the weights, as Envoy does', () => {
    const two = cluster({ kind: 'random' }, endpoint('a', 1), endpoint('b', 3));
    expect([0, 0.2, 0.3, 0.9].map((draw) => pickEndpoint(two, state(), () => draw, 0)?.key)).toEqual([
      'a',
      'a',
      'a',
      'b',
    ]);
  });

  it('avoids tried endpoints while a few draws find others, and takes what there is', () => {
    const two = cluster({ kind: 'random' }, endpoint('a'), endpoint('b'));
    expect(pickEndpoint(two, state(), drawing(0, 0, 0.9), 0, { tried: new Set(['a']) })?.key).toBe('b');
    expect(pickEndpoint(two, state(), () => 0, 0, { tried: new Set(['a']) })?.key).toBe('a');
    expect(
      pickEndpoint(cluster({ kind: 'random' }, endpoint('a')), state(), () => 0, 0, { tried: new Set(['a']) })?.key,
    ).toBe('a');
  });
});
