/**
 * Who may do what. Envoy's order: what CUSTOM refuses or asks about, then what DENY matches, then, where there is an
 * ALLOW policy, everything that no ALLOW rule matches.
 */
import { cidrContains } from '../base/cidr.ts';
import type { Authorizer } from './authorizer.ts';
import { claimAt, claimMatches } from './claims.ts';
import { matchesString } from './string-matcher.ts';
import type {
  AuthorizationCondition,
  AuthorizationPolicies,
  AuthorizationRule,
  AuthorizationText,
  Origin,
  RequestPrincipal,
  StringMatcher,
} from './tables.ts';
import type { Claims } from './token-rules.ts';

declare const permitted: unique symbol;

/** Only this file makes one, and nothing is sent on without one. */
export interface Permit {
  readonly [permitted]: never;
}

/** The connection a decision is about; addresses are mesh addresses. */
export interface ConnectionFacts {
  /** Where the client was going. */
  readonly address: string;
  readonly port: number;
  /** The direct peer, whatever headers say. */
  readonly remoteAddress: string;
  /** Undefined for plaintext. */
  readonly tls: { readonly serverName: string; readonly peerPrincipal: string } | undefined;
  /** The server name of TLS that passes through. */
  readonly passedServerName?: string;
}

/** The request a decision is about; undefined in its place stands for a connection without HTTP. */
export interface RequestFacts {
  readonly method: string;
  /** The same normalized path and query that routes are matched with. */
  readonly path: string;
  /** The Host header as sent, port included. */
  readonly authority: string;
  readonly scheme: string;
  /** Where the request came from as far as X-Forwarded-For is believed. */
  readonly remoteAddress: string;
  /** Every line of a header; the name is lower case. */
  headerValues(name: string): readonly string[];
  /** Of its verified token. */
  readonly claims?: Claims | undefined;
}

export type AuthorizationDecision = { readonly kind: 'allow'; readonly permit: Permit } | Denial | Question;

/** An authorizer is to be asked; if it allows, `authorize` decides again without asking. */
export interface Question {
  readonly kind: 'ask';
  readonly authorizer: Authorizer;
  /** The rule because of which it is asked. */
  readonly by: Origin;
  /** To ask, and for nothing else. */
  readonly permit: Permit;
}

export interface Denial {
  readonly kind: 'deny';
  /** The rule that decided. */
  readonly by: Origin | 'no ALLOW policy matched';
  /** The ALLOW policies none of which matched; empty where a rule decided. */
  readonly candidates: readonly Origin[];
  /** Envoy's name for the rule that decided; `none` where no rule did. */
  readonly policy: string;
}

const ALLOWED = { kind: 'allow', permit: {} as Permit } as const;

/** For what a proxy reports of its own accord: it is no client's request, and no policy is about it. */
export const reportPermit: Permit = ALLOWED.permit;

/** Decides; without policies at once and without an allocation. `isChecked`: the authorizer has allowed it. */
export const authorize = (
  policies: AuthorizationPolicies | undefined,
  connection: ConnectionFacts,
  request: RequestFacts | undefined,
  isChecked = false,
): AuthorizationDecision => {
  if (policies === undefined) return ALLOWED;
  const { custom, check, deny, allow } = policies;
  const refusing = firstMatch(custom, connection, request);
  if (refusing !== undefined) return deniedBy(refusing);
  if (check !== undefined && !isChecked) {
    const asking = firstMatch(check.rules, connection, request);
    if (asking !== undefined) return { ...ALLOWED, kind: 'ask', authorizer: check.authorizer, by: asking.origin };
  }
  const denying = firstMatch(deny, connection, request);
  if (denying !== undefined) return deniedBy(denying);
  if (allow === undefined || firstMatch(allow.rules, connection, request) !== undefined) return ALLOWED;
  return { kind: 'deny', by: 'no ALLOW policy matched', candidates: allow.policies, policy: 'none' };
};

const deniedBy = ({ origin, name }: AuthorizationRule): Denial => ({
  kind: 'deny',
  by: origin,
  candidates: [],
  policy: name,
});

/** For people: `AuthorizationPolicy default/viewer authz.yaml:12`, or that no ALLOW policy matched and which there are. */
export const describeDenial = ({ by, candidates }: Denial): string => {
  if (by !== 'no ALLOW policy matched') return describeOrigin(by);
  return `${by} (${candidates.map(describeOrigin).join(', ')})`;
};

/** `AuthorizationPolicy default/viewer authz.yaml:12`. */
export const describeOrigin = ({ resource, span }: Origin): string => `${resource} ${span.file}:${span.line}`;

/** The rules of all policies, in the order in which they are asked. */
export const everyRule = ({ custom, check, deny, allow }: AuthorizationPolicies): readonly AuthorizationRule[] => [
  ...custom,
  ...(check?.rules ?? []),
  ...deny,
  ...(allow?.rules ?? []),
];

/** The first of some rules that holds for a connection and, where there is one, its request. */
export const firstMatch = (
  rules: readonly AuthorizationRule[],
  connection: ConnectionFacts,
  request: RequestFacts | undefined,
): AuthorizationRule | undefined => {
  for (const rule of rules) {
    if (unmetOfRule(rule, connection, request) === undefined) return rule;
  }
  return undefined;
};

/** The first condition of a rule that does not hold, of alternatives the last one's; undefined when the rule holds. */
export const unmetOfRule = (
  rule: AuthorizationRule,
  connection: ConnectionFacts,
  request: RequestFacts | undefined,
): AuthorizationCondition | undefined =>
  unmetOfAll(rule.when, connection, request) ??
  unmetOfAny(rule.from, connection, request) ??
  unmetOfAny(rule.to, connection, request);

const unmetOfAny = (
  alternatives: readonly (readonly AuthorizationCondition[])[],
  connection: ConnectionFacts,
  request: RequestFacts | undefined,
): AuthorizationCondition | undefined => {
  let unmet: AuthorizationCondition | undefined;
  for (const conditions of alternatives) {
    unmet = unmetOfAll(conditions, connection, request);
    if (unmet === undefined) return undefined;
  }
  return unmet;
};

const unmetOfAll = (
  conditions: readonly AuthorizationCondition[],
  connection: ConnectionFacts,
  request: RequestFacts | undefined,
): AuthorizationCondition | undefined => {
  for (const condition of conditions) if (!holds(condition, connection, request)) return condition;
  return undefined;
};

const holds = (
  condition: AuthorizationCondition,
  connection: ConnectionFacts,
  request: RequestFacts | undefined,
): boolean => {
  switch (condition.on) {
    case 'source-ip':
      return holdsOf(condition, connection.remoteAddress, cidrContains);
    case 'remote-ip':
      return holdsOf(condition, request?.remoteAddress ?? connection.remoteAddress, cidrContains);
    case 'destination-ip':
      return holdsOf(condition, connection.address, cidrContains);
    case 'destination-port':
      return holdsOf(condition, connection.port, Object.is);
    case 'header':
      return holdsOf(condition, request?.headerValues(condition.name) ?? [], anyLine);
    case 'claim':
      return holdsOf(condition, request, (matcher, asked) => claimMatches(asked?.claims, condition.path, matcher));
    case 'request-principal':
      return holdsOf(condition, request?.claims, isPrincipal);
    case 'metadata':
      return condition.values.length === 0;
    default:
      return holdsOf(condition, textOf(condition.on, connection, request), matchesText);
  }
};

const holdsOf = <Value, Fact>(
  { values, notValues }: { readonly values: readonly Value[]; readonly notValues: readonly Value[] },
  fact: Fact,
  test: (value: Value, fact: Fact) => boolean,
): boolean => {
  for (const value of notValues) if (test(value, fact)) return false;
  if (values.length === 0) return true;
  for (const value of values) if (test(value, fact)) return true;
  return false;
};

const matchesText = (matcher: StringMatcher, text: string): boolean => text !== '' && matchesString(matcher, text);

const isPrincipal = ({ issuer, subject }: RequestPrincipal, claims: Claims | undefined): boolean =>
  isClaim(issuer, claimAt(claims, ['iss'])) && isClaim(subject, claimAt(claims, ['sub']));

const isClaim = (matcher: StringMatcher, value: unknown): boolean =>
  typeof value === 'string' && (value !== '' || matcher.kind === 'exact') && matchesString(matcher, value);

const anyLine = (matcher: StringMatcher, lines: readonly string[]): boolean => {
  for (const line of lines) if (matchesString(matcher, line)) return true;
  return false;
};

/** Empty for what is absent. */
const textOf = (on: AuthorizationText, connection: ConnectionFacts, request: RequestFacts | undefined): string => {
  switch (on) {
    case 'principal':
      return connection.tls?.peerPrincipal.slice(SPIFFE.length) ?? '';
    case 'trust-domain':
      return identityPart(connection, 2);
    case 'namespace':
      return identityPart(connection, 4);
    case 'service-account': {
      const namespace = identityPart(connection, 4);
      return namespace === '' ? '' : `${namespace}/${identityPart(connection, 6)}`;
    }
    case 'server-name':
      // Envoy keeps server names in lower case, whatever the client wrote.
      return (connection.tls?.serverName ?? connection.passedServerName ?? '').toLowerCase();
    case 'method':
      return request?.method ?? '';
    case 'host':
      return request?.authority.toLowerCase() ?? '';
    case 'authority':
      return request?.authority ?? '';
    case 'path':
      return withoutQuery(request?.path ?? '');
    case 'target':
      return request?.path ?? '';
    case 'scheme':
      return request?.scheme ?? '';
  }
};

const SPIFFE = 'spiffe://';

/** `spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/ACCOUNT`, part by part. */
const identityPart = ({ tls }: ConnectionFacts, part: number): string => tls?.peerPrincipal.split('/')[part] ?? '';

const withoutQuery = (path: string): string => {
  const mark = path.indexOf('?');
  return mark < 0 ? path : path.slice(0, mark);
};
