import type { Cluster, OutlierDetection } from '../tables.ts';

/** How one attempt at an endpoint went, as far as its health is concerned. */
export type AttemptResult =
  /** Response headers came, with this status of HTTP (see `outlierStatus` for gRPC). */
  | { readonly kind: 'status'; readonly status: number }
  /** A connection without HTTP came about. */
  | { readonly kind: 'connected' }
  /** No connection, or it ended before the response. */
  | { readonly kind: 'failed' }
  | { readonly kind: 'timed-out' };

interface HostRecord {
  consecutive5xx: number;
  consecutiveGatewayErrors: number;
  consecutiveLocalOriginFailures: number;
  ejectedAtMs: number | undefined;
  /** How many times the base ejection time the next ejection lasts, less one. */
  backOff: number;
}

interface PriorityUpdates {
  lastMs: number;
  /** When changes since then are passed on; undefined = there are none. */
  dueMs: number | undefined;
}

/** What outlier detection remembers of a cluster; survives reloads. */
export interface OutlierState {
  readonly hosts: Map<string, HostRecord>;
  readonly updates: Map<number, PriorityUpdates>;
  nextTickMs: number;
  /** Keys of the endpoints the balancer leaves out; replaced as a whole when they change. */
  ejected: ReadonlySet<string>;
  ejections: number;
  /** Ejections that maxEjectionPercent forbade. */
  refusedEjections: number;
}

/** Envoy passes changes of health on at once, and further ones within this time together at its end. */
const MERGE_WINDOW_MS = 1_000;
/** However often an endpoint fails, unless its base ejection time is longer. */
const MAX_EJECTION_MS = 300_000;
const GATEWAY_STATUSES: ReadonlySet<number> = new Set([502, 503, 504]);

const NOBODY: ReadonlySet<string> = new Set();

export const createOutlierState = (settings: OutlierDetection, nowMs: number): OutlierState => ({
  hosts: new Map(),
  updates: new Map(),
  nextTickMs: nowMs + settings.intervalMs,
  ejected: NOBODY,
  ejections: 0,
  refusedEjections: 0,
});

/** Counts the result of an attempt, and ejects the endpoint if it was one error too many. */
export const reportResult = (
  state: OutlierState,
  cluster: Cluster,
  key: string,
  result: AttemptResult,
  nowMs: number,
): void => {
  const settings = cluster.outlier;
  if (settings === undefined) return;
  advanceOutlier(state, cluster, nowMs);
  const host = hostOf(state, key);
  const isLocal = result.kind === 'failed' || result.kind === 'timed-out';
  if (settings.splitsLocalOrigin && (isLocal || result.kind === 'connected')) {
    countLocalOrigin(state, cluster, settings, key, host, isLocal, nowMs);
    return;
  }
  const status = statusOf(result);
  // An answer proves that there was a connection.
  if (settings.splitsLocalOrigin) host.consecutiveLocalOriginFailures = 0;
  if (status < 500 || status > 599) {
    host.consecutive5xx = 0;
    host.consecutiveGatewayErrors = 0;
    return;
  }
  if (!GATEWAY_STATUSES.has(status)) host.consecutiveGatewayErrors = 0;
  else {
    host.consecutiveGatewayErrors += 1;
    if (host.consecutiveGatewayErrors === settings.consecutiveGatewayErrors && host.ejectedAtMs === undefined) {
      eject(state, cluster, settings, key, host, nowMs);
      host.consecutiveGatewayErrors = 0;
    }
  }
  host.consecutive5xx += 1;
  if (host.consecutive5xx !== settings.consecutive5xx || host.ejectedAtMs !== undefined) return;
  eject(state, cluster, settings, key, host, nowMs);
  host.consecutive5xx = 0;
};

const statusOf = (result: AttemptResult): number => {
  switch (result.kind) {
    case 'status':
      return result.status;
    case 'connected':
      return 200;
    case 'failed':
      return 503;
    case 'timed-out':
      return 504;
  }
};

const countLocalOrigin = (
  state: OutlierState,
  cluster: Cluster,
  settings: OutlierDetection,
  key: string,
  host: HostRecord,
  isFailure: boolean,
  nowMs: number,
): void => {
  if (!isFailure) {
    host.consecutiveLocalOriginFailures = 0;
    return;
  }
  host.consecutiveLocalOriginFailures += 1;
  if (host.consecutiveLocalOriginFailures !== settings.consecutiveLocalOriginFailures) return;
  if (host.ejectedAtMs !== undefined) return;
  eject(state, cluster, settings, key, host, nowMs);
  host.consecutiveLocalOriginFailures = 0;
};

const hostOf = (state: OutlierState, key: string): HostRecord => {
  let host = state.hosts.get(key);
  if (host === undefined) {
    host = {
      consecutive5xx: 0,
      consecutiveGatewayErrors: 0,
      consecutiveLocalOriginFailures: 0,
      ejectedAtMs: undefined,
      backOff: 0,
    };
    state.hosts.set(key, host);
  }
  return host;
};

const eject = (
  state: OutlierState,
  cluster: Cluster,
  settings: OutlierDetection,
  key: string,
  host: HostRecord,
  nowMs: number,
): void => {
  const ejected = cluster.endpoints.filter((endpoint) => isEjected(state, endpoint.key)).length;
  if ((100 * (ejected + 1)) / cluster.endpoints.length > settings.maxEjectionPercent) {
    state.refusedEjections += 1;
    return;
  }
  state.ejections += 1;
  host.ejectedAtMs = nowMs;
  if (host.backOff * settings.baseEjectionMs < maxEjectionMs(settings) + settings.baseEjectionMs) host.backOff += 1;
  noteChange(state, cluster, key, nowMs);
};

const isEjected = (state: OutlierState, key: string): boolean => state.hosts.get(key)?.ejectedAtMs !== undefined;

const maxEjectionMs = ({ baseEjectionMs }: OutlierDetection): number => Math.max(MAX_EJECTION_MS, baseEjectionMs);

/** Lets time pass: endpoints come back at the interval's ticks, and changes reach the balancer when they are due. */
export const advanceOutlier = (state: OutlierState, cluster: Cluster, nowMs: number): void => {
  const settings = cluster.outlier;
  if (settings === undefined) return;
  for (;;) {
    const due = firstDue(state);
    if (due !== undefined && due.atMs <= nowMs && due.atMs <= state.nextTickMs) {
      publish(state, cluster, due.priority, due.atMs);
      continue;
    }
    if (state.nextTickMs > nowMs) return;
    tick(state, cluster, settings, state.nextTickMs);
    const isQuiet = due === undefined && ![...state.hosts.values()].some((host) => host.backOff > 0);
    // Where nothing can happen at a tick, all that have passed are one.
    const skipped = isQuiet ? Math.floor((nowMs - state.nextTickMs) / settings.intervalMs) : 0;
    state.nextTickMs += (skipped + 1) * settings.intervalMs;
  }
};

const firstDue = (state: OutlierState): { readonly priority: number; readonly atMs: number } | undefined => {
  let first: { readonly priority: number; readonly atMs: number } | undefined;
  for (const [priority, { dueMs }] of state.updates) {
    if (dueMs !== undefined && (first === undefined || dueMs < first.atMs)) first = { priority, atMs: dueMs };
  }
  return first;
};

const tick = (state: OutlierState, cluster: Cluster, settings: OutlierDetection, atMs: number): void => {
  if (state.hosts.size > cluster.endpoints.length) forgetOthers(state, cluster);
  for (const [key, host] of state.hosts) {
    if (host.ejectedAtMs === undefined) {
      if (host.backOff > 0) host.backOff -= 1;
      continue;
    }
    const lastsMs = Math.min(settings.baseEjectionMs * host.backOff, maxEjectionMs(settings));
    if (atMs - host.ejectedAtMs < lastsMs) continue;
    host.ejectedAtMs = undefined;
    host.consecutive5xx = 0;
    host.consecutiveGatewayErrors = 0;
    host.consecutiveLocalOriginFailures = 0;
    noteChange(state, cluster, key, atMs);
  }
};

/** Endpoints that a reload took away. */
const forgetOthers = (state: OutlierState, cluster: Cluster): void => {
  const keys = new Set(cluster.endpoints.map(({ key }) => key));
  for (const key of state.hosts.keys()) if (!keys.has(key)) state.hosts.delete(key);
};

const noteChange = (state: OutlierState, cluster: Cluster, key: string, nowMs: number): void => {
  const priority = cluster.endpoints.find((endpoint) => endpoint.key === key)?.priority ?? 0;
  const updates = state.updates.get(priority) ?? { lastMs: Number.NEGATIVE_INFINITY, dueMs: undefined };
  state.updates.set(priority, updates);
  if (nowMs - updates.lastMs > MERGE_WINDOW_MS) publish(state, cluster, priority, nowMs);
  else updates.dueMs ??= nowMs + MERGE_WINDOW_MS;
};

const publish = (state: OutlierState, cluster: Cluster, priority: number, atMs: number): void => {
  state.updates.set(priority, { lastMs: atMs, dueMs: undefined });
  state.ejected = new Set(
    cluster.endpoints
      .filter(({ key, priority: own = 0 }) => (own === priority ? isEjected(state, key) : state.ejected.has(key)))
      .map(({ key }) => key),
  );
};

/** gRPC's status as the status of HTTP that Envoy counts it as. */
export const outlierStatus = (status: number, grpcStatus: number | undefined): number =>
  grpcStatus === undefined ? status : (HTTP_OF_GRPC[grpcStatus] ?? 500);

const HTTP_OF_GRPC: readonly number[] = [
  200, 499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401,
];
