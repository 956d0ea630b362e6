import { describe, expect, it } from 'vitest';
import { DEFAULT_RETRY } from '../../src/traffic/compile/rule-policies.ts';
import { type AttemptOutcome, decideRetry } from '../../src/traffic/retry.ts';
import type { RetryPolicy } from '../../src/traffic/tables.ts';

const response = (status: number, grpcStatus?: number): AttemptOutcome => ({ kind: 'response', status, grpcStatus });
const policy = (on: readonly string[], statusCodes: readonly number[] = []): RetryPolicy => ({
  attempts: 2,
  perTryTimeoutMs: 0,
  on: new Set(on),
  statusCodes: new Set(statusCodes),
  avoidPreviousHosts: true,
  backOffBaseMs: 25,
});
const retries = (on: readonly string[], outcome: AttemptOutcome, codes: readonly number[] = []): boolean =>
  decideRetry(policy(on, codes), 1, outcome, 0).kind === 'retry';

const RESET: AttemptOutcome = { kind: 'reset', requestSent: true };
const EARLY_RESET: AttemptOutcome = { kind: 'reset', requestSent: false };

describe("Istio's default policy", () => {
  it.each<[string, AttemptOutcome, boolean]>([
    ['a refused connection', { kind: 'connect-failure' }, true],
    ['a refused stream', { kind: 'refused-stream' }, true],
    ['a close before the request', EARLY_RESET, true],
    ['a close after the request', RESET, false],
    ['a 503', response(503), false],
    ['gRPC unavailable', response(200, 14), true],
    ['gRPC internal', response(200, 13), false],
    ['a timeout of one try', { kind: 'per-try-timeout' }, false],
  ])('%s is worth a retry: %s', (_, outcome, expected) => {
    expect(decideRetry(DEFAULT_RETRY, 1, outcome, 0).kind).toBe(expected ? 'retry' : 'stop');
  });
});

describe('conditions', () => {
  it('5xx takes every server error and every reset', () => {
    expect(retries(['5xx'], response(500))).toBe(true);
    expect(retries(['5xx'], response(499))).toBe(false);
    expect(retries(['5xx'], RESET)).toBe(true);
    expect(retries(['5xx'], { kind: 'per-try-timeout' })).toBe(true);
  });

  it('gateway-error takes 502, 503 and 504', () => {
    expect([500, 502, 503, 504, 505].map((status) => retries(['gateway-error'], response(status)))).toEqual([
      false,
      true,
      true,
      true,
      false,
    ]);
  });

  it('status codes count only with their condition', () => {
    expect(retries(['retriable-status-codes'], response(418), [418])).toBe(true);
    expect(retries(['reset'], response(418), [418])).toBe(false);
  });

  it('retriable-4xx means 409', () => {
    expect(retries(['retriable-4xx'], response(409))).toBe(true);
    expect(retries(['retriable-4xx'], response(404))).toBe(false);
  });

  it('connect-failure does not cover a reset', () => {
    expect(retries(['connect-failure'], RESET)).toBe(false);
  });
});

describe('the limit and the pause', () => {
  it('allows N retries after the first attempt and then says so', () => {
    const decisions = [1, 2, 3].map((attempt) => decideRetry(policy(['5xx']), attempt, response(500), 0));
    expect(decisions).toEqual([
      { kind: 'retry', afterMs: 0 },
      { kind: 'retry', afterMs: 0 },
      { kind: 'stop', limitExceeded: true },
    ]);
  });

  it('does not call a good answer exhausted', () => {
    expect(decideRetry(policy(['5xx']), 3, response(200), 0)).toEqual({ kind: 'stop', limitExceeded: false });
  });

  it('doubles the interval up to ten times the base and spreads over all of it', () => {
    const many = { ...policy(['5xx']), attempts: 10 };
    const pauses = [1, 2, 3, 4, 5, 6].map((attempt) => decideRetry(many, attempt, response(500), 0.5));
    expect(pauses.map((decision) => (decision.kind === 'retry' ? decision.afterMs : undefined))).toEqual([
      12.5, 25, 50, 100, 125, 125,
    ]);
  });

  it('never retries without a policy', () => {
    expect(decideRetry(undefined, 1, { kind: 'connect-failure' }, 0).kind).toBe('stop');
  });
});
