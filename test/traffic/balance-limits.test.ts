import { describe, expect, it } from 'vitest';
import { admitConnection, admitRequest, hasRoomForRetry } from '../../src/traffic/balance/limits.ts';

const nothing = { requests: 0, connections: 0, pending: 0, retries: 0 };
const unconnected = { connections: 0, idle: 0 };

describe('the limits of a cluster', () => {
  it('let requests wait without end for a connection unless waiting is limited too', () => {
    const usage = { ...nothing, requests: 1, connections: 1, pending: 5 };
    const busy = { connections: 1, idle: 0 };
    expect(admitRequest({ maxConnections: 1 }, usage, busy)).toBe('wait');
    expect(admitRequest({ maxConnections: 1, maxPending: 6 }, usage, busy)).toBe('wait');
    expect(admitRequest({ maxConnections: 1, maxPending: 5 }, usage, busy)).toBe('overflow');
    expect(admitRequest({ maxConnections: 1 }, usage, { connections: 1, idle: 1 })).toBe('go');
    expect(admitRequest({ maxConnections: 2 }, usage, busy)).toBe('go');
  });

  it('never refuse the first connection to an endpoint', () => {
    expect(admitRequest({ maxConnections: 1 }, { ...nothing, connections: 3 }, unconnected)).toBe('go');
  });

  it('refuse requests over their number at once', () => {
    expect(admitRequest({ maxRequests: 2 }, { ...nothing, requests: 1 }, unconnected)).toBe('go');
    expect(admitRequest({ maxRequests: 2 }, { ...nothing, requests: 2 }, unconnected)).toBe('overflow');
  });

  it('hold for retries by number or by budget', () => {
    expect(hasRoomForRetry({ maxRetries: 1 }, nothing)).toBe(true);
    expect(hasRoomForRetry({ maxRetries: 1 }, { ...nothing, retries: 1 })).toBe(false);
    const budget = { maxRetries: 1, retryBudget: { percent: 20, minimum: 3 } };
    expect(hasRoomForRetry(budget, { ...nothing, retries: 2 })).toBe(true);
    expect(hasRoomForRetry(budget, { ...nothing, requests: 10, retries: 3 })).toBe(false);
    expect(hasRoomForRetry(budget, { ...nothing, requests: 15, pending: 5, retries: 3 })).toBe(true);
  });

  it('refuse connections without HTTP over their number', () => {
    expect(admitConnection({ maxConnections: 1 }, nothing)).toBe(true);
    expect(admitConnection({ maxConnections: 1 }, { ...nothing, connections: 1 })).toBe(false);
  });
});
