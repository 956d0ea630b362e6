import { describe, expect, it } from 'vitest';
import {
  excludedPriorities,
  priorityAt,
  shareAmongPriorities,
  shareWithout,
} from '../../src/traffic/balance/priority-load.ts';

const of = (...pairs: readonly (readonly [healthy: number, hosts: number])[]) =>
  pairs.map(([healthy, hosts]) => ({ healthy, hosts }));

describe('sharing load among priorities', () => {
  it('leaves all of it with the first while 100/140 of its hosts are healthy', () => {
    expect(shareAmongPriorities(of([5, 5], [5, 5]), 0).loads).toEqual([100, 0]);
    expect(shareAmongPriorities(of([4, 5], [5, 5]), 0).loads).toEqual([100, 0]);
    expect(shareAmongPriorities(of([3, 5], [5, 5]), 0).loads).toEqual([84, 16]);
    expect(shareAmongPriorities(of([0, 5], [5, 5]), 0).loads).toEqual([0, 100]);
  });

  it('scales what there is when all together are too few', () => {
    expect(shareAmongPriorities(of([1, 4], [1, 4]), 0).loads).toEqual([50, 50]);
    expect(shareAmongPriorities(of([1, 3], [1, 4], [0, 1]), 0).loads).toEqual([57, 43, 0]);
  });

  it('panics below the threshold, and not while another priority can take the load', () => {
    expect(shareAmongPriorities(of([1, 5], [5, 5]), 50).panics).toEqual([false, false]);
    expect(shareAmongPriorities(of([1, 5], [3, 10]), 25).panics).toEqual([true, false]);
    expect(shareAmongPriorities(of([0, 1], [0, 3]), 50)).toEqual({ loads: [25, 75], panics: [true, true] });
  });

  it('sends to nobody when all are down and there is no panic', () => {
    expect(shareAmongPriorities(of([0, 2], [0, 2]), 0)).toEqual({ loads: [100, 0], panics: [false, false] });
  });

  it('finds the priority of a draw', () => {
    expect([0, 83, 84, 99].map((draw) => priorityAt([84, 16], draw))).toEqual([0, 0, 1, 1]);
  });

  it('leaves tried priorities out at every second attempt, and none when no other could serve', () => {
    expect(excludedPriorities([0])).toBeUndefined();
    expect(excludedPriorities([0, 1, 2])).toEqual(new Set([0, 1]));
    expect(shareWithout(of([1, 1], [1, 1]), new Set([0]))).toEqual([0, 100]);
    expect(shareWithout(of([1, 1], [0, 1]), new Set([0]))).toBeUndefined();
  });
});
