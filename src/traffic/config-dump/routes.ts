import type { ProxyTables, Route, RouteTable, VirtualHost } from '../tables.ts';
import { anyOf } from './any.ts';
import { headerFields } from './header-operations.ts';
import { routeMatch } from './match.ts';
import { metadataOf } from './metadata.ts';
import { actionFields, perRouteFilters } from './route-action.ts';

const routeOf = (route: Route): object => ({
  ...(route.name === '' ? {} : { name: route.name }),
  match: routeMatch(route.match),
  ...actionFields(route),
  ...metadataOf(route.origin),
  ...(route.operation === '' ? {} : { decorator: { operation: route.operation } }),
  ...headerFields(route),
  ...perRouteFilters(route),
});

/** The domains by which requests find a virtual host: those that no earlier one claims, in their own order. */
const domainsOf = (table: RouteTable, host: VirtualHost): readonly string[] => {
  const owner = (domain: string): VirtualHost | undefined => {
    if (domain === '*') return table.any;
    return domain.startsWith('*') ? table.suffixes.values.get(domain.slice(1)) : table.exact.get(domain);
  };
  const own = host.domains.filter((domain) => owner(domain.toLowerCase()) === host);
  const all = new Set(own);
  // Where the port in Host is ignored, a domain with one says nothing that the domain alone does not.
  return table.ignorePort
    ? own.filter((domain) => !all.has(domain.replace(/:\d+$/, '')) || !/:\d+$/.test(domain))
    : own;
};

/** Each once, by name as istiod sorts them; what takes all other hosts comes last. */
const virtualHostsOf = ({ exact, suffixes, any }: RouteTable): readonly VirtualHost[] => {
  const named = new Set([...exact.values(), ...suffixes.values.values()]);
  if (any !== undefined) named.delete(any);
  const sorted = [...named].sort((left, right) => (left.name < right.name ? -1 : 1));
  return any === undefined ? sorted : [...sorted, any];
};

/** A RouteConfiguration. */
export const routeConfiguration = (table: RouteTable): object => ({
  name: table.name,
  virtual_hosts: virtualHostsOf(table).map((host) => ({
    name: host.name,
    domains: domainsOf(table, host),
    routes: host.routes.map(routeOf),
  })),
  validate_clusters: false,
  ...(table.ignorePort ? { ignore_port_in_host_matching: true } : {}),
});

/** The route tables that listeners refer to by name, each once. */
const namedTables = ({ outbound, gateway }: ProxyTables): readonly RouteTable[] => {
  const found = [
    ...[...outbound.byPort.values(), ...outbound.byAddress.values()].map(({ routes }) => routes),
    ...[...gateway.values()].flatMap(({ routes, tcp, tls }) => [
      ...(tcp === undefined && tls === undefined ? [routes] : []),
      ...(tls?.all ?? []).map((server) => server.routes),
    ]),
  ];
  const byName = new Map(found.flatMap((table) => (table === undefined ? [] : [[table.name, table] as const])));
  return [...byName.values()];
};

const TYPE = 'envoy.config.route.v3.RouteConfiguration';

/** A RoutesConfigDump: the tables listeners name are dynamic, those within inbound listeners static, as in Envoy. */
export const routesDump = (tables: ProxyTables, lastUpdated: string): object => {
  const entry = (table: RouteTable): object => ({
    route_config: anyOf(TYPE, routeConfiguration(table)),
    last_updated: lastUpdated,
  });
  return anyOf('envoy.admin.v3.RoutesConfigDump', {
    static_route_configs: [...tables.inbound.values()].map(({ routes }) => entry(routes)),
    dynamic_route_configs: namedTables(tables).map((table) => ({
      version_info: String(tables.generation),
      ...entry(table),
    })),
  });
};
