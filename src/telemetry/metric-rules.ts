import type { AccessRecord } from './access-record.ts';

/** How a proxy changes one metric. */
export interface MetricRule {
  readonly isDropped: boolean;
  /** Labels without which it is written. */
  readonly removed: ReadonlySet<string>;
  /** Labels it has besides or in place of its own; an answer of undefined is written `unknown`. */
  readonly tags: readonly MetricTag[];
}

export interface MetricTag {
  readonly name: string;
  readonly read: (record: AccessRecord) => string | undefined;
}

/** By the metric's name without `istio_`; `off`: the proxy counts nothing. */
export type MetricRules = 'off' | ReadonlyMap<string, MetricRule>;
