import { describe, expect, it } from 'vitest';
import {
  type AttemptResult,
  createOutlierState,
  outlierStatus,
  reportResult,
} from '../../src/traffic/balance/outlier.ts';
import { type BalancerState, createBalancerState, pickEndpoint } from '../../src/traffic/balance/pick-endpoint.ts';
import type { Cluster, OutlierDetection } from '../../src/traffic/tables.ts';
import { balanced, hostsOf } from './balance-cluster.ts';

const SETTINGS: OutlierDetection = {
  consecutive5xx: 1,
  consecutiveGatewayErrors: 0,
  consecutiveLocalOriginFailures: 0,
  splitsLocalOrigin: false,
  intervalMs: 500,
  baseEjectionMs: 3_000,
  maxEjectionPercent: 100,
};

const three = (changes: Partial<OutlierDetection> = {}, more: Partial<Cluster> = {}): Cluster =>
  balanced('round-robin', hostsOf('a', 'b', 'c'), { outlier: { ...SETTINGS, ...changes }, ...more });

const status = (code: number): AttemptResult => ({ kind: 'status', status: code });

const stateOf = (cluster: Cluster): BalancerState => ({
  ...createBalancerState(),
  outlier: cluster.outlier === undefined ? undefined : createOutlierState(cluster.outlier, 0),
});

const report = (state: BalancerState, cluster: Cluster, key: string, result: AttemptResult, nowMs: number): void => {
  if (state.outlier !== undefined) reportResult(state.outlier, cluster, key, result, nowMs);
};

/** Who serves at a time, in order of their keys. */
const serving = (state: BalancerState, cluster: Cluster, nowMs: number): string => {
  const picked = Array.from({ length: 12 }, () => pickEndpoint(cluster, state, () => 0.5, nowMs)?.key ?? '-');
  return [...new Set(picked)].sort().join('');
};

describe('outlier detection', () => {
  it('leaves an endpoint out after so many 5xx in a row, and takes it back at a tick after its time', () => {
    const cluster = three({ consecutive5xx: 3 });
    const state = stateOf(cluster);
    for (const code of [500, 500, 200, 500, 503]) report(state, cluster, 'a', status(code), 100);
    expect(serving(state, cluster, 100)).toBe('abc');
    report(state, cluster, 'a', status(500), 200);
    expect(serving(state, cluster, 200)).toBe('bc');
    expect(serving(state, cluster, 3_199)).toBe('bc');
    expect(serving(state, cluster, 3_499)).toBe('bc');
    expect(serving(state, cluster, 3_500)).toBe('abc');
  });

  it('leaves it out for longer each time, and for less after quiet intervals', () => {
    const cluster = three();
    const state = stateOf(cluster);
    report(state, cluster, 'a', status(500), 0);
    expect(serving(state, cluster, 3_000)).toBe('abc');
    report(state, cluster, 'a', status(500), 3_100);
    expect(serving(state, cluster, 8_500)).toBe('bc');
    expect(serving(state, cluster, 9_500)).toBe('abc');
    // Two intervals without an ejection take both steps back.
    report(state, cluster, 'a', status(500), 10_600);
    expect(serving(state, cluster, 13_500)).toBe('bc');
    expect(serving(state, cluster, 14_000)).toBe('abc');
  });

  it('never ejects more than the allowed part, which is nobody where one is too much', () => {
    const many = three({ maxEjectionPercent: 34 });
    const state = stateOf(many);
    for (const key of ['a', 'b', 'c']) report(state, many, key, status(500), 0);
    expect(serving(state, many, 2_000)).toBe('bc');
    const none = three({ maxEjectionPercent: 10 });
    const kept = stateOf(none);
    report(kept, none, 'a', status(500), 0);
    expect(serving(kept, none, 2_000)).toBe('abc');
    expect(kept.outlier?.refusedEjections).toBe(1);
  });

  it('passes the first change on at once and what follows within a second at its end', () => {
    const cluster = three({}, { panicPercent: 50 });
    const state = stateOf(cluster);
    report(state, cluster, 'a', status(500), 0);
    report(state, cluster, 'b', status(500), 10);
    report(state, cluster, 'c', status(500), 20);
    expect(serving(state, cluster, 900)).toBe('bc');
    // Now all are out, which is panic: all serve.
    expect(serving(state, cluster, 1_010)).toBe('abc');
  });

  it('has nobody left to serve without a panic threshold', () => {
    const cluster = three();
    const state = stateOf(cluster);
    for (const key of ['a', 'b', 'c']) report(state, cluster, key, status(500), 0);
    expect(serving(state, cluster, 1_000)).toBe('-');
  });

  it('counts gateway errors for themselves where the rule asks for it', () => {
    const cluster = three({ consecutive5xx: 0, consecutiveGatewayErrors: 2 });
    const state = stateOf(cluster);
    for (const code of [503, 500, 502]) report(state, cluster, 'a', status(code), 0);
    expect(serving(state, cluster, 0)).toBe('abc');
    report(state, cluster, 'a', { kind: 'timed-out' }, 0);
    expect(serving(state, cluster, 0)).toBe('bc');
  });

  it('counts failures to connect as 503, or apart from answers where the rule splits them', () => {
    const joined = three({ consecutive5xx: 2 });
    const one = stateOf(joined);
    report(one, joined, 'a', { kind: 'failed' }, 0);
    report(one, joined, 'a', status(500), 0);
    expect(serving(one, joined, 0)).toBe('bc');
    const split = three({ consecutive5xx: 1, splitsLocalOrigin: true, consecutiveLocalOriginFailures: 2 });
    const other = stateOf(split);
    report(other, split, 'a', { kind: 'failed' }, 0);
    expect(serving(other, split, 0)).toBe('abc');
    report(other, split, 'a', status(200), 0);
    report(other, split, 'a', { kind: 'failed' }, 0);
    expect(serving(other, split, 0)).toBe('abc');
    report(other, split, 'a', { kind: 'failed' }, 0);
    expect(serving(other, split, 0)).toBe('bc');
  });

  it('sends on to the next priority when too few of the first are healthy', () => {
    const cluster = balanced(
      'round-robin',
      [...hostsOf('a'), ...hostsOf('b').map((host) => ({ ...host, priority: 1 }))],
      {
        outlier: SETTINGS,
      },
    );
    const state = stateOf(cluster);
    expect(serving(state, cluster, 0)).toBe('a');
    report(state, cluster, 'a', status(500), 0);
    expect(serving(state, cluster, 0)).toBe('b');
  });

  it('keeps an ejection when a reload replaces the cluster', () => {
    const before = three();
    const state = stateOf(before);
    report(state, before, 'a', status(500), 0);
    expect(serving(state, three(), 100)).toBe('bc');
  });

  it('reads the status of gRPC as Envoy does', () => {
    expect([0, 4, 14, 99].map((code) => outlierStatus(200, code))).toEqual([200, 504, 503, 500]);
    expect(outlierStatus(404, undefined)).toBe(404);
  });
});
