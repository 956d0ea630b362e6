import { parseDuration } from '../../base/duration.ts';
import type { OutlierDetection as Written } from '../../model/schema/generated/types-istio.ts';
import type { OutlierDetection } from '../tables.ts';

/** Envoy's own, where Istio leaves a setting to it. */
const CONSECUTIVE = 5;
const INTERVAL_MS = 10_000;
const BASE_EJECTION_MS = 30_000;
const MAX_EJECTION_PERCENT = 10;

/** Outlier detection as Istio hands it to Envoy. Gateway errors alone eject nobody unless the rule names a count. */
export const compileOutlierDetection = (written: Written): OutlierDetection => {
  const splitsLocalOrigin = written.splitExternalLocalOriginErrors === true;
  return {
    consecutive5xx: written.consecutive5xxErrors ?? CONSECUTIVE,
    consecutiveGatewayErrors: written.consecutiveGatewayErrors ?? 0,
    consecutiveLocalOriginFailures: splitsLocalOrigin ? written.consecutiveLocalOriginFailures || CONSECUTIVE : 0,
    splitsLocalOrigin,
    intervalMs: parseDuration(written.interval ?? '') ?? INTERVAL_MS,
    baseEjectionMs: parseDuration(written.baseEjectionTime ?? '') ?? BASE_EJECTION_MS,
    maxEjectionPercent: written.maxEjectionPercent || MAX_EJECTION_PERCENT,
  };
};
