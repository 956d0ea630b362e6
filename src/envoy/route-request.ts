import { at, isObject, type JsonObject, listAt, numberAt, textAt, textsAt } from './json.ts';

/** What Envoy's routes look at. */
export interface RoutedRequest {
  readonly method: string;
  readonly authority: string;
  /** With its query. */
  readonly path: string;
  /** Lower-case names. */
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** Where a proxy's own routes send a request. */
export interface ProxyRoute {
  readonly table: string;
  readonly virtualHost: string;
  /** Empty where istiod gave it no name. */
  readonly route: string;
  /** Clusters with the percentage of requests each gets; none where Envoy answers by itself. */
  readonly clusters: readonly { readonly cluster: string; readonly share: number }[];
  /** When the table last came from istiod, RFC 3339; absent for one of the bootstrap. */
  readonly updated?: string;
}

const hostOf = (authority: string): string => authority.replace(/:\d+$/, '');

/** Envoy's order: the name itself, then the longest wildcard in front, then behind, then `*`; 0 for no match. */
const domainRank = (domain: string, host: string): number => {
  const [own, name] = [domain.toLowerCase(), host.toLowerCase()];
  if (own === name) return 4e6;
  if (own === '*') return 1;
  if (own.startsWith('*')) return name.endsWith(own.slice(1)) && name.length >= own.length ? 2e6 + own.length : 0;
  return own.endsWith('*') && name.startsWith(own.slice(0, -1)) ? 1e6 + own.length : 0;
};

const virtualHostFor = (table: JsonObject, authority: string): unknown => {
  const names = [authority, hostOf(authority)];
  const ranked = listAt(table, 'virtual_hosts').map((host) => ({
    host,
    rank: Math.max(0, ...textsAt(host, 'domains').flatMap((domain) => names.map((name) => domainRank(domain, name)))),
  }));
  return ranked.reduce((best, one) => (one.rank > best.rank ? one : best), { host: undefined as unknown, rank: 0 })
    .host;
};

const fits = (regex: string, text: string): boolean => {
  try {
    return new RegExp(`^(?:${regex})$`).test(text);
  } catch {
    // RE2 knows what JavaScript does not; such a route is not taken for a match.
    return false;
  }
};

const fitsString = (matcher: unknown, given: string): boolean => {
  const isFolded = at(matcher, 'ignore_case') === true;
  const fold = (text: string): string => (isFolded ? text.toLowerCase() : text);
  const text = fold(given);
  if (!isObject(matcher)) return false;
  if (at(matcher, 'exact') !== undefined) return text === fold(textAt(matcher, 'exact'));
  if (at(matcher, 'prefix') !== undefined) return text.startsWith(fold(textAt(matcher, 'prefix')));
  if (at(matcher, 'suffix') !== undefined) return text.endsWith(fold(textAt(matcher, 'suffix')));
  if (at(matcher, 'contains') !== undefined) return text.includes(fold(textAt(matcher, 'contains')));
  return fits(textAt(matcher, 'safe_regex', 'regex'), given);
};

const headerValue = ({ method, authority, path, headers }: RoutedRequest, name: string): string | undefined => {
  if (name === ':method') return method;
  if (name === ':authority') return authority;
  if (name === ':path') return path;
  const lines = headers.filter(([own]) => own === name.toLowerCase()).map(([, value]) => value);
  return lines.length === 0 ? undefined : lines.join(',');
};

const fitsHeader = (matcher: unknown, request: RoutedRequest): boolean => {
  const value = headerValue(request, textAt(matcher, 'name'));
  const isInverted = at(matcher, 'invert_match') === true;
  if (at(matcher, 'present_match') !== undefined)
    return ((value !== undefined) === (at(matcher, 'present_match') === true)) !== isInverted;
  if (value === undefined) return isInverted && at(matcher, 'treat_missing_header_as_empty') === true;
  return fitsString(at(matcher, 'string_match'), value) !== isInverted;
};

const fitsQuery = (matcher: unknown, query: URLSearchParams): boolean => {
  const value = query.get(textAt(matcher, 'name'));
  if (at(matcher, 'present_match') !== undefined) return (value !== null) === (at(matcher, 'present_match') === true);
  return value !== null && fitsString(at(matcher, 'string_match'), value);
};

const fitsPath = (match: unknown, given: string): boolean => {
  const isFolded = at(match, 'case_sensitive') === false;
  const fold = (text: string): string => (isFolded ? text.toLowerCase() : text);
  const path = fold(given);
  if (at(match, 'prefix') !== undefined) return path.startsWith(fold(textAt(match, 'prefix')));
  if (at(match, 'path') !== undefined) return path === fold(textAt(match, 'path'));
  if (at(match, 'safe_regex') !== undefined) return fits(textAt(match, 'safe_regex', 'regex'), given);
  const separated = textAt(match, 'path_separated_prefix');
  return separated !== '' && (path === fold(separated) || path.startsWith(`${fold(separated)}/`));
};

const fitsRoute = (route: unknown, request: RoutedRequest): boolean => {
  const match = at(route, 'match');
  const [path = '', query = ''] = request.path.split(/\?(.*)/s, 2);
  return (
    fitsPath(match, path) &&
    listAt(match, 'headers').every((matcher) => fitsHeader(matcher, request)) &&
    listAt(match, 'query_parameters').every((matcher) => fitsQuery(matcher, new URLSearchParams(query)))
  );
};

const clustersOf = (route: unknown): ProxyRoute['clusters'] => {
  const single = textAt(route, 'route', 'cluster');
  if (single !== '') return [{ cluster: single, share: 100 }];
  const weighted = listAt(route, 'route', 'weighted_clusters', 'clusters');
  const total = weighted.reduce<number>((sum, one) => sum + numberAt(one, 'weight'), 0);
  return weighted
    .map((one) => ({ cluster: textAt(one, 'name'), share: (100 * numberAt(one, 'weight')) / (total || 1) }))
    .filter(({ share }) => share > 0);
};

/**
 * Where a sidecar's route tables send a request to a port, from a RoutesConfigDump; undefined where none of them is for
 * the port, or nothing in it matches.
 */
export const routeRequest = (section: JsonObject, port: number, request: RoutedRequest): ProxyRoute | undefined => {
  const tables = [...listAt(section, 'dynamic_route_configs'), ...listAt(section, 'static_route_configs')];
  const nameOf = (table: unknown): string => textAt(table, 'route_config', 'name');
  const found = [
    tables.find((table) => nameOf(table) === `${hostOf(request.authority)}:${port}`),
    tables.find((table) => nameOf(table) === String(port)),
    // istiod names those of ports that tell protocols apart by the host in full.
    ...tables.filter((table) => nameOf(table).endsWith(`:${port}`)),
  ];
  for (const table of found) {
    const config = at(table, 'route_config');
    const host = isObject(config) ? virtualHostFor(config, request.authority) : undefined;
    const route = listAt(host, 'routes').find((one) => fitsRoute(one, request));
    if (route === undefined) continue;
    const updated = textAt(table, 'last_updated');
    return {
      table: nameOf(table),
      virtualHost: textAt(host, 'name'),
      route: textAt(route, 'name'),
      clusters: clustersOf(route),
      ...(updated !== '' && { updated }),
    };
  }
  return undefined;
};
