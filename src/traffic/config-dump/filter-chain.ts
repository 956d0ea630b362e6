import { networkAddress } from '../../base/cidr.ts';
import type { PathNormalization } from '../path.ts';
import type { DestinationChains, ServerNames, TcpRoute } from '../tables.ts';
import { extension } from './any.ts';
import { hashPolicy } from './route-action.ts';

const INSPECTORS = {
  http: extension(
    'envoy.filters.listener.http_inspector',
    'envoy.extensions.filters.listener.http_inspector.v3.HttpInspector',
    {},
  ),
  tls: extension(
    'envoy.filters.listener.tls_inspector',
    'envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector',
    {},
  ),
};

/** The field that names what a listener looks at before a chain is chosen. */
export const inspectors = (...kinds: readonly (keyof typeof INSPECTORS)[]): object =>
  kinds.length === 0 ? {} : { listener_filters: kinds.map((kind) => INSPECTORS[kind]) };

const PATH_OPTIONS: Readonly<Record<PathNormalization, object>> = {
  NONE: {},
  BASE: { normalize_path: true },
  MERGE_SLASHES: { normalize_path: true, merge_slashes: true },
  DECODE_AND_MERGE_SLASHES: {
    normalize_path: true,
    merge_slashes: true,
    path_with_escaped_slashes_action: 'UNESCAPE_AND_FORWARD',
  },
};

/** What an HTTP connection manager is made from. */
export interface HttpFilterPlan {
  readonly statPrefix: string;
  /** `rds` or `route_config`, with its value. */
  readonly routes: object;
  readonly normalization: PathNormalization | undefined;
  /** Of `http_filters`, before the router. */
  readonly filters: readonly object[];
}

/** The filter for HTTP. */
export const httpFilter = ({ statPrefix, routes, normalization = 'BASE', filters }: HttpFilterPlan): object =>
  extension(
    'envoy.filters.network.http_connection_manager',
    'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
    {
      stat_prefix: statPrefix,
      ...routes,
      http_filters: [
        ...filters,
        extension('envoy.filters.http.fault', 'envoy.extensions.filters.http.fault.v3.HTTPFault', {}),
        extension('envoy.filters.http.cors', 'envoy.extensions.filters.http.cors.v3.Cors', {}),
        extension('envoy.filters.http.router', 'envoy.extensions.filters.http.router.v3.Router', {}),
      ],
      ...PATH_OPTIONS[normalization],
    },
  );

/** The field of an HTTP connection manager that names its routes. */
export const routesByName = (name: string): object => ({
  rds: { config_source: { ads: {}, resource_api_version: 'V3' }, route_config_name: name },
});

const tcpProxy = (target: object, statPrefix: string, more: object = {}): object =>
  extension('envoy.filters.network.tcp_proxy', 'envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy', {
    stat_prefix: statPrefix,
    ...target,
    ...more,
  });

/** The filter that takes every connection to one cluster. */
export const toCluster = (cluster: string): object => tcpProxy({ cluster }, cluster);

/** The filter for connections without HTTP. */
export const tcpFilter = ({ destinations, hash }: TcpRoute): object => {
  const [only, ...more] = destinations;
  const hashing = hash === undefined ? {} : { hash_policy: hash.map(hashPolicy) };
  if (more.length === 0) return tcpProxy({ cluster: only.cluster }, only.cluster, hashing);
  const clusters = destinations.map(({ cluster, weight }) => ({ name: cluster, weight }));
  return tcpProxy({ weighted_clusters: { clusters } }, only.cluster, hashing);
};

/** What names lead to, with all the names that lead there; last what takes every connection, without any. */
const byServerNames = <T>({ exact, suffixes, any }: ServerNames<T>): readonly (readonly [T, readonly string[]])[] => {
  const found = new Map<T, string[]>();
  const named = [...exact, ...[...suffixes.values].map(([end, value]) => [`*${end}`, value] as const)];
  for (const [name, value] of named) found.set(value, [...(found.get(value) ?? []), name]);
  const rest: readonly (readonly [T, readonly string[]])[] = any === undefined ? [] : [[any, []]];
  return [...found, ...rest];
};

/** The chains of connections to one block of addresses. */
export const destinationChains = (chains: DestinationChains): readonly object[] => {
  const { block } = chains;
  const addresses = block && {
    prefix_ranges: [{ address_prefix: networkAddress(block), prefix_len: block.prefixLength }],
  };
  return byServerNames(chains).map(([route, names]) => ({
    filter_chain_match: { ...addresses, ...(names.length === 0 ? {} : { server_names: names }) },
    filters: [tcpFilter(route)],
  }));
};
