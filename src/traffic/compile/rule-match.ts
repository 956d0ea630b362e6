import type { Resource } from '../../model/resource.ts';
import type { StringMatch, VirtualServiceHttpMatch } from '../../model/schema/generated/types-istio.ts';
import { matchesString } from '../string-matcher.ts';
import type { HeaderMatcher, QueryMatcher, RouteMatch, StringMatcher } from '../tables.ts';
import { qualifyGateway } from './names.ts';
import type { At, Report } from './report.ts';
import type { RuleConditions } from './rule-plan.ts';
import { compileStringMatch } from './string-match.ts';

export const MATCH_ALL: RouteMatch = {
  path: undefined,
  ignoreCase: false,
  method: undefined,
  authority: undefined,
  scheme: undefined,
  headers: [],
  query: [],
};

export const NO_CONDITIONS: RuleConditions = {
  port: undefined,
  sourceLabels: undefined,
  sourceNamespace: undefined,
  gateways: [],
};

const CLAIMS = '@request.auth.claims';

/** The claim a match key names, by dots or by brackets; undefined for the name of a header. */
const claimOf = (name: string): readonly string[] | undefined => {
  if (!name.toLowerCase().startsWith(CLAIMS)) return undefined;
  const rest = name.slice(CLAIMS.length);
  if (rest.startsWith('.') && rest.length > 1) return rest.slice(1).split('.');
  return rest.startsWith('[') && rest.endsWith(']') && rest.length > 2 ? rest.slice(1, -1).split('][') : undefined;
};

/** Compiles the request part of a match; reports invalid patterns on the object. */
export const compileRouteMatch = (resource: Resource, match: VirtualServiceHttpMatch, report: Report): RouteMatch => {
  const one = (field: 'uri' | 'method' | 'authority' | 'scheme'): StringMatcher | undefined =>
    match[field] === undefined ? undefined : compileOne(resource, field, match[field], [match, field], report);
  if (match.statPrefix !== undefined) {
    report.unsupportedField(resource, 'statPrefix', 'no statistics are kept by it', [match, 'statPrefix']);
  }
  const path = one('uri');
  const ignoreCase = match.ignoreUriCase === true;
  return {
    path: ignoreCase && path !== undefined && 'value' in path ? { ...path, value: path.value.toLowerCase() } : path,
    ignoreCase,
    method: one('method'),
    authority: one('authority'),
    scheme: one('scheme'),
    headers: [
      ...compileHeaders(resource, match.headers, 'headers', report),
      ...compileHeaders(resource, match.withoutHeaders, 'withoutHeaders', report),
    ],
    query: compileQuery(resource, match.queryParams, report),
  };
};

/** The Gateway API's reading of a prefix: by whole segments, a slash at its end not counting. */
export const bySegment = (match: RouteMatch): RouteMatch =>
  match.path?.kind === 'prefix' && match.path.value !== '/'
    ? { ...match, path: { kind: 'segment-prefix', value: match.path.value.replace(/\/$/, '') } }
    : match;

/** The part of a match that a proxy either meets or not. */
export const compileConditions = (match: VirtualServiceHttpMatch, namespace: string): RuleConditions => ({
  port: match.port === 0 ? undefined : match.port,
  sourceLabels: match.sourceLabels,
  sourceNamespace: match.sourceNamespace === '' ? undefined : match.sourceNamespace,
  gateways: (match.gateways ?? []).map((gateway) => qualifyGateway(gateway, namespace)),
});

/** Istio's idea of a route that takes everything: the path `/`, `.*` or any, and nothing else asked. */
export const isCatchAll = (match: RouteMatch): boolean =>
  isAnyPath(match.path) &&
  match.method === undefined &&
  match.authority === undefined &&
  match.scheme === undefined &&
  match.headers.length === 0 &&
  match.query.length === 0;

const isAnyPath = (path: StringMatcher | undefined): boolean =>
  path === undefined ||
  (path.kind === 'prefix' && path.value === '/') ||
  (path.kind === 'regex' && path.source === '.*');

/** The path of a match as Istio names it in x-envoy-decorator-operation, where prefixes by segment have no name. */
export const describePath = (path: StringMatcher | undefined, uri: StringMatch | undefined): string => {
  if (uri?.exact !== undefined) return uri.exact;
  return uri?.regex ?? (path?.kind === 'segment-prefix' ? '/*' : `${uri?.prefix ?? '/'}*`);
};

const compileOne = (
  resource: Resource,
  field: string,
  match: StringMatch | null,
  at: At,
  report: Report,
): StringMatcher => {
  const compiled = compileStringMatch(match);
  if (!('refused' in compiled)) return compiled;
  report.invalid(resource, `${field}: ${compiled.refused}`, at);
  return { kind: 'present' };
};

const compileHeaders = (
  resource: Resource,
  headers: Readonly<Record<string, StringMatch>> | undefined,
  field: 'headers' | 'withoutHeaders',
  report: Report,
): readonly HeaderMatcher[] => {
  const invert = field === 'withoutHeaders';
  return Object.entries(headers ?? {}).map(([name, match]) => {
    const at: At = [headers ?? {}, name];
    if (name === '') report.invalid(resource, `${field}: a header name must not be empty`, at);
    if (match?.prefix === '') report.invalid(resource, `${field}: prefix of "${name}" must not be empty`, at);
    // Istio's spelling of "present", which is no regex.
    const value: StringMatcher =
      match?.regex === '*' ? { kind: 'present' } : compileOne(resource, field, match, at, report);
    // Envoy tests an absent header as if it were empty here (treat_missing_header_as_empty).
    const matchesAbsent = invert && (value.kind === 'present' || !matchesString(value, ''));
    const claim = claimOf(name);
    return { name: name.toLowerCase(), value, invert, matchesAbsent, ...(claim === undefined ? {} : { claim }) };
  });
};

const compileQuery = (
  resource: Resource,
  params: Readonly<Record<string, StringMatch>> | undefined,
  report: Report,
): readonly QueryMatcher[] =>
  Object.entries(params ?? {}).map(([name, match]) => {
    const at: At = [params ?? {}, name];
    if (name === '') report.invalid(resource, 'queryParams: a parameter name must not be empty', at);
    const value: StringMatcher =
      match?.regex === '*' ? { kind: 'present' } : compileOne(resource, 'queryParams', match, at, report);
    return { name, value };
  });
