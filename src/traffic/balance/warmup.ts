import type { Warmup } from '../tables.ts';

/** What part of its weight an endpoint has `ageMs` after it was first seen: 1 when the warm-up is over. */
export const warmupFactor = ({ durationMs, aggression, minimumPercent }: Warmup, ageMs: number): number => {
  if (ageMs >= durationMs) return 1;
  const passed = Math.max(ageMs, 1) / durationMs;
  return Math.max(passed ** (1 / aggression), minimumPercent / 100);
};
