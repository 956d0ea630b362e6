import type { CallLimits } from './cluster.ts';

/** One call's time. */
export interface Deadline {
  /** Aborted when the time is over, or by the user. */
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  readonly remainingMs: () => number;
  /** Whether the clock, and not the user, ended it. */
  readonly isTimeout: () => boolean;
  /** What was waited for has come: from now on only the user ends it. */
  readonly stopClock: () => void;
}

/** Acts when a signal is aborted, at once where it is already; answers what forgets about it. */
export const whenAborted = (signal: AbortSignal | undefined, act: () => void): (() => void) => {
  if (signal?.aborted === true) act();
  signal?.addEventListener('abort', act, { once: true });
  return () => signal?.removeEventListener('abort', act);
};

/** Starts the time of one call: its own limit or the connection's, ended earlier by the signal of either. */
export const startDeadline = (limits: CallLimits | undefined, connection: Required<CallLimits>): Deadline => {
  const timeoutMs = limits?.timeoutMs ?? connection.timeoutMs;
  const endsAt = performance.now() + timeoutMs;
  const clock = new AbortController();
  const timer = setTimeout(() => clock.abort(), timeoutMs);
  const user = limits?.signal === undefined ? connection.signal : AbortSignal.any([connection.signal, limits.signal]);
  return {
    signal: AbortSignal.any([clock.signal, user]),
    timeoutMs,
    remainingMs: () => endsAt - performance.now(),
    isTimeout: () => !user.aborted,
    stopClock: () => clearTimeout(timer),
  };
};
