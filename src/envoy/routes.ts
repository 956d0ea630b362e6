import { sortLikeGo } from './go-sort.ts';
import { at, isObject, type JsonObject, listAt, textAt, textsAt } from './json.ts';
import { managedBy } from './managed-by.ts';
import type { SummaryTable } from './table.ts';

const isNumber = (name: string): boolean => /^[+-]?\d+$/.test(name);

const isBefore = (left: JsonObject, right: JsonObject): boolean => {
  const [one, other] = [textAt(left, 'name'), textAt(right, 'name')];
  return isNumber(one) && isNumber(other) && Number(one) < Number(other);
};

/** The route configurations of a RoutesConfigDump, dynamic and static ones, in istioctl's order: numbers ascend. */
export const routesOf = (section: JsonObject): readonly JsonObject[] => {
  const found = [...listAt(section, 'dynamic_route_configs'), ...listAt(section, 'static_route_configs')]
    .map((item) => at(item, 'route_config'))
    .filter(isObject);
  return sortLikeGo(found, isBefore);
};

/** The path condition of a route: `/a*`, `PathPrefix:/a`, `/a`, `regex ...`; headers and the like are left out. */
export const describeMatch = (match: unknown): string => {
  const regex = at(match, 'safe_regex');
  return [
    textAt(match, 'prefix') && `${textAt(match, 'prefix')}*`,
    textAt(match, 'path_separated_prefix') && `PathPrefix:${textAt(match, 'path_separated_prefix')}`,
    textAt(match, 'path'),
    regex === undefined ? '' : `regex ${textAt(regex, 'regex')}`,
  ]
    .filter((part) => part !== '')
    .join(' ');
};

const MOST_DOMAINS = 2;

/** Domains without ports; an IPv6 address alone is one. */
const hasNoPort = (domain: string): boolean => {
  const colons = domain.split(':').length - 1;
  return colons === 0 || (colons > 2 && domain.endsWith(']'));
};

/** The shortest spellings of a virtual host's domains: no ports, and no longer form of one that is there. */
const describeDomains = (domains: readonly string[]): string => {
  const [only] = domains;
  if (only === undefined || domains.length === 1) return only ?? '';
  const plain = domains.filter(hasNoPort);
  const all = new Set(plain);
  const isLonger = (domain: string): boolean =>
    ['.svc.cluster.local', '.svc'].some((end) => domain.endsWith(end) && all.has(domain.slice(0, -end.length)));
  const shown = plain.filter((domain) => !isLonger(domain));
  const more = shown.length - MOST_DOMAINS;
  return shown.slice(0, MOST_DOMAINS).join(', ') + (more > 0 ? ` + ${more} more...` : '');
};

const rowsOf = (route: JsonObject, name: string): readonly (readonly string[])[] =>
  listAt(route, 'virtual_hosts').flatMap((host) => {
    const left = [name, textAt(host, 'name'), describeDomains(textsAt(host, 'domains'))];
    const routes = listAt(host, 'routes');
    if (routes.length === 0) return [[...left, '/*', '404']];
    return routes
      .filter((rule) => at(rule, 'route', 'cluster') !== 'PassthroughCluster')
      .map((rule) => [...left, describeMatch(at(rule, 'match')), managedBy(rule)]);
  });

/** One row a route, or one a route configuration where not `verbose`; `named` puts the kind before the name. */
export const routeTable = (
  routes: readonly JsonObject[],
  { named, verbose }: { readonly named: boolean; readonly verbose: boolean },
): SummaryTable => {
  const nameOf = (route: JsonObject): string => `${named ? 'route/' : ''}${textAt(route, 'name')}`;
  if (!verbose)
    return {
      headers: ['NAME', 'VIRTUAL HOSTS'],
      rows: routes.map((route) => [nameOf(route), String(listAt(route, 'virtual_hosts').length)]),
      gap: 5,
    };
  return {
    headers: ['NAME', 'VHOST NAME', 'DOMAINS', 'MATCH', 'VIRTUAL SERVICE'],
    rows: routes.flatMap((route) => rowsOf(route, nameOf(route))),
    gap: 5,
  };
};
