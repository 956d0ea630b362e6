/** Conditions of routes and policies in words, each against what the request has. */
import type { ConnectionFacts, RequestFacts } from '../authorize.ts';
import type { RequestHead } from '../request.ts';
import type { RouteCondition } from '../route.ts';
import type { AuthorizationCondition, Origin, RequestPrincipal, RouteMatch, StringMatcher } from '../tables.ts';

/** `FILE:LINE`, or nothing for what comes from no file. */
export const sourceOf = (origin: Origin | undefined): { readonly source?: string } =>
  origin === undefined ? {} : { source: `${origin.span.file}:${origin.span.line}` };

/** `exact "x"`, `regex "a.*"`, `present`. */
const matcherText = (matcher: StringMatcher): string => {
  if (matcher.kind === 'present') return 'present';
  const kind = matcher.kind === 'segment-prefix' ? 'path prefix' : matcher.kind;
  return `${kind} ${JSON.stringify(matcher.kind === 'regex' ? matcher.source : matcher.value)}`;
};

/** All of a match in one line; `every request` where it asks for nothing. */
export const matchText = (match: RouteMatch): string => {
  const parts = [
    ...(match.path === undefined ? [] : [`uri ${matcherText(match.path)}${match.ignoreCase ? ' (any case)' : ''}`]),
    ...(match.method === undefined ? [] : [`method ${matcherText(match.method)}`]),
    ...(match.authority === undefined ? [] : [`authority ${matcherText(match.authority)}`]),
    ...(match.scheme === undefined ? [] : [`scheme ${matcherText(match.scheme)}`]),
    ...match.headers.map(
      ({ name, value, invert }) => `${invert ? 'without header' : 'header'} ${name} ${matcherText(value)}`,
    ),
    ...match.query.map(({ name, value }) => `query parameter ${name} ${matcherText(value)}`),
  ];
  return parts.length === 0 ? 'every request' : parts.join(', ');
};

const has = (text: string | undefined): string => (text === undefined ? 'the request has none' : `it is "${text}"`);

/** Why a part of a match does not hold. */
export const unmetText = (match: RouteMatch, unmet: RouteCondition, request: RequestHead): string => {
  if (unmet === match.path) return `uri ${matcherText(match.path)}: it is "${request.path.split('?', 1)[0]}"`;
  if (unmet === match.method) return `method ${matcherText(match.method)}: it is ${request.method}`;
  if (unmet === match.authority) return `authority ${matcherText(match.authority)}: it is "${request.authority}"`;
  if (unmet === match.scheme) return `scheme ${matcherText(match.scheme)}: it is ${request.scheme}`;
  const header = match.headers.find((candidate) => candidate === unmet);
  if (header !== undefined) {
    const values = request.headerValues(header.name);
    const value = values.length === 0 ? undefined : values.join('", "');
    return `${header.invert ? 'without header' : 'header'} ${header.name} ${matcherText(header.value)}: ${has(value)}`;
  }
  const query = match.query.find((candidate) => candidate === unmet);
  if (query === undefined) return 'a condition does not hold';
  const found = queryValue(request.path, query.name);
  return `query parameter ${query.name} ${matcherText(query.value)}: ${has(found)}`;
};

/** The first value of a query parameter, undecoded, as matching reads it. */
const queryValue = (target: string, name: string): string | undefined => {
  const query = target.includes('?') ? target.slice(target.indexOf('?') + 1).split('&') : [];
  const found = query.find((pair) => pair === name || pair.startsWith(`${name}=`));
  return found?.slice(name.length + 1);
};

type Texts = { readonly values: readonly unknown[]; readonly notValues: readonly unknown[] };

const valueText = (value: unknown): string => {
  if (typeof value === 'object' && value !== null && 'kind' in value) return matcherText(value as StringMatcher);
  if (typeof value === 'object' && value !== null && 'prefixLength' in value) return cidrText(value);
  if (typeof value === 'object' && value !== null && 'issuer' in value) return principalText(value as RequestPrincipal);
  return String(value);
};

const principalText = ({ issuer, subject }: RequestPrincipal): string =>
  `issuer ${matcherText(issuer)} and subject ${matcherText(subject)}`;

const cidrText = (value: object): string => {
  const { family, network, prefixLength } = value as { family: number; network: bigint; prefixLength: number };
  if (family === 6) return `0x${network.toString(16)}/${prefixLength}`;
  const octets = [24n, 16n, 8n, 0n].map((shift) => String((network >> shift) & 255n));
  return `${octets.join('.')}/${prefixLength}`;
};

const wanted = ({ values, notValues }: Texts): string =>
  [
    ...(values.length === 0 ? [] : [values.map(valueText).join(' or ')]),
    ...(notValues.length === 0 ? [] : [`not ${notValues.map(valueText).join(', not ')}`]),
  ].join(', ');

/** Why a condition of a policy does not hold. */
export const unmetPolicyText = (
  condition: AuthorizationCondition,
  connection: ConnectionFacts,
  request: RequestFacts | undefined,
): string => {
  const name = condition.on === 'header' ? `header ${condition.name}` : condition.on.replaceAll('-', ' ');
  return `${name} ${wanted(condition)}: ${factText(condition, connection, request)}`;
};

const factText = (
  condition: AuthorizationCondition,
  connection: ConnectionFacts,
  request: RequestFacts | undefined,
): string => {
  switch (condition.on) {
    case 'source-ip':
      return has(connection.remoteAddress);
    case 'remote-ip':
      return has(request?.remoteAddress ?? connection.remoteAddress);
    case 'destination-ip':
      return has(connection.address);
    case 'destination-port':
      return has(String(connection.port));
    case 'header': {
      const lines = request?.headerValues(condition.name) ?? [];
      return has(lines.length === 0 ? undefined : lines.join('", "'));
    }
    case 'principal':
    case 'trust-domain':
    case 'namespace':
    case 'service-account':
      return connection.tls === undefined ? 'the caller has no identity' : has(connection.tls.peerPrincipal);
    case 'server-name':
      return has(connection.tls?.serverName ?? connection.passedServerName);
    case 'method':
      return has(request?.method);
    case 'host':
    case 'authority':
      return has(request?.authority);
    case 'path':
      return has(request?.path.split('?', 1)[0]);
    case 'target':
      return has(request?.path);
    case 'scheme':
      return has(request?.scheme);
    default:
      return 'the request does not have it';
  }
};
