import { parseDuration } from '../../base/duration.ts';
import type { ConnectionPool, TrafficPolicyRetryBudget } from '../../model/schema/generated/types-istio.ts';
import type { ClusterLimits, ConnectionLifetimes } from '../tables.ts';

/** Istio's for a budget that names neither. */
const BUDGET_PERCENT = 20;
const BUDGET_MINIMUM = 3;
/** The silence after which Linux asks by itself, where keepalive is on without a time. */
const SYSTEM_KEEP_ALIVE_MS = 7_200_000;

/** The limits of a cluster; 0 means unset to Istio. Undefined when nothing is limited. */
export const limitsOf = (
  pool: ConnectionPool | undefined,
  budget: TrafficPolicyRetryBudget | undefined,
): ClusterLimits | undefined => {
  const limits: ClusterLimits = {
    ...positive('maxConnections', pool?.tcp?.maxConnections),
    ...positive('maxPending', pool?.http?.http1MaxPendingRequests),
    ...positive('maxRequests', pool?.http?.http2MaxRequests),
    ...positive('maxRetries', pool?.http?.maxRetries),
    ...(budget === undefined
      ? {}
      : {
          retryBudget: {
            percent: budget.percent ?? BUDGET_PERCENT,
            minimum: budget.minRetryConcurrency || BUDGET_MINIMUM,
          },
        }),
  };
  return Object.keys(limits).length === 0 ? undefined : limits;
};

/** How long a cluster's connections live; undefined when the proxy decides by itself. */
export const lifetimesOf = (pool: ConnectionPool | undefined): ConnectionLifetimes | undefined => {
  const { tcp, http } = pool ?? {};
  const tcpIdleMs = tcp?.idleTimeout === undefined ? undefined : parseDuration(tcp.idleTimeout);
  const keepAlive = tcp?.tcpKeepalive;
  const lifetimes: ConnectionLifetimes = {
    ...positive('idleMs', http?.idleTimeout === undefined ? tcpIdleMs : parseDuration(http.idleTimeout)),
    ...(tcpIdleMs === undefined ? {} : { tcpIdleMs }),
    ...positive('maxDurationMs', parseDuration(tcp?.maxConnectionDuration ?? '')),
    ...(keepAlive === undefined ? {} : { keepAliveMs: parseDuration(keepAlive.time ?? '') ?? SYSTEM_KEEP_ALIVE_MS }),
    ...positive('maxStreams', http?.maxConcurrentStreams),
  };
  return Object.keys(lifetimes).length === 0 ? undefined : lifetimes;
};

const positive = <Name extends string>(name: Name, value: number | undefined): { readonly [name in Name]?: number } =>
  (value !== undefined && value > 0 ? { [name]: value } : {}) as { readonly [name in Name]?: number };
