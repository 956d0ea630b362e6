import { describe, expect, it } from 'vitest';
import { type BalancerState, createBalancerState, pickEndpoint } from '../../src/traffic/balance/pick-endpoint.ts';
import { balanced, host, hostsOf } from './balance-cluster.ts';

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
    expect(pickEndpoint(balanced('least-request', []), state(), () => 0, 0)).toBeUndefined();
    expect(pickEndpoint(balanced('round-robin', []), state(), () => 0, 0)).toBeUndefined();
  });

  it('goes round exactly', () => {
    const three = balanced('round-robin', [host('a'), host('b'), host('c')]);
    const shared = state();
    const picked = Array.from({ length: 6 }, () => pickEndpoint(three, shared, () => 0, 0)?.key);
    expect(picked).toEqual(['a', 'b', 'c', 'a', 'b', 'c']);
  });

  it('takes exact turns by weight', () => {
    const two = balanced('round-robin', [host('a', { weight: 1 }), host('b', { weight: 2 })]);
    const shared = state();
    const picked = Array.from({ length: 6 }, () => pickEndpoint(two, shared, () => 0, 0)?.key);
    expect(picked.filter((key) => key === 'b')).toHaveLength(4);
  });

  it('takes the less loaded of two drawn ones', () => {
    const three = balanced('least-request', [host('a'), host('b'), host('c')]);
    const loaded = state({ a: 2, b: 1 });
    expect(pickEndpoint(three, loaded, drawing(0, 0.4), 0)?.key).toBe('b');
    expect(pickEndpoint(three, loaded, drawing(0.4, 0.9), 0)?.key).toBe('c');
    expect(pickEndpoint(three, loaded, drawing(0, 0), 0)?.key).toBe('a');
  });

  it('draws at random whatever the weights, as Envoy does', () => {
    const two = balanced('random', [host('a', { weight: 1 }), host('b', { weight: 3 })]);
    expect([0, 0.2, 0.3, 0.9].map((draw) => pickEndpoint(two, state(), () => draw, 0)?.key)).toEqual([
      'a',
      'a',
      'a',
      'b',
    ]);
  });

  it('avoids tried endpoints while a few draws find others, and takes what there is', () => {
    const two = balanced('random', [host('a'), host('b')]);
    expect(pickEndpoint(two, state(), drawing(0, 0, 0.9), 0, { tried: new Set(['a']) })?.key).toBe('b');
    expect(pickEndpoint(two, state(), () => 0, 0, { tried: new Set(['a']) })?.key).toBe('a');
    expect(pickEndpoint(balanced('random', [host('a')]), state(), () => 0, 0, { tried: new Set(['a']) })?.key).toBe(
      'a',
    );
  });

  it('weighs what an endpoint has to do where weights differ', () => {
    const two = balanced('least-request', [host('a', { weight: 1 }), host('b', { weight: 2 })]);
    const picked = Array.from({ length: 4 }, () => pickEndpoint(two, state({ b: 9 }), () => 0, 0)?.key);
    expect(picked).toEqual(['a', 'a', 'a', 'a']);
  });

  it('gives a new endpoint its share little by little', () => {
    const warmup = { durationMs: 10_000, aggression: 1, minimumPercent: 10 };
    const balancer = { kind: 'round-robin', warmup } as const;
    const shared = createBalancerState();
    pickEndpoint(balanced(balancer, hostsOf('a')), shared, () => 0, 0);
    const both = balanced(balancer, hostsOf('a', 'b'));
    const share = (nowMs: number): number =>
      Array.from({ length: 110 }, () => pickEndpoint(both, shared, () => 0, nowMs)?.key).filter((key) => key === 'b')
        .length;
    expect(share(20_000)).toBeLessThanOrEqual(11);
    expect(share(25_000)).toBeGreaterThan(30);
    expect(share(30_000)).toBe(55);
  });

  it('shares exactly among localities by weight', () => {
    const [a, b, c] = [host('a'), host('b'), host('c')];
    const localities = [
      { priority: 0, weight: 70, endpoints: [a] },
      { priority: 0, weight: 20, endpoints: [b] },
      { priority: 0, weight: 10, endpoints: [c] },
    ];
    const cluster = balanced('least-request', [a, b, c], { localities });
    const shared = createBalancerState();
    const counts: Record<string, number> = {};
    for (let turn = 0; turn < 300; turn += 1) {
      const key = pickEndpoint(cluster, shared, () => 0, 0)?.key ?? '';
      counts[key] = (counts[key] ?? 0) + 1;
    }
    expect(counts).toEqual({ a: 210, b: 60, c: 30 });
  });

  it('leaves tried priorities out while others can serve', () => {
    const cluster = balanced('random', [host('a'), host('b', { priority: 1 })]);
    const at = (...priorities: readonly number[]) =>
      pickEndpoint(cluster, state(), () => 0, 0, { withoutPriorities: new Set(priorities) })?.key;
    expect([at(), at(0), at(1), at(0, 1)]).toEqual(['a', 'b', 'a', 'a']);
  });
});
