import { describe, expect, it } from 'vitest';
import { sortLikeGo } from '../../src/envoy/go-sort.ts';

const numbers = (count: number, seed: number): readonly number[] =>
  Array.from({ length: count }, (_, index) => (index * 7919 + seed * 104_729) % 1_009);

describe('sortLikeGo', () => {
  it('sorts lists of every shape', () => {
    for (const length of [0, 1, 2, 12, 13, 49, 50, 51, 500, 3_000])
      for (const list of [
        numbers(length, 3),
        numbers(length, 3).toReversed(),
        Array.from({ length }, (_, index) => index % 3),
      ])
        expect(sortLikeGo(list, (left, right) => left < right)).toEqual([...list].sort((left, right) => left - right));
  });

  it('keeps up to twelve equals in order', () => {
    const list = [...'abcdefghijkl'];
    expect(sortLikeGo(list, () => false)).toEqual(list);
  });

  it('leaves equals as Go does', () => {
    // What sort.Slice of Go 1.26 printed.
    const list = Array.from({ length: 20 }, (_, index) => index);
    const order = sortLikeGo(list, (left, right) => left % 3 < right % 3);
    expect(order.join(' ')).toBe('9 18 15 3 12 0 6 10 7 4 13 16 1 19 8 5 11 14 2 17');
  });
});
