/** Time as the pure rooms and the tests see it. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  nowMs(): number;
  /** Milliseconds from an arbitrary start that never go back. */
  monotonicMs(): number;
}

/** A source of uniform numbers in [0, 1). */
export type Random = () => number;
