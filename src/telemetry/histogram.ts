/**
 * The bucket bounds Envoy exports by default, which Istio keeps for all of its histograms whatever their unit;
 * +Inf is implied.
 */
export const envoyBuckets: readonly number[] = [
  0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000, 300_000, 600_000, 1_800_000,
  3_600_000,
];

/** A cumulative distribution; `observe` is cheap enough for once per request. */
export class Histogram {
  readonly bounds: readonly number[];
  readonly #counts: Float64Array;
  #sum = 0;

  /** Bounds ascend and leave out +Inf; a value equal to a bound falls into that bound's bucket (Prometheus `le`). */
  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.#counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    let bucket = 0;
    while (bucket < this.bounds.length && value > (this.bounds[bucket] as number)) bucket++;
    this.#counts[bucket] = (this.#counts[bucket] as number) + 1;
    this.#sum += value;
  }

  get sum(): number {
    return this.#sum;
  }

  /** One number per bound and a last one for +Inf, each including the ones before it; the last is the total. */
  cumulative(): readonly number[] {
    let total = 0;
    return Array.from(this.#counts, (count) => {
      total += count;
      return total;
    });
  }

  /** The value below which `share` (0..1) of the observations lie, interpolated as PromQL does; NaN when empty. */
  quantile(share: number): number {
    const counts = this.cumulative();
    const total = counts.at(-1) ?? 0;
    if (total === 0) return Number.NaN;
    const rank = share * total;
    const bucket = counts.findIndex((count) => count >= rank);
    const upper = this.bounds[bucket];
    if (upper === undefined) return this.bounds.at(-1) ?? Number.NaN;
    const below = bucket === 0 ? 0 : (counts[bucket - 1] ?? 0);
    const lower = bucket === 0 ? 0 : (this.bounds[bucket - 1] ?? 0);
    const inside = (counts[bucket] ?? 0) - below;
    return inside === 0 ? upper : lower + ((upper - lower) * (rank - below)) / inside;
  }
}
