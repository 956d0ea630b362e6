/** Whether the first of two stands before the second; need not be consistent. */
type Before<T> = (left: T, right: T) => boolean;

/** Up to this length Go sorts by insertion, which keeps the order of equals. */
const SHORT = 12;
/** From this length on a pivot is the median of three medians. */
const LONG = 50;
const MOST_SWAPS = 12;
const MOST_SHIFTS = 5;

/**
 * One sort of a list the way Go's `sort.Slice` does it (pattern-defeating quicksort, as in the paper by Orson Peters).
 * Not stable, so what Go's order of equals is only the same algorithm can say.
 */
const createSorter = <T>(list: T[], before: Before<T>) => {
  const less = (left: number, right: number): boolean => before(list[left] as T, list[right] as T);
  const swap = (left: number, right: number): void => {
    const kept = list[left] as T;
    list[left] = list[right] as T;
    list[right] = kept;
  };

  /** Lets the element at `from` sink to the left until it stands right, not beyond `floor`. */
  const sink = (from: number, floor: number): void => {
    for (let at = from; at > floor && less(at, at - 1); at -= 1) swap(at, at - 1);
  };

  const insertion = (start: number, end: number): void => {
    for (let at = start + 1; at < end; at += 1) sink(at, start);
  };

  /** The index of the median of three; counts how often a pair was out of order. */
  const median = (three: readonly [number, number, number], swaps: { count: number }): number => {
    const order = (left: number, right: number): readonly [number, number] => {
      if (!less(right, left)) return [left, right];
      swaps.count += 1;
      return [right, left];
    };
    const [low, high] = order(three[0], three[1]);
    const [middle] = order(high, three[2]);
    return order(low, middle)[1];
  };

  const choosePivot = (start: number, end: number): { readonly pivot: number; readonly swaps: number } => {
    const quarter = Math.floor((end - start) / 4);
    const swaps = { count: 0 };
    const near = (index: number): number => (end - start < LONG ? index : median([index - 1, index, index + 1], swaps));
    const low = near(start + quarter);
    const middle = near(start + quarter * 2);
    const pivot = median([low, middle, near(start + quarter * 3)], swaps);
    return { pivot, swaps: swaps.count };
  };

  const reverse = (start: number, end: number): void => {
    for (let left = start, right = end - 1; left < right; left += 1, right -= 1) swap(left, right);
  };

  /** Finishes what is nearly sorted; false where that would be too much work. */
  const finish = (start: number, end: number): boolean => {
    let at = start + 1;
    for (let shift = 0; shift < MOST_SHIFTS; shift += 1) {
      while (at < end && !less(at, at - 1)) at += 1;
      if (at === end) return true;
      if (end - start < LONG) return false;
      swap(at, at - 1);
      if (at - start >= 2) sink(at - 1, 0);
      for (let next = at + 1; next < end && less(next, next - 1); next += 1) swap(next, next - 1);
    }
    return false;
  };

  /** Moves what belongs before the pivot to its left; answers where the pivot came to stand. */
  const partition = (
    start: number,
    end: number,
    pivot: number,
  ): { readonly middle: number; readonly already: boolean } => {
    swap(start, pivot);
    let left = start + 1;
    let right = end - 1;
    for (let already = true; ; already = false) {
      while (left <= right && less(left, start)) left += 1;
      while (left <= right && !less(right, start)) right -= 1;
      if (left > right) {
        swap(right, start);
        return { middle: right, already };
      }
      swap(left, right);
      left += 1;
      right -= 1;
    }
  };

  /** Moves what equals the pivot to the left, where nothing is smaller; answers where the rest begins. */
  const gatherEquals = (start: number, end: number, pivot: number): number => {
    swap(start, pivot);
    let left = start + 1;
    let right = end - 1;
    for (;;) {
      while (left <= right && !less(start, left)) left += 1;
      while (left <= right && less(start, right)) right -= 1;
      if (left > right) return left;
      swap(left, right);
      left += 1;
      right -= 1;
    }
  };

  /** Exchanges the middle with places of a fixed pseudorandom sequence (xorshift seeded with the length). */
  const scatter = (start: number, length: number): void => {
    const places = 2n ** BigInt(length.toString(2).length);
    let seed = BigInt(length);
    const middle = start + Math.floor(length / 4) * 2;
    for (let index = middle - 1; index <= middle + 1; index += 1) {
      seed = BigInt.asUintN(64, seed ^ (seed << 13n));
      seed ^= seed >> 7n;
      seed = BigInt.asUintN(64, seed ^ (seed << 17n));
      const other = Number(seed & (places - 1n));
      swap(index, start + (other >= length ? other - length : other));
    }
  };

  const quicksort = (from: number, to: number): void => {
    let [start, end, balanced, partitioned] = [from, to, true, true];
    while (end - start > SHORT) {
      const length = end - start;
      if (!balanced) scatter(start, length);
      let { pivot, swaps } = choosePivot(start, end);
      if (swaps === MOST_SWAPS) {
        reverse(start, end);
        pivot = end - 1 - (pivot - start);
        swaps = 0;
      }
      if (balanced && partitioned && swaps === 0 && finish(start, end)) return;
      if (start > 0 && !less(start - 1, pivot)) {
        start = gatherEquals(start, end, pivot);
        continue;
      }
      const { middle, already } = partition(start, end, pivot);
      partitioned = already;
      balanced = Math.min(middle - start, end - middle) >= Math.floor(length / 8);
      if (middle - start < end - middle) {
        quicksort(start, middle);
        start = middle + 1;
      } else {
        quicksort(middle + 1, end);
        end = middle;
      }
    }
    insertion(start, end);
  };
  return quicksort;
};

/** A sorted copy, with equals in the order in which Go's `sort.Slice` leaves them: that of istioctl's tables. */
export const sortLikeGo = <T>(items: readonly T[], before: Before<T>): readonly T[] => {
  const list = [...items];
  createSorter(list, before)(0, list.length);
  return list;
};
