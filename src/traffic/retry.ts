import type { RetryPolicy } from './tables.ts';

/** How one attempt ended, as far as retrying is concerned. */
export type AttemptOutcome =
  /** Response headers arrived; `grpcStatus` when they are trailers-only (grpc-status among the headers). */
  | { readonly kind: 'response'; readonly status: number; readonly grpcStatus: number | undefined }
  /** No connection: refused, timed out, failed TLS handshake. */
  | { readonly kind: 'connect-failure' }
  /** HTTP/2 REFUSED_STREAM. */
  | { readonly kind: 'refused-stream' }
  /** Closed before response headers; `requestSent` when any byte of the request had gone out. */
  | { readonly kind: 'reset'; readonly requestSent: boolean }
  | { readonly kind: 'per-try-timeout' };

export type RetryDecision =
  | { readonly kind: 'retry'; readonly afterMs: number }
  /** `limitExceeded`: worth a retry, but none is left (flag URX). */
  | { readonly kind: 'stop'; readonly limitExceeded: boolean };

const GO_ON: RetryDecision = { kind: 'stop', limitExceeded: false };
const EXHAUSTED: RetryDecision = { kind: 'stop', limitExceeded: true };

const GRPC_WORDS: ReadonlyMap<number, string> = new Map([
  [1, 'cancelled'],
  [4, 'deadline-exceeded'],
  [8, 'resource-exhausted'],
  [13, 'internal'],
  [14, 'unavailable'],
]);

/**
 * Decides after an attempt. `attempt` counts from 1; `random` in [0, 1) spreads the back-off over the whole interval
 * (Envoy: full jitter, doubling from the base, at most ten times the base).
 */
export const decideRetry = (
  policy: RetryPolicy | undefined,
  attempt: number,
  outcome: AttemptOutcome,
  random: number,
): RetryDecision => {
  if (policy === undefined || !isRetriable(policy, outcome)) return GO_ON;
  if (attempt > policy.attempts) return EXHAUSTED;
  const base = policy.backOffBaseMs;
  const interval = Math.min(base * 2 ** (attempt - 1), base * 10);
  return { kind: 'retry', afterMs: random * interval };
};

const isRetriable = (policy: RetryPolicy, outcome: AttemptOutcome): boolean => {
  const { on } = policy;
  switch (outcome.kind) {
    case 'response':
      return isRetriableStatus(policy, outcome.status) || isRetriableGrpc(on, outcome.grpcStatus);
    case 'connect-failure':
      return on.has('connect-failure') || on.has('reset-before-request') || isRetriableReset(on);
    case 'refused-stream':
      return on.has('refused-stream') || isRetriableReset(on);
    case 'reset':
      return isRetriableReset(on) || (!outcome.requestSent && on.has('reset-before-request'));
    case 'per-try-timeout':
      return isRetriableReset(on);
  }
};

/** Envoy counts a reset as the 5xx it would become. */
const isRetriableReset = (on: ReadonlySet<string>): boolean =>
  on.has('reset') || on.has('5xx') || on.has('gateway-error');

const isRetriableStatus = (policy: RetryPolicy, status: number): boolean => {
  const { on } = policy;
  if (status >= 500 && status < 600 && on.has('5xx')) return true;
  if (status >= 502 && status <= 504 && on.has('gateway-error')) return true;
  if (status === 409 && on.has('retriable-4xx')) return true;
  return on.has('retriable-status-codes') && policy.statusCodes.has(status);
};

const isRetriableGrpc = (on: ReadonlySet<string>, status: number | undefined): boolean => {
  const word = status === undefined ? undefined : GRPC_WORDS.get(status);
  return word !== undefined && on.has(word);
};
