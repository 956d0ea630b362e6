import type { ClusterLimits } from '../tables.ts';

/** What is under way in a cluster. */
export interface Usage {
  readonly requests: number;
  readonly connections: number;
  /** Requests waiting for a connection. */
  readonly pending: number;
  readonly retries: number;
}

/** The connections to the endpoint that a request is for. */
export interface EndpointUsage {
  readonly connections: number;
  readonly idle: number;
}

/** `overflow` is 503 with flag UO. */
export type Admission = 'go' | 'wait' | 'overflow';

/**
 * Whether a request may start. As in Envoy a first connection to an endpoint is always allowed, so that nobody waits for
 * one that never comes; a request whose connection may be opened does not count as waiting.
 */
export const admitRequest = (limits: ClusterLimits, usage: Usage, endpoint: EndpointUsage): Admission => {
  if (hasConnection(limits, usage, endpoint)) return hasRoomForRequest(limits, usage) ? 'go' : 'overflow';
  return limits.maxPending !== undefined && usage.pending >= limits.maxPending ? 'overflow' : 'wait';
};

/** Whether a connection to the endpoint is free or may be opened. */
export const hasConnection = (
  { maxConnections }: ClusterLimits,
  { connections }: Usage,
  endpoint: EndpointUsage,
): boolean =>
  endpoint.idle > 0 || maxConnections === undefined || connections < maxConnections || endpoint.connections === 0;

/** Asked again when a request that waited gets its connection. */
export const hasRoomForRequest = ({ maxRequests }: ClusterLimits, { requests }: Usage): boolean =>
  maxRequests === undefined || requests < maxRequests;

/** Whether another retry may be under way: a budget, where there is one, counts alone. */
export const hasRoomForRetry = ({ retryBudget, maxRetries }: ClusterLimits, usage: Usage): boolean => {
  if (retryBudget !== undefined) {
    const share = Math.floor(((usage.requests + usage.pending) * retryBudget.percent) / 100);
    return usage.retries < Math.max(retryBudget.minimum, share);
  }
  return maxRetries === undefined || usage.retries < maxRetries;
};

/** A connection without HTTP has no queue: over the limit it is closed. */
export const admitConnection = ({ maxConnections }: ClusterLimits, { connections }: Usage): boolean =>
  maxConnections === undefined || connections < maxConnections;
