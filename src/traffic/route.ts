import { claimMatches } from './claims.ts';
import type { RequestHead } from './request.ts';
import { matchesString } from './string-matcher.ts';
import { findSuffix } from './suffix-table.ts';
import type {
  Destinations,
  HeaderMatcher,
  QueryMatcher,
  Route,
  RouteMatch,
  RouteTable,
  StringMatcher,
  VirtualHost,
  WeightedDestination,
} from './tables.ts';

/** The virtual host that answers for a Host header; undefined means 404 with flag NR. */
export const findVirtualHost = (table: RouteTable, authority: string): VirtualHost | undefined => {
  const exact = table.exact.get(authority);
  if (exact !== undefined) return exact;
  const host = (table.ignorePort ? withoutPort(authority) : authority).toLowerCase();
  const found = table.exact.get(host);
  if (found !== undefined) return found;
  return findSuffix(table.suffixes, host) ?? table.any;
};

/** The first route that holds for the request; undefined means 404 with flag NR. Allocates only for a query. */
export const matchRoute = (virtualHost: VirtualHost, request: RequestHead): Route | undefined => {
  const mark = request.path.indexOf('?');
  const path = mark < 0 ? request.path : request.path.slice(0, mark);
  for (const route of virtualHost.routes) {
    if (firstUnmet(route.match, request, path, mark) === undefined) return route;
  }
  return undefined;
};

/** Picks by cumulative weight; a lone destination takes all, whatever its weight. `random` is in [0, 1). */
export const pickDestination = (
  action: { readonly destinations: Destinations; readonly totalWeight: number },
  random: number,
): WeightedDestination => {
  const { destinations, totalWeight } = action;
  if (destinations.length > 1) {
    let rest = random * totalWeight;
    for (const destination of destinations) {
      rest -= destination.weight;
      if (rest < 0) return destination;
    }
  }
  return destinations[0];
};

const withoutPort = (authority: string): string => {
  const colon = authority.lastIndexOf(':');
  if (colon < 0 || authority.endsWith(']')) return authority;
  for (let index = colon + 1; index < authority.length; index += 1) {
    const code = authority.charCodeAt(index);
    if (code < 0x30 || code > 0x39) return authority;
  }
  return authority.slice(0, colon);
};

/** One part of a route's match, by reference: comparing it with the match's own parts tells which. */
export type RouteCondition = StringMatcher | HeaderMatcher | QueryMatcher;

/** The first part of a match that does not hold for the request; undefined when all do. */
export const unmetCondition = (match: RouteMatch, request: RequestHead): RouteCondition | undefined => {
  const mark = request.path.indexOf('?');
  return firstUnmet(match, request, mark < 0 ? request.path : request.path.slice(0, mark), mark);
};

const firstUnmet = (
  match: RouteMatch,
  request: RequestHead,
  path: string,
  mark: number,
): RouteCondition | undefined => {
  if (match.path !== undefined && !pathMatches(match.path, match.ignoreCase, path)) return match.path;
  if (match.method !== undefined && !matchesString(match.method, request.method)) return match.method;
  if (match.authority !== undefined && !matchesString(match.authority, request.authority)) return match.authority;
  if (match.scheme !== undefined && !matchesString(match.scheme, request.scheme)) return match.scheme;
  for (const header of match.headers) if (!headerMatches(header, request)) return header;
  for (const query of match.query) if (!queryMatches(query, request.path, mark)) return query;
  return undefined;
};

/** With `ignoreCase` the compiled value is lower case already; Istio leaves regexes case-sensitive. */
const pathMatches = (matcher: StringMatcher, ignoreCase: boolean, path: string): boolean =>
  matchesString(matcher, ignoreCase && matcher.kind !== 'regex' ? path.toLowerCase() : path);

/** One matching line of a repeated header is enough; a comma in a line separates nothing. */
export const headerMatches = (matcher: HeaderMatcher, request: RequestHead): boolean => {
  if (matcher.claim !== undefined) return claimMatches(request.claims, matcher.claim, matcher.value) !== matcher.invert;
  const values = request.headerValues(matcher.name);
  if (values.length === 0) return matcher.invert && matcher.matchesAbsent;
  for (const value of values) if (matchesString(matcher.value, value)) return !matcher.invert;
  return matcher.invert;
};

const queryMatches = (matcher: QueryMatcher, target: string, mark: number): boolean => {
  const value = mark < 0 ? undefined : queryValue(target, matcher.name);
  return value !== undefined && matchesString(matcher.value, value);
};

/** Of a target's query: Envoy reads the first of repeated keys and decodes nothing. `?q` has the value ''. */
export const queryValue = (target: string, name: string): string | undefined => {
  let start = target.indexOf('?') + 1;
  while (start > 0 && start <= target.length) {
    const ampersand = target.indexOf('&', start);
    const end = ampersand < 0 ? target.length : ampersand;
    const after = start + name.length;
    if (after <= end && target.startsWith(name, start)) {
      if (after === end) return '';
      if (target.charCodeAt(after) === 0x3d) return target.slice(after + 1, end);
    }
    start = end + 1;
  }
  return undefined;
};
