import type {
  Cluster,
  ClusterTable,
  Origin,
  ProxyTables,
  Route,
  RouteMatch,
  RouteTable,
  ServerNames,
  StringMatcher,
  TcpRoute,
  WeightedDestination,
} from '../tables.ts';
import { matchText } from './conditions.ts';

/** One rule of a written route as a proxy has it. */
export interface RouteSighting {
  readonly origin: Origin;
  /** What a request must have; `every connection` of a route without HTTP. */
  readonly match: string;
  /** `forward`, `redirect with 301` or `respond with 404`. */
  readonly action: string;
  readonly destinations: readonly WeightedDestination[];
  /** A rule before it that takes all it could match. */
  readonly shadowedBy: Origin | undefined;
  /** The hosts it is for; empty of a route without HTTP. */
  readonly domains: readonly string[];
}

const tablesIn = ({ outbound, gateway }: ProxyTables): readonly RouteTable[] => [
  ...[...outbound.byPort.values(), ...outbound.byAddress.values()].flatMap(({ routes }) => routes ?? []),
  ...[...gateway.values()].flatMap(({ routes, tls }) => [
    routes,
    ...(tls?.all ?? []).flatMap((one) => one.routes ?? []),
  ]),
];

const namedIn = ({ exact, suffixes, any }: ServerNames<TcpRoute>): readonly TcpRoute[] => [
  ...exact.values(),
  ...suffixes.values.values(),
  ...(any === undefined ? [] : [any]),
];

const connectionRoutesIn = ({ outbound, gateway }: ProxyTables): readonly TcpRoute[] => [
  ...[...outbound.byPort.values(), ...outbound.byAddress.values()].flatMap(({ tcp, chains = [] }) => [
    ...(tcp === undefined ? [] : [tcp]),
    ...chains.flatMap(namedIn),
  ]),
  ...[...gateway.values()].flatMap(({ tcp, tls }) => [
    ...(tcp === undefined ? [] : [tcp]),
    ...(tls?.all ?? []).flatMap((one) => one.tcp ?? []),
  ]),
];

const actionText = ({ action }: Route): string => {
  switch (action.kind) {
    case 'forward':
      return 'forward';
    case 'redirect':
      return `redirect with ${action.code}`;
    case 'respond':
      return `respond with ${action.status}`;
  }
};

const pathCovers = (wide: StringMatcher | undefined, narrow: StringMatcher | undefined): boolean => {
  if (wide === undefined) return true;
  if (wide.kind !== 'prefix' || narrow === undefined) return false;
  const isText = narrow.kind === 'exact' || narrow.kind === 'prefix' || narrow.kind === 'segment-prefix';
  return isText && narrow.value.startsWith(wide.value);
};

const asksForPathOnly = ({ method, authority, scheme, headers, query, ignoreCase }: RouteMatch): boolean =>
  !ignoreCase && [method, authority, scheme].every((part) => part === undefined) && headers.length + query.length === 0;

/** Whether whatever the second takes the first has taken already; false where that cannot be told from their texts. */
const covers = (wide: RouteMatch, narrow: RouteMatch): boolean =>
  matchText(wide) === matchText(narrow) ||
  (asksForPathOnly(wide) && !narrow.ignoreCase && pathCovers(wide.path, narrow.path));

const inRouteTable = (table: RouteTable, isAsked: (origin: Origin) => boolean): readonly RouteSighting[] =>
  [...table.exact.values(), ...table.suffixes.values.values(), ...(table.any === undefined ? [] : [table.any])].flatMap(
    ({ routes, domains }) =>
      routes.flatMap((route, at) => {
        const { origin, action, match } = route;
        if (origin === undefined || !isAsked(origin)) return [];
        const before = routes.slice(0, at).find((other) => covers(other.match, match));
        return [
          {
            origin,
            match: matchText(match),
            action: actionText(route),
            destinations: action.kind === 'forward' ? action.destinations : [],
            shadowedBy: before?.origin,
            domains,
          },
        ];
      }),
  );

/** Every place of a proxy's tables that comes from the objects asked for, in the order in which requests meet them. */
export const sightRoutes = (tables: ProxyTables, isAsked: (origin: Origin) => boolean): readonly RouteSighting[] =>
  [...new Set(tablesIn(tables))]
    .flatMap((table) => inRouteTable(table, isAsked))
    .concat(
      connectionRoutesIn(tables).flatMap(({ origin, destinations }) =>
        origin === undefined || !isAsked(origin)
          ? []
          : [
              {
                origin,
                match: 'every connection',
                action: 'forward',
                destinations,
                shadowedBy: undefined,
                domains: [],
              },
            ],
      ),
    );

const hasEndpoints = ({ kind, endpoints }: Cluster): boolean => kind !== 'endpoints' || endpoints.length > 0;

/** What is wrong with a cluster that a route names, `outbound|PORT|SUBSET|HOST`; undefined where requests find someone. */
export const destinationProblem = (name: string, clusters: ClusterTable): string | undefined => {
  const cluster = clusters.get(name);
  if (cluster !== undefined) return hasEndpoints(cluster) ? undefined : 'no pod is behind it';
  const [, port = '', subset = '', host = ''] = name.split('|');
  if (subset !== '' && clusters.get(`outbound|${port}||${host}`) !== undefined)
    return `no DestinationRule of the host has a subset ${subset}`;
  const isKnown = [...clusters.values()].some(({ service }) => service?.host === host);
  return isKnown ? `the host has no port ${port}` : 'the proxy knows no such host';
};
