/**
 * Whether a request's tokens satisfy RequestAuthentications. As Istio configures Envoy: a request without any token
 * passes, one with tokens needs a rule all of whose tokens are good.
 */
import { claimAt } from './claims.ts';
import {
  AUDIENCE_REFUSED,
  claimsFault,
  normalClaims,
  type ParsedToken,
  parseToken,
  type TokenFault,
  UNKNOWN_ISSUER,
} from './jwt.ts';
import { tokensIn, withoutParameter } from './jwt-places.ts';
import type { RequestHead } from './request.ts';
import type { Origin } from './tables.ts';
import type { Claims, TokenPlace, TokenRule } from './token-rules.ts';

/** What a rule's keys say of a token's signature; undefined when one of them made it. */
export type SignatureVerdict = (rule: TokenRule, token: ParsedToken) => TokenFault | undefined;

/** What becomes of a request's head: names to remove first, then lines to add. */
interface TokenChanges {
  readonly remove: readonly string[];
  readonly add: readonly (readonly [name: string, value: string])[];
  /** The target for the application. */
  readonly path: string;
}

export type TokenDecision =
  | {
      readonly kind: 'accept';
      readonly claims: Claims | undefined;
      readonly changes: TokenChanges;
      readonly by: Origin | undefined;
    }
  | { readonly kind: 'refuse'; readonly status: 401 | 403; readonly message: string; readonly by: Origin };

interface Presented {
  readonly place: TokenPlace;
  readonly token: ParsedToken | TokenFault;
}

const isFault = (token: ParsedToken | TokenFault): token is TokenFault => 'fault' in token;

const presented = (rule: TokenRule, request: RequestHead, nowSeconds: number): readonly Presented[] =>
  tokensIn(rule.places, request).map(({ place, text }) => {
    const token = parseToken(text);
    return { place, token: isFault(token) ? token : (claimsFault(rule, token, nowSeconds) ?? token) };
  });

/** A preflight carries no credentials, so it is not asked for any. */
const isPreflight = (request: RequestHead): boolean =>
  request.method === 'OPTIONS' &&
  (request.headerValues('origin')[0] ?? '') !== '' &&
  (request.headerValues('access-control-request-method')[0] ?? '') !== '';

/** The signatures on which the decision about a request depends. */
export const tokensToVerify = (
  rules: readonly TokenRule[],
  request: RequestHead,
  nowSeconds: number,
): readonly { readonly rule: TokenRule; readonly token: ParsedToken }[] =>
  isPreflight(request)
    ? []
    : rules.flatMap((rule) =>
        presented(rule, request, nowSeconds).flatMap(({ token }) => (isFault(token) ? [] : [{ rule, token }])),
      );

/** Decides; `verdictOf` is asked about tokens that `tokensToVerify` lists and no others. */
export const authenticate = (
  rules: readonly TokenRule[],
  request: RequestHead,
  nowSeconds: number,
  verdictOf: SignatureVerdict,
): TokenDecision => {
  const untouched = { remove: [], add: [], path: request.path };
  if (isPreflight(request)) return { kind: 'accept', claims: undefined, changes: untouched, by: undefined };
  const sanitized: string[] = [];
  let refusal: { readonly rule: TokenRule; readonly fault: TokenFault } | undefined;
  for (const rule of rules) {
    sanitized.push(...headersOf(rule));
    const tokens = presented(rule, request, nowSeconds);
    if (tokens.length === 0) continue;
    const fault = faultOf(rule, tokens, verdictOf);
    if (fault === undefined) return accept(rule, tokens, request, sanitized);
    // That a token is for another rule says less than what is wrong with it.
    if (refusal === undefined || (refusal.fault === UNKNOWN_ISSUER && fault !== UNKNOWN_ISSUER))
      refusal = { rule, fault };
  }
  if (refusal === undefined) {
    return { kind: 'accept', claims: undefined, changes: { ...untouched, remove: sanitized }, by: undefined };
  }
  const { rule, fault } = refusal;
  return { kind: 'refuse', status: fault === AUDIENCE_REFUSED ? 403 : 401, message: fault.fault, by: rule.origin };
};

/** Headers that only the proxy may set. */
const headersOf = ({ payloadHeader, claimHeaders }: TokenRule): readonly string[] => [
  ...(payloadHeader === '' ? [] : [payloadHeader]),
  ...claimHeaders.map(({ header }) => header),
];

/** Envoy judges the last of several tokens first, and all must be good. */
const faultOf = (
  rule: TokenRule,
  tokens: readonly Presented[],
  verdictOf: SignatureVerdict,
): TokenFault | undefined => {
  for (const { token } of tokens.toReversed()) {
    const fault = isFault(token) ? token : verdictOf(rule, token);
    if (fault !== undefined) return fault;
  }
  return undefined;
};

const accept = (
  rule: TokenRule,
  tokens: readonly Presented[],
  request: RequestHead,
  sanitized: readonly string[],
): TokenDecision => {
  const remove = [...sanitized];
  const add: (readonly [name: string, value: string])[] = [];
  let { path } = request;
  let claims: Claims | undefined;
  for (const { place, token } of tokens.toReversed()) {
    if (isFault(token)) continue;
    if (rule.payloadHeader !== '') add.push([rule.payloadHeader, token.payload]);
    for (const { claim, header } of rule.claimHeaders) {
      const text = headerText(claimAt(token.claims, claim));
      if (text !== '') add.push([header, text]);
    }
    if (!rule.isForwarded && place.in === 'header') remove.push(place.name);
    if (!rule.isForwarded && place.in === 'query') path = withoutParameter(path, place.name);
    claims = normalClaims(rule, token);
  }
  return { kind: 'accept', claims, changes: { remove, add, path }, by: rule.origin };
};

/** A claim as a header's value: lists and objects as base64 of their JSON; empty for none. */
const headerText = (value: unknown): string => {
  switch (typeof value) {
    case 'string':
      return value;
    case 'number':
      return Number.isInteger(value) && value >= 0 && value < 2 ** 64 ? String(BigInt(value)) : value.toFixed(6);
    case 'boolean':
      return String(value);
    case 'object':
      return value === null ? '' : Buffer.from(JSON.stringify(value), 'utf8').toString('base64');
    default:
      return '';
  }
};
