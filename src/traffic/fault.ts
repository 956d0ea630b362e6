import type { Random } from '../base/ports.ts';
import type { FaultInjection } from './tables.ts';

export interface FaultDecision {
  /** 0 = no delay (flag DI otherwise). Not cut by the route's timeout. */
  readonly delayMs: number;
  /** Comes after the delay; is neither retried nor mirrored (flag FI). */
  readonly abort: { readonly status: number; readonly grpcStatus: number | undefined } | undefined;
}

const NONE: FaultDecision = { delayMs: 0, abort: undefined };

/** Draws once for the delay and once for the abort; a percentage of 0 never fires. */
export const decideFault = (fault: FaultInjection | undefined, random: Random): FaultDecision => {
  if (fault === undefined) return NONE;
  const { delay, abort } = fault;
  const delayMs = delay !== undefined && isSampled(delay.percent, random()) ? delay.ms : 0;
  return { delayMs, abort: abort !== undefined && isSampled(abort.percent, random()) ? abort : undefined };
};

/** Whether a percentage (0..100) takes this request; `random` in [0, 1). */
export const isSampled = (percent: number, random: number): boolean => random * 100 < percent;
