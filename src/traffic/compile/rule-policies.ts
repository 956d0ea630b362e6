import { parseDuration } from '../../base/duration.ts';
import type { Resource } from '../../model/resource.ts';
import type {
  Percent,
  VirtualServiceHttpCorsPolicy,
  VirtualServiceHttpFault,
  VirtualServiceHttpRetries,
} from '../../model/schema/generated/types-istio.ts';
import type { CorsPolicy, FaultInjection, RetryPolicy, StringMatcher } from '../tables.ts';
import type { At, Report } from './report.ts';
import { compileStringMatch } from './string-match.ts';

const RETRY_WORDS: ReadonlySet<string> = new Set([
  '5xx',
  'gateway-error',
  'reset',
  'reset-before-request',
  'connect-failure',
  'envoy-ratelimited',
  'retriable-4xx',
  'refused-stream',
  'retriable-status-codes',
  'retriable-headers',
  'http3-post-connect-failure',
  'cancelled',
  'deadline-exceeded',
  'internal',
  'resource-exhausted',
  'unavailable',
]);

/** Words that need a header of the response, which decisions do not see. */
const UNSUPPORTED_RETRY_WORDS: ReadonlySet<string> = new Set([
  'envoy-ratelimited',
  'retriable-headers',
  'http3-post-connect-failure',
]);

/** Istio's policy for routes that name none: only what surely never reached the application. */
export const DEFAULT_RETRY: RetryPolicy = {
  attempts: 2,
  perTryTimeoutMs: 0,
  on: new Set([
    'connect-failure',
    'refused-stream',
    'unavailable',
    'cancelled',
    'retriable-status-codes',
    'reset-before-request',
  ]),
  statusCodes: new Set(),
  avoidPreviousHosts: true,
  backOffBaseMs: 25,
};

/** A duration that Istio accepts here: at least 1ms. Reports others and answers undefined. */
export const compileDuration = (
  resource: Resource,
  field: string,
  text: string | undefined,
  at: At,
  report: Report,
): number | undefined => {
  if (text === undefined) return undefined;
  const ms = parseDuration(text);
  if (ms !== undefined && ms >= 1) return ms;
  report.invalid(resource, `${field} "${text}" is not a duration of at least 1ms`, at);
  return undefined;
};

/** Compiles `retries`; undefined when the rule switches them off with `attempts: 0`. */
export const compileRetries = (
  resource: Resource,
  retries: VirtualServiceHttpRetries | undefined,
  fallback: RetryPolicy | undefined,
  report: Report,
): RetryPolicy | undefined => {
  if (retries === undefined) return fallback;
  const attempts = retries.attempts ?? 0;
  if (attempts < 0) report.invalid(resource, 'retries.attempts is negative', [retries, 'attempts']);
  if (attempts === 0 && (retries.retryOn !== undefined || retries.perTryTimeout !== undefined)) {
    report.invalid(resource, 'retries name conditions with no attempts', [retries]);
  }
  const words = (retries.retryOn ?? '').split(',').map((word) => word.trim());
  const on = new Set<string>();
  const statusCodes = new Set<number>();
  for (const word of words) {
    if (word === '') continue;
    if (/^\d{3}$/.test(word)) {
      statusCodes.add(Number(word));
      on.add('retriable-status-codes');
    } else if (!RETRY_WORDS.has(word)) {
      report.invalid(resource, `retryOn: "${word}" is not a condition of Envoy's`, [retries, 'retryOn']);
    } else {
      if (UNSUPPORTED_RETRY_WORDS.has(word)) {
        report.unsupportedField(resource, `retryOn ${word}`, 'the condition never holds', [retries, 'retryOn']);
      }
      on.add(word);
    }
  }
  const perTry = compileDuration(resource, 'perTryTimeout', retries.perTryTimeout, [retries, 'perTryTimeout'], report);
  const backOff = compileDuration(resource, 'backoff', retries.backoff, [retries, 'backoff'], report);
  if (attempts <= 0) return undefined;
  return {
    attempts,
    perTryTimeoutMs: perTry ?? 0,
    on: on.size === 0 ? DEFAULT_RETRY.on : on,
    statusCodes,
    avoidPreviousHosts: retries.retryIgnorePreviousHosts ?? true,
    ...(retries.retryIgnorePreviousHosts === undefined ? {} : { choosesHosts: true }),
    ...(retries.retryRemoteLocalities === true ? { avoidPreviousPriorities: true } : {}),
    backOffBaseMs: backOff ?? DEFAULT_RETRY.backOffBaseMs,
  };
};

/** Without `percentage`, or with an empty one, a fault never fires. */
const percentOf = (
  resource: Resource,
  field: string,
  percentage: Percent | undefined,
  at: At,
  report: Report,
): number => {
  const value = percentage?.value ?? 0;
  if (value < 0 || value > 100) report.invalid(resource, `${field} ${value} is not between 0 and 100`, at);
  return value;
};

const GRPC_STATUS: readonly string[] = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
];

/** Compiles `fault`. An abort by grpcStatus has the HTTP status 200. */
export const compileFault = (
  resource: Resource,
  fault: VirtualServiceHttpFault | undefined,
  report: Report,
): FaultInjection | undefined => {
  if (fault === undefined) return undefined;
  return { delay: compileDelay(resource, fault, report), abort: compileAbort(resource, fault, report) };
};

const compileDelay = (resource: Resource, fault: VirtualServiceHttpFault, report: Report): FaultInjection['delay'] => {
  const { delay } = fault;
  if (delay === undefined) return undefined;
  if (delay.exponentialDelay !== undefined) {
    const at: At = [delay, 'exponentialDelay'];
    report.unsupportedField(resource, 'exponentialDelay', 'Istio ignores it too; use fixedDelay', at);
  }
  const ms = compileDuration(resource, 'fixedDelay', delay.fixedDelay, [delay, 'fixedDelay'], report);
  const percentage = delay.percentage ?? (delay.percent === undefined ? undefined : { value: delay.percent });
  const percent = percentOf(resource, 'delay percentage', percentage, [delay, 'percentage'], report);
  return ms === undefined ? undefined : { ms, percent };
};

const compileAbort = (resource: Resource, fault: VirtualServiceHttpFault, report: Report): FaultInjection['abort'] => {
  const { abort } = fault;
  if (abort === undefined) return undefined;
  const percent = percentOf(resource, 'abort percentage', abort.percentage, [abort, 'percentage'], report);
  if (abort.grpcStatus !== undefined) {
    const named = GRPC_STATUS.indexOf(abort.grpcStatus.toUpperCase());
    const grpcStatus = named >= 0 ? named : Number(abort.grpcStatus);
    if (!Number.isInteger(grpcStatus) || grpcStatus < 0) {
      report.invalid(resource, `grpcStatus "${abort.grpcStatus}" is not a gRPC status`, [abort, 'grpcStatus']);
    }
    return { status: 200, grpcStatus, percent };
  }
  const status = abort.httpStatus;
  if (status === undefined) {
    report.invalid(resource, 'an abort needs httpStatus or grpcStatus', [abort]);
    return undefined;
  }
  if (status < 200 || status > 599) {
    report.invalid(resource, `abort httpStatus ${status} is not between 200 and 599`, [abort, 'httpStatus']);
  }
  return { status, grpcStatus: undefined, percent };
};

/** Compiles `corsPolicy`; the deprecated `allowOrigin` counts as exact origins, `*` as any. */
export const compileCors = (
  resource: Resource,
  cors: VirtualServiceHttpCorsPolicy | undefined,
  report: Report,
): CorsPolicy | undefined => {
  if (cors === undefined) return undefined;
  const origins: StringMatcher[] = (cors.allowOrigin ?? []).map((origin) =>
    origin === '*' ? { kind: 'present' } : { kind: 'exact', value: origin },
  );
  for (const [index, match] of (cors.allowOrigins ?? []).entries()) {
    // Istio writes `exact: "*"` as a match of any origin.
    const compiled = match.exact === '*' ? ({ kind: 'present' } as const) : compileStringMatch(match);
    if ('refused' in compiled) {
      report.invalid(resource, `corsPolicy: ${compiled.refused}`, [cors.allowOrigins ?? [], index]);
    } else origins.push(compiled);
  }
  const maxAge = cors.maxAge === undefined ? undefined : parseDuration(cors.maxAge);
  if (cors.maxAge !== undefined && maxAge === undefined) {
    report.invalid(resource, `maxAge "${cors.maxAge}" is not a duration`, [cors, 'maxAge']);
  }
  return {
    allowOrigins: origins,
    allowMethods: (cors.allowMethods ?? []).join(','),
    allowHeaders: (cors.allowHeaders ?? []).join(','),
    exposeHeaders: (cors.exposeHeaders ?? []).join(','),
    maxAge: maxAge === undefined ? '' : String(Math.floor(maxAge / 1000)),
    allowCredentials: cors.allowCredentials === true,
    forwardUnmatchedPreflights: cors.unmatchedPreflights !== 'IGNORE',
  };
};
