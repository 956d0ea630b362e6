import { normalizePath } from '../../traffic/path.ts';
import { sampleRegex } from '../../traffic/regex-sample.ts';
import type { RequestHead } from '../../traffic/request.ts';
import { matchRoute } from '../../traffic/route.ts';
import { matchesString } from '../../traffic/string-matcher.ts';
import type { HeaderMatcher, Route, RouteMatch, StringMatcher } from '../../traffic/tables.ts';

/** A request that shows something about rules. */
export interface Witness extends RequestHead {
  readonly headers: readonly (readonly [name: string, value: string])[];
}

const sampleOf = (pattern: StringMatcher): string => {
  if (pattern.kind === 'regex') return pattern.source === '.*' ? 'x' : sampleRegex(pattern.source);
  return 'value' in pattern ? pattern.value : 'x';
};

/** A path that people would try: regular expressions about anything begin with a slash here. */
const pathOf = (pattern: StringMatcher | undefined): string => {
  if (pattern === undefined || pattern.kind === 'present') return '/';
  const text = pattern.kind === 'regex' && pattern.source === '.*' ? '/' : sampleOf(pattern);
  return pattern.kind === 'regex' && text === '' ? '/' : text;
};

/** A host that a host of a VirtualService stands for. */
const hostOf = (host: string): string => (host === '*' ? 'example.com' : host.replace(/^\*/, 'any'));

const headerLines = ({ name, value, invert, matchesAbsent }: HeaderMatcher): Witness['headers'] => {
  if (!invert) return [[name, sampleOf(value)]];
  if (matchesAbsent) return [];
  const other = ['', 'x', '0'].find((text) => !matchesString(value, text));
  return other === undefined ? [] : [[name, other]];
};

/**
 * A request that the match takes, to a host of its VirtualService; undefined where none was found, or only one that a
 * proxy would change before matching.
 */
export const witnessOf = (match: RouteMatch, host: string, port: number): Witness | undefined => {
  const headers = match.headers.flatMap(headerLines);
  const query = match.query.map(({ name, value }) => `${name}=${sampleOf(value)}`).join('&');
  const path = pathOf(match.path) + (query === '' ? '' : `?${query}`);
  const normalized = normalizePath(path, 'BASE');
  if (!path.startsWith('/') || !('path' in normalized) || normalized.path !== path) return undefined;
  return {
    method: match.method === undefined || match.method.kind === 'present' ? 'GET' : sampleOf(match.method),
    path,
    authority:
      match.authority === undefined ? hostOf(host) + (port === 80 ? '' : `:${port}`) : sampleOf(match.authority),
    scheme: match.scheme === undefined ? 'http' : sampleOf(match.scheme),
    headers,
    headerValues: (name) => headers.filter(([key]) => key === name).map(([, value]) => value),
  };
};

/** The route that the router of the proxies chooses among these. */
export const routeOf = (routes: readonly Route[], request: RequestHead): Route | undefined =>
  matchRoute({ name: '', domains: [], routes, origin: undefined }, request);

const quote = (text: string): string => (/^[\w@%+=:,./~-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

/** The request as a command line that sends it. */
export const curlLine = ({ method, path, authority, scheme, headers }: Witness): string => {
  const words = ['curl', ...(method === 'GET' ? [] : ['-X', quote(method)])];
  // With a semicolon curl sends a header without value.
  for (const [name, value] of headers) words.push('-H', quote(value === '' ? `${name};` : `${name}: ${value}`));
  return [...words, quote(`${scheme}://${authority}${path}`)].join(' ');
};
