import { parseDuration } from '../../base/duration.ts';
import type {
  Percent,
  VirtualServiceHttp,
  VirtualServiceHttpCorsPolicy,
  VirtualServiceHttpDirectResponse,
  VirtualServiceHttpFault,
  VirtualServiceHttpRedirect,
  VirtualServiceHttpRetries,
  VirtualServiceHttpRewrite,
} from '../../model/schema/generated/types-istio.ts';
import { reviewDuration } from './connection-policy.ts';
import type { Review } from './review.ts';
import { isHeaderName, isPort, refuseRegex } from './text-rules.ts';

/** What an http rule does beside forwarding. */
export const reviewActions = (route: VirtualServiceHttp, review: Review): void => {
  const { corsPolicy, directResponse, fault, redirect, retries, rewrite } = route;
  if (corsPolicy !== undefined) reviewCors(corsPolicy, review);
  if (fault !== undefined) reviewFault(fault, route, review);
  if (redirect !== undefined) reviewRedirect(redirect, route, review);
  if (directResponse !== undefined) reviewDirectResponse(directResponse, review);
  if (retries !== undefined) reviewRetries(retries, review);
  if (rewrite !== undefined) reviewRewrite(rewrite, route, review);
};

const METHODS: ReadonlySet<string> = new Set('GET HEAD POST PUT PATCH DELETE CONNECT OPTIONS TRACE *'.split(' '));

const reviewCors = (cors: VirtualServiceHttpCorsPolicy, review: Review): void => {
  const { allowMethods = [], allowOrigins = [], maxAge } = cors;
  allowOrigins.forEach((origin, index) => {
    if ((origin.exact ?? origin.prefix ?? origin.regex ?? '') === '') {
      review.refuse('an allowed origin needs exact, prefix or regex', [allowOrigins, index]);
      return;
    }
    const refusal = origin.regex === undefined ? undefined : refuseRegex(origin.regex);
    if (refusal !== undefined)
      review.refuse(`the regex of an allowed origin is not valid: ${refusal}`, [origin, 'regex']);
  });
  allowMethods.forEach((method, index) => {
    if (!METHODS.has(method)) review.refuse(`"${method}" is no HTTP method`, [allowMethods, index]);
  });
  for (const key of ['allowHeaders', 'exposeHeaders'] as const) {
    const names = cors[key] ?? [];
    names.forEach((name, index) => {
      if (!isHeaderName(name)) review.refuse(`"${name}" is no header name`, [names, index]);
    });
  }
  reviewDuration(cors, 'maxAge', review);
  if (maxAge !== undefined && (parseDuration(maxAge) ?? 0) % 1000 !== 0) {
    review.refuse(`maxAge ${maxAge} is not a whole number of seconds`, [cors, 'maxAge']);
  }
};

const GRPC_STATUSES: ReadonlySet<string> = new Set(
  (
    'OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED ' +
    'RESOURCE_EXHAUSTED FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL UNAVAILABLE DATA_LOSS UNAUTHENTICATED'
  ).split(' '),
);

const reviewPercentage = (percentage: Percent | undefined, review: Review): void => {
  const value = percentage?.value ?? 0;
  if (percentage === undefined || (value <= 100 && (value === 0 || value >= 0.0001))) return;
  review.refuse(`percentage ${value} is neither 0 nor from 0.0001 to 100`, [percentage, 'value']);
};

/** The webhook's bounds: 600 passes. */
const isStatus = (status: number): boolean => status >= 200 && status <= 600;

const reviewFault = ({ abort, delay }: VirtualServiceHttpFault, route: VirtualServiceHttp, review: Review): void => {
  if (abort === undefined && delay === undefined) {
    review.refuse('a fault needs an abort or a delay', [route, 'fault', 'key']);
  }
  if (abort !== undefined) {
    const { grpcStatus, http2Error, httpStatus } = abort;
    reviewPercentage(abort.percentage, review);
    if (http2Error !== undefined) {
      review.refuse('http2Error is not supported', [abort, 'http2Error', 'key'], 'use httpStatus or grpcStatus');
    } else if (httpStatus !== undefined) {
      if (!isStatus(httpStatus))
        review.refuse(`HTTP status ${httpStatus} is not from 200 to 599`, [abort, 'httpStatus']);
    } else if (grpcStatus === undefined) {
      review.warn('the abort names no status: nothing is aborted', [abort]);
    } else if (!GRPC_STATUSES.has(grpcStatus)) {
      review.refuse(`"${grpcStatus}" is no gRPC status such as UNAVAILABLE`, [abort, 'grpcStatus']);
    }
  }
  if (delay === undefined) return;
  reviewPercentage(delay.percentage, review);
  reviewDuration(delay, 'fixedDelay', review);
  if (delay.exponentialDelay !== undefined) {
    review.refuse('exponentialDelay is not supported', [delay, 'exponentialDelay', 'key'], 'use fixedDelay');
  }
};

const reviewRedirect = (redirect: VirtualServiceHttpRedirect, route: VirtualServiceHttp, review: Review): void => {
  const {
    authority = '',
    derivePort,
    port = 0,
    prefixRewrite = '',
    redirectCode = 0,
    scheme = '',
    uri = '',
  } = redirect;
  if (uri !== '' && prefixRewrite !== '') {
    review.refuse('uri and prefixRewrite exclude each other', [redirect, 'prefixRewrite', 'key']);
  } else if (
    prefixRewrite !== '' &&
    (route.match ?? []).some((match) => match.uri !== undefined && match.uri.prefix === undefined)
  ) {
    review.refuse('prefixRewrite needs every match of the uri to be a prefix', [redirect, 'prefixRewrite']);
  } else if (
    [uri, prefixRewrite, authority, scheme].every((part) => part === '') &&
    redirect.port === undefined &&
    derivePort === undefined
  ) {
    review.refuse('a redirect must change the uri, authority, scheme or port', [route, 'redirect', 'key']);
  } else if (redirectCode !== 0 && (redirectCode < 300 || redirectCode > 399)) {
    review.refuse(`redirectCode ${redirectCode} is not from 300 to 399`, [redirect, 'redirectCode']);
  } else if (!['', 'http', 'https'].includes(scheme)) {
    review.refuse(`a redirect's scheme is http or https, not "${scheme}"`, [redirect, 'scheme']);
  } else if (port > 0 && !isPort(port)) {
    review.refuse(`port ${port} is not from 1 to 65535`, [redirect, 'port']);
  }
};

const KIBIBYTE = 1024;
const LARGE_BODY = 100 * KIBIBYTE;
const MAX_BODY = 1024 * KIBIBYTE;

const reviewDirectResponse = (response: VirtualServiceHttpDirectResponse, review: Review): void => {
  const { body, status } = response;
  const text = body?.string ?? '';
  const size = text === '' ? ((body?.bytes ?? '').length * 3) / 4 : new TextEncoder().encode(text).length;
  if (size > MAX_BODY) review.refuse('the body is larger than 1 MiB', [response, 'body', 'key']);
  else if (size > LARGE_BODY)
    review.warn('a body above 100 KiB weighs on the control plane', [response, 'body', 'key']);
  if (!isStatus(status)) review.refuse(`HTTP status ${status} is not from 200 to 599`, [response, 'status']);
};

const RETRY_CONDITIONS: ReadonlySet<string> = new Set(
  (
    '5xx gateway-error reset reset-before-request connect-failure retriable-4xx refused-stream retriable-status-codes ' +
    'retriable-headers envoy-ratelimited http3-post-connect-failure cancelled deadline-exceeded internal ' +
    'resource-exhausted unavailable'
  ).split(' '),
);

/** Status codes with a name of their own, as inclusive ranges. */
const NAMED_STATUSES: readonly (readonly [first: number, last: number])[] = [
  [100, 103],
  [200, 208],
  [226, 226],
  [300, 305],
  [307, 308],
  [400, 418],
  [421, 426],
  [428, 429],
  [431, 431],
  [451, 451],
  [500, 508],
  [510, 511],
];

const isNamedStatus = (text: string): boolean =>
  /^\+?\d+$/.test(text) && NAMED_STATUSES.some(([first, last]) => Number(text) >= first && Number(text) <= last);

const reviewRetries = (retries: VirtualServiceHttpRetries, review: Review): void => {
  const { attempts = 0, retryOn = '' } = retries;
  if (attempts < 0) review.refuse('attempts cannot be negative', [retries, 'attempts']);
  if (attempts === 0) {
    const other = (['perTryTimeout', 'retryOn', 'retryRemoteLocalities'] as const).find(
      (key) => retries[key] !== undefined && retries[key] !== '',
    );
    if (other !== undefined) {
      review.refuse(`${other} is set, but attempts is 0: nothing is retried`, [retries, other, 'key'], 'set attempts');
    }
  }
  reviewDuration(retries, 'perTryTimeout', review);
  reviewDuration(retries, 'backoff', review);
  for (const condition of retryOn === '' ? [] : retryOn.split(',')) {
    if (RETRY_CONDITIONS.has(condition) || isNamedStatus(condition)) continue;
    const hint = condition.trim() === condition ? undefined : 'write the list without blanks';
    review.refuse(`"${condition}" is no condition to retry on`, [retries, 'retryOn'], hint);
  }
};

const reviewRewrite = (rewrite: VirtualServiceHttpRewrite, route: VirtualServiceHttp, review: Review): void => {
  const { authority = '', uri = '', uriRegexRewrite } = rewrite;
  if (uri !== '' && uriRegexRewrite !== undefined) {
    review.refuse('uri and uriRegexRewrite exclude each other', [rewrite, 'uriRegexRewrite', 'key']);
  } else if (uri === '' && authority === '' && uriRegexRewrite === undefined) {
    review.refuse('a rewrite needs a uri, uriRegexRewrite or authority', [route, 'rewrite', 'key']);
  } else if (uriRegexRewrite !== undefined) {
    const { match = '', rewrite: replacement = '' } = uriRegexRewrite;
    const refusal = match === '' ? undefined : refuseRegex(match);
    if (match === '' || replacement === '') {
      review.refuse('uriRegexRewrite needs match and rewrite', [rewrite, 'uriRegexRewrite', 'key']);
    } else if (refusal !== undefined) {
      review.refuse(`the regex of uriRegexRewrite is not valid: ${refusal}`, [uriRegexRewrite, 'match']);
    }
  }
};
