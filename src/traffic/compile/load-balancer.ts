import { parseDuration } from '../../base/duration.ts';
import type { LoadBalancer } from '../../model/schema/generated/types-istio.ts';
import type { Warmup } from '../tables.ts';

/** Envoy's: a new endpoint gets a tenth of its share at first. */
const MINIMUM_PERCENT = 10;

/** The slow start of a load balancer, `warmupDurationSecs` being the older way to ask for one. */
export const warmupOf = ({ warmup, warmupDurationSecs }: LoadBalancer): Warmup | undefined => {
  const durationMs = parseDuration(warmup?.duration ?? warmupDurationSecs ?? '');
  if (durationMs === undefined || durationMs <= 0) return undefined;
  return {
    durationMs,
    aggression: warmup?.aggression ?? 1,
    minimumPercent: warmup?.minimumPercent ?? MINIMUM_PERCENT,
  };
};
