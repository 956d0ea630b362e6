import type {
  HeaderOperations,
  HeaderOperationsRequest,
  StringMatch,
  VirtualServiceHttp,
  VirtualServiceHttpMatch,
} from '../../model/schema/generated/types-istio.ts';
import { reviewDuration } from './connection-policy.ts';
import { reviewDestination, reviewWeights } from './destination.ts';
import { reviewGatewayNames } from './gateway-names.ts';
import { refuseHeaderValue } from './header-value.ts';
import { reviewActions } from './http-actions.ts';
import type { At, Review } from './review.ts';
import { reviewLabels } from './selection.ts';
import { isDnsLabel, isHeaderName, isPort, refuseRegex } from './text-rules.ts';

/** One rule of `http`; in a delegate (a VirtualService without hosts) it cannot delegate again. */
export const reviewHttpRoute = (route: VirtualServiceHttp, isDelegate: boolean, review: Review): void => {
  reviewConflicts(route, isDelegate, review);
  for (const match of route.match ?? []) reviewMatch(match, review);
  reviewHeaders(route.headers, review);
  reviewActions(route, review);
  reviewMirrors(route, review);
  reviewAuthority(route, review);
  for (const weighted of route.route ?? []) reviewHeaders(weighted.headers, review);
  reviewWeights(route.route ?? [], route, review);
  reviewDuration(route, 'timeout', review);
};

const reviewConflicts = (route: VirtualServiceHttp, isDelegate: boolean, review: Review): void => {
  const { delegate, directResponse, redirect } = route;
  const hasRoute = (route.route ?? []).length > 0;
  if (delegate !== undefined && !isDelegate) {
    if (redirect !== undefined) review.refuse('delegate and redirect exclude each other', [route, 'redirect', 'key']);
    if (hasRoute) review.refuse('delegate and route exclude each other', [route, 'route', 'key']);
    return;
  }
  if (delegate !== undefined) review.refuse('a delegate cannot delegate again', [route, 'delegate', 'key']);
  if (route.mirror !== undefined && (route.mirrors ?? []).length > 0) {
    review.refuse('mirror and mirrors exclude each other', [route, 'mirrors', 'key']);
  }
  if (redirect === undefined && directResponse === undefined) {
    if (!hasRoute) review.refuse('an http rule needs a route, redirect or directResponse', [route]);
    return;
  }
  const answer = redirect === undefined ? 'directResponse' : 'redirect';
  if (hasRoute) review.refuse(`${answer} and route exclude each other`, [route, 'route', 'key']);
  for (const key of ['fault', 'rewrite'] as const) {
    if (route[key] !== undefined) review.refuse(`${answer} and ${key} exclude each other`, [route, key, 'key']);
  }
  if (redirect !== undefined && directResponse !== undefined) {
    review.refuse('redirect and directResponse exclude each other', [route, 'directResponse', 'key']);
  }
};

const PSEUDO_HEADERS: ReadonlySet<string> = new Set([':method', ':scheme', ':authority', ':path', ':status']);

/** `@request.auth.claims.NAME` or `@request.auth.claims[NAME]`, in any case: matched against a token, not a header. */
export const isRoutingClaim = (name: string): boolean => /^@request\.auth\.claims(?:\..+|\[.+\])$/is.test(name);

const reviewMatch = (match: VirtualServiceHttpMatch, review: Review): void => {
  for (const key of ['headers', 'withoutHeaders'] as const) {
    const headers = match[key] ?? {};
    for (const [name, pattern] of Object.entries(headers)) {
      if (!isRoutingClaim(name) && !PSEUDO_HEADERS.has(name) && !isHeaderName(name)) {
        review.refuse(`"${name}" is no header name`, [headers, name, 'key']);
      }
      // `withoutHeaders` with regex "*" is an old way to say that the header is absent.
      if (key === 'headers' || pattern.regex !== '*') reviewStringMatch(pattern, `header ${name}`, review);
    }
  }
  if (match.uri !== undefined) reviewRegex(match.uri, 'uri', review);
  for (const key of ['scheme', 'method', 'authority'] as const) reviewStringMatch(match[key], key, review);
  for (const [name, pattern] of Object.entries(match.queryParams ?? {})) {
    reviewStringMatch(pattern, `query parameter ${name}`, review);
  }
  const { port = 0, sourceNamespace = '' } = match;
  if (port !== 0 && !isPort(port)) review.refuse(`port ${port} is not from 1 to 65535`, [match, 'port']);
  reviewLabels(match.sourceLabels, review);
  reviewGatewayNames(match.gateways ?? [], review);
  if (sourceNamespace !== '' && !isDnsLabel(sourceNamespace)) {
    review.refuse(`"${sourceNamespace}" is no namespace`, [match, 'sourceNamespace']);
  }
};

const reviewStringMatch = (pattern: StringMatch | undefined, what: string, review: Review): void => {
  if (pattern === undefined) return;
  if (pattern.prefix === '') {
    review.refuse(`the prefix of ${what} is empty: it would match everything`, [pattern, 'prefix']);
  }
  reviewRegex(pattern, what, review);
};

const reviewRegex = (pattern: StringMatch, what: string, review: Review): void => {
  if (pattern.regex === undefined) return;
  const refusal = pattern.regex === '' ? 'it is empty' : refuseRegex(pattern.regex);
  if (refusal !== undefined) review.refuse(`the regex of ${what} is not valid: ${refusal}`, [pattern, 'regex']);
};

const isAuthority = (name: string): boolean => /^(?::authority|host)$/i.test(name);

const reviewHeaders = (headers: HeaderOperations | undefined, review: Review): void => {
  reviewOperations(headers?.request, true, review);
  reviewOperations(headers?.response, false, review);
};

const reviewOperations = (
  operations: HeaderOperationsRequest | undefined,
  mayBeAuthority: boolean,
  review: Review,
): void => {
  if (operations === undefined) return;
  for (const key of ['add', 'set'] as const) {
    const values = operations[key] ?? {};
    for (const [name, value] of Object.entries(values)) {
      reviewOperationName(name, mayBeAuthority, [values, name, 'key'], review);
      const refusal = refuseHeaderValue(value);
      if (refusal !== undefined) review.refuse(`the value of header ${name} ${refusal}`, [values, name]);
    }
  }
  const { remove = [] } = operations;
  remove.forEach((name, index) => {
    reviewOperationName(name, false, [remove, index], review);
  });
};

const reviewOperationName = (name: string, mayBeAuthority: boolean, at: At, review: Review): void => {
  if (name === '') review.refuse('a header needs a name', at);
  else if (name.startsWith(':') || name.toLowerCase() === 'host') {
    if (!mayBeAuthority || !isAuthority(name)) review.refuse(`header ${name} cannot be changed here`, at);
  }
};

/** The authority may be set in one place: a rewrite, or one header operation. */
const reviewAuthority = ({ rewrite, headers }: VirtualServiceHttp, review: Review): void => {
  let isSet = (rewrite?.authority ?? '') !== '';
  for (const values of [headers?.request?.set ?? {}, headers?.request?.add ?? {}]) {
    for (const [name, value] of Object.entries(values)) {
      if (!isAuthority(name)) continue;
      if (isSet) {
        review.refuse('the authority is set twice', [values, name]);
        return;
      }
      isSet = value !== '';
    }
  }
};

const reviewMirrors = (route: VirtualServiceHttp, review: Review): void => {
  const { mirror, mirrors = [], mirrorPercentage } = route;
  // The schema knows the field by two names.
  const key = route.mirrorPercent === undefined ? 'mirror_percent' : 'mirrorPercent';
  const percent = route[key];
  if (percent !== undefined) {
    if (percent > 100) review.refuse(`mirrorPercent ${percent} is above 100`, [route, key]);
    review.warn('mirrorPercent is deprecated: use mirrorPercentage', [route, key, 'key']);
  }
  for (const share of [mirrorPercentage, ...mirrors.map(({ percentage }) => percentage)]) {
    const value = share?.value ?? 0;
    if (share !== undefined && (value < 0 || value > 100)) {
      review.refuse(`mirror percentage ${value} is not from 0 to 100`, [share, 'value']);
    }
  }
  reviewDestination(mirror, review);
  for (const { destination } of mirrors) reviewDestination(destination, review);
};
