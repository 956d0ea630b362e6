import { at, type JsonObject, listAt, numberAt, textAt, textsAt } from './json.ts';
import { describeMatch } from './routes.ts';

const HTTP_CONNECTION_MANAGER = 'envoy.filters.network.http_connection_manager';
const TCP_PROXY = 'envoy.filters.network.tcp_proxy';

/** The lists of ALPN names that istiod writes, and what they stand for. */
const PROTOCOLS: ReadonlyMap<string, string> = new Map([
  ['http/1.0,http/1.1,h2c,istio-http/1.0,istio-http/1.1,istio-h2', 'HTTP TLS'],
  ['istio,istio-http/1.0,istio-http/1.1,istio-h2', 'Istio HTTP Plain'],
  ['istio-peer-exchange,istio', 'TCP TLS'],
  ['http/1.0,http/1.1,h2c', 'HTTP'],
]);

/** A listener's filter chains, the default one last. */
export const filterChainsOf = (listener: JsonObject): readonly unknown[] => {
  const fallback = at(listener, 'default_filter_chain');
  return [...listAt(listener, 'filter_chains'), ...(fallback === undefined ? [] : [fallback])];
};

/** Istio's black hole, wherever it is named in the filter's configuration, is no destination. */
const goesNowhere = (filter: unknown): boolean =>
  JSON.stringify(at(filter, 'typed_config') ?? {}).includes('BlackHoleCluster');

/** What a network filter makes of a connection; undefined for filters that pass it on. */
export const protocolOf = (filter: unknown): 'http' | 'tcp' | undefined => {
  const name = textAt(filter, 'name');
  if (name === HTTP_CONNECTION_MANAGER) return 'http';
  return name === TCP_PROXY && !goesNowhere(filter) ? 'tcp' : undefined;
};

const addressOf = (match: unknown): string => {
  const port = at(match, 'destination_port') === undefined ? '' : `:${numberAt(match, 'destination_port')}`;
  const ranges = listAt(match, 'prefix_ranges').map(
    (range) => `${textAt(range, 'address_prefix')}/${numberAt(range, 'prefix_len')}`,
  );
  if (ranges.length > 0) return `Addr: ${ranges.join(',')}${port}`;
  return port === '' ? '' : `Addr: *${port}`;
};

/** The connections a filter chain takes: `Trans: tls; App: HTTP TLS; Addr: *:8080`, or `ALL`. */
export const describeChainMatch = (match: unknown): string => {
  const servers = textsAt(match, 'server_names').join(',');
  const transport = textAt(match, 'transport_protocol');
  const protocols = textsAt(match, 'application_protocols').join(',');
  const parts = [
    servers && `SNI: ${servers}`,
    transport && `Trans: ${transport}`,
    protocols && `App: ${PROTOCOLS.get(protocols) ?? protocols}`,
    addressOf(match),
  ].filter((part) => part !== '');
  return parts.length === 0 ? 'ALL' : parts.join('; ');
};

/** Istio's own clusters (`PassthroughCluster`) speak for themselves. */
const clusterText = (name: string): string => (name.includes('Cluster') ? name : `Cluster: ${name}`);

/** The cluster of a route configuration that sends everything to one. */
const onlyCluster = (hosts: readonly unknown[]): string | undefined => {
  const [host, ...moreHosts] = hosts;
  const [rule, ...moreRules] = listAt(host, 'routes');
  const isAll =
    moreHosts.length === 0 &&
    moreRules.length === 0 &&
    textsAt(host, 'domains').join(' ') === '*' &&
    textAt(rule, 'match', 'prefix') === '/';
  const cluster = at(rule, 'route', 'cluster');
  return isAll && typeof cluster === 'string' ? clusterText(cluster) : undefined;
};

const describeInlineRoutes = (hosts: readonly unknown[]): string => {
  const lines = hosts.map((host) => {
    const domains = textsAt(host, 'domains');
    const paths = listAt(host, 'routes').map((rule) => describeMatch(at(rule, 'match')));
    return `${domains.join(' ') === '*' ? '' : `${domains.join('/')} `}${paths.join(', ')}`;
  });
  return `Inline Route: ${lines.join('; ')}`;
};

const describeHttp = (config: unknown): string => {
  const inline = at(config, 'route_config');
  if (inline !== undefined) {
    const hosts = listAt(inline, 'virtual_hosts');
    return onlyCluster(hosts) ?? describeInlineRoutes(hosts);
  }
  const name = textAt(config, 'rds', 'route_config_name');
  return name === '' ? 'HTTP' : `Route: ${name}`;
};

/** Where a filter chain sends connections: its first HTTP or TCP filter decides. */
export const describeDestination = (chain: unknown): string => {
  const filter = listAt(chain, 'filters').find((candidate) => protocolOf(candidate) !== undefined);
  if (filter === undefined) return 'Non-HTTP/Non-TCP';
  const config = at(filter, 'typed_config');
  return protocolOf(filter) === 'http' ? describeHttp(config) : clusterText(textAt(config, 'cluster'));
};
