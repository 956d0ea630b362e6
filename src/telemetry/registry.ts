import { Histogram } from './histogram.ts';

/** A number that only grows. */
export class Counter {
  #value = 0;

  add(amount: number): void {
    this.#value += amount;
  }

  get value(): number {
    return this.#value;
  }
}

/** A number that goes up and down. */
class Gauge {
  #value = 0;

  set(value: number): void {
    this.#value = value;
  }

  add(amount: number): void {
    this.#value += amount;
  }

  get value(): number {
    return this.#value;
  }
}

/** All series of one metric. `series` costs a lookup by label text: keep what it answers on a hot path. */
export interface Family<Metric> {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  /** Label values in the order of `names` (the family's, unless told); the same values answer the same series. */
  series(labelValues: readonly string[], names?: readonly string[]): Metric;
  /** Every series with its labels, in no particular order. */
  entries(): IterableIterator<readonly [labelNames: readonly string[], labelValues: readonly string[], metric: Metric]>;
}

export type AnyFamily =
  | { readonly kind: 'counter'; readonly family: Family<Counter> }
  | { readonly kind: 'gauge'; readonly family: Family<Gauge> }
  | { readonly kind: 'histogram'; readonly family: Family<Histogram> };

/**
 * Metrics by name. Asking twice for one name answers the same family; the first one's help, labels and buckets stay.
 * Asking for one name as two kinds throws a TypeError: that is a mistake in the program, not in its input.
 */
export interface Registry {
  counter(name: string, help: string, labelNames: readonly string[]): Family<Counter>;
  gauge(name: string, help: string, labelNames: readonly string[]): Family<Gauge>;
  histogram(name: string, help: string, labelNames: readonly string[], bounds: readonly number[]): Family<Histogram>;
  /** All families, by name. */
  families(): readonly AnyFamily[];
}

/** The label value that stands for all series beyond the limit of a metric. */
const overflowLabel = 'overflow';

const overflowMetric = 'heddle_telemetry_series_overflow_total';

const createFamily = <Metric>(
  name: string,
  help: string,
  labelNames: readonly string[],
  maxSeries: number,
  create: () => Metric,
  onOverflow: (metric: string) => void,
): Family<Metric> => {
  const byKey = new Map<string, readonly [readonly string[], readonly string[], Metric]>();
  let overflow: Metric | undefined;
  return {
    name,
    help,
    labelNames,
    series(labelValues, names = labelNames) {
      // JSON rather than a join: no separator that a label value could not contain.
      const key = JSON.stringify(names === labelNames ? labelValues : [names, labelValues]);
      const known = byKey.get(key);
      if (known !== undefined) return known[2];
      if (byKey.size < maxSeries) {
        const metric = create();
        byKey.set(key, [names, labelValues, metric]);
        return metric;
      }
      onOverflow(name);
      overflow ??= create();
      return overflow;
    },
    *entries() {
      yield* byKey.values();
      if (overflow !== undefined) yield [labelNames, labelNames.map(() => overflowLabel), overflow];
    },
  };
};

/**
 * An empty registry. Label values come from requests, so every metric keeps at most `maxSeriesPerMetric` label sets:
 * what lies beyond shares one series whose labels all read `overflow`, so that sums stay right, and
 * `heddle_telemetry_series_overflow_total{metric}` counts the refusals.
 */
export const createRegistry = (maxSeriesPerMetric = 5000): Registry => {
  const families = new Map<string, AnyFamily>();
  const wrong = (name: string, kind: string): TypeError => new TypeError(`metric ${name} is already a ${kind}`);
  const onOverflow = (metric: string): void => {
    if (metric !== overflowMetric) refused().series([metric]).add(1);
  };
  const counter: Registry['counter'] = (name, help, labelNames) => {
    const known = families.get(name);
    if (known !== undefined && known.kind !== 'counter') throw wrong(name, known.kind);
    if (known !== undefined) return known.family;
    const family = createFamily(name, help, labelNames, maxSeriesPerMetric, () => new Counter(), onOverflow);
    families.set(name, { kind: 'counter', family });
    return family;
  };
  const refused = (): Family<Counter> =>
    counter(overflowMetric, 'Label sets refused because their metric has too many series.', ['metric']);
  return {
    counter,
    gauge(name, help, labelNames) {
      const known = families.get(name);
      if (known !== undefined && known.kind !== 'gauge') throw wrong(name, known.kind);
      if (known !== undefined) return known.family;
      const family = createFamily(name, help, labelNames, maxSeriesPerMetric, () => new Gauge(), onOverflow);
      families.set(name, { kind: 'gauge', family });
      return family;
    },
    histogram(name, help, labelNames, bounds) {
      const known = families.get(name);
      if (known !== undefined && known.kind !== 'histogram') throw wrong(name, known.kind);
      if (known !== undefined) return known.family;
      const create = (): Histogram => new Histogram(bounds);
      const family = createFamily(name, help, labelNames, maxSeriesPerMetric, create, onOverflow);
      families.set(name, { kind: 'histogram', family });
      return family;
    },
    families: () => [...families.values()].sort((a, b) => (a.family.name < b.family.name ? -1 : 1)),
  };
};
