import type { InboundPort, MtlsMode, OutboundListener, ProxyTables } from '../tables.ts';
import { socketAddress } from './any.ts';
import {
  destinationChains,
  type HttpFilterPlan,
  httpFilter,
  inspectors,
  routesByName,
  tcpFilter,
  toCluster,
} from './filter-chain.ts';
import { rbacFilters } from './rbac.ts';
import { routeConfiguration } from './routes.ts';
import { mutualTermination } from './transport-socket.ts';

const HTTP_ALPN = ['http/1.1', 'h2c'];
const ISTIO_HTTP_ALPN = ['istio-http/1.0', 'istio-http/1.1', 'istio-h2'];
const ISTIO_TCP_ALPN = ['istio-peer-exchange', 'istio'];
const ISTIO_ALPN = ['istio', 'istio-peer-exchange', ...ISTIO_HTTP_ALPN];

const INBOUND_PASSTHROUGH = 'InboundPassthroughCluster';

const addressOf = (name: string): object => {
  const [address = '', port = ''] = name.split('_');
  return socketAddress(address, Number(port));
};

/** HTTP by its first bytes, and what is none by address and server name; what nothing takes goes the default chain. */
const outboundListener = (listener: OutboundListener, { pathNormalization }: ProxyTables): object => {
  const { name, routes, tcp, chains = [] } = listener;
  const http =
    routes === undefined
      ? []
      : [
          {
            filter_chain_match: { transport_protocol: 'raw_buffer', application_protocols: HTTP_ALPN },
            filters: [
              httpFilter({
                statPrefix: `outbound_${name}`,
                routes: routesByName(routes.name),
                normalization: pathNormalization,
                filters: [],
              }),
            ],
          },
        ];
  const byDestination = chains.flatMap(destinationChains);
  const others = tcp === undefined ? [] : [{ filters: [tcpFilter(tcp)] }];
  const isPlain = http.length === 0 && byDestination.length === 0;
  const hasNames = chains.some(({ exact, suffixes }) => exact.size + suffixes.values.size > 0);
  return {
    name,
    address: addressOf(name),
    filter_chains: [...http, ...byDestination, ...(isPlain ? others : [])],
    ...inspectors(...(hasNames ? (['tls'] as const) : []), ...(routes === undefined ? [] : (['http'] as const))),
    traffic_direction: 'OUTBOUND',
    ...(isPlain || others[0] === undefined ? {} : { default_filter_chain: others[0] }),
    bind_to_port: false,
  };
};

const virtualOutbound = ({ outbound }: ProxyTables): object => {
  const unknown = outbound.unknown === 'passthrough' ? 'PassthroughCluster' : 'BlackHoleCluster';
  return {
    name: 'virtualOutbound',
    address: socketAddress('0.0.0.0', 15_001),
    filter_chains: [
      {
        filter_chain_match: { destination_port: 15_001 },
        filters: [toCluster('BlackHoleCluster')],
        name: 'virtualOutbound-blackhole',
      },
      { filters: [toCluster(unknown)], name: 'virtualOutbound-catchall-tcp' },
    ],
    use_original_dst: true,
    traffic_direction: 'OUTBOUND',
  };
};

/** What a port does with a connection that a chain may take. */
interface InboundFilters {
  /** Undefined where the port carries none. */
  readonly http: readonly object[] | undefined;
  readonly tcp: readonly object[];
  readonly protocol: InboundPort['protocol'];
}

interface Chain {
  readonly match: object;
  readonly filters: readonly object[];
  readonly terminates: boolean;
}

const secured = (protocols: readonly string[] | undefined, filters: readonly object[]): Chain => ({
  match: { transport_protocol: 'tls', ...(protocols === undefined ? {} : { application_protocols: protocols }) },
  filters,
  terminates: true,
});

/** Mutual TLS of the mesh, told by its protocols where other TLS may come as well. */
const securedChains = ({ http, tcp, protocol }: InboundFilters, mtls: MtlsMode): readonly Chain[] => {
  const isStrict = mtls === 'STRICT';
  if (http === undefined) return [secured(isStrict ? undefined : ISTIO_TCP_ALPN, tcp)];
  if (protocol === 'http') return [secured(isStrict ? undefined : ISTIO_ALPN, http)];
  return [secured(ISTIO_HTTP_ALPN, http), secured(isStrict ? undefined : ISTIO_TCP_ALPN, tcp)];
};

/** Plaintext, and the application's own TLS, which is passed on as it is. */
const plainChains = ({ http, tcp, protocol }: InboundFilters): readonly Chain[] => {
  const plain = (match: object, filters: readonly object[]): Chain => ({ match, filters, terminates: false });
  const raw = { transport_protocol: 'raw_buffer' };
  const passed = plain({ transport_protocol: 'tls' }, tcp);
  if (http === undefined) return [plain(raw, tcp), passed];
  if (protocol === 'http') return [plain(raw, http)];
  return [plain({ ...raw, application_protocols: HTTP_ALPN }, http), plain(raw, tcp), passed];
};

const inboundChains = (
  name: string,
  port: number | undefined,
  mtls: MtlsMode,
  filters: InboundFilters,
): readonly object[] => {
  const chains = [
    ...(mtls === 'DISABLE' ? [] : securedChains(filters, mtls)),
    ...(mtls === 'STRICT' ? [] : plainChains(filters)),
  ];
  return chains.map(({ match, filters: own, terminates }) => ({
    filter_chain_match: { ...(port === undefined ? {} : { destination_port: port }), ...match },
    filters: own,
    ...(terminates ? { transport_socket: mutualTermination(['h2', 'http/1.1']) } : {}),
    name,
  }));
};

const virtualInbound = (tables: ProxyTables): object => {
  const { authorization, pathNormalization } = tables;
  const rbac = { http: rbacFilters(authorization?.http, 'http'), tcp: rbacFilters(authorization?.tcp, 'network') };
  const http = (plan: Pick<HttpFilterPlan, 'statPrefix' | 'routes'>): readonly object[] => [
    httpFilter({ ...plan, normalization: pathNormalization, filters: rbac.http }),
  ];
  const portChains = (port: InboundPort): readonly object[] =>
    inboundChains(`0.0.0.0_${port.port}`, port.port, port.mtls, {
      http:
        port.protocol === 'tcp'
          ? undefined
          : http({
              statPrefix: `inbound_0.0.0.0_${port.port}`,
              routes: { route_config: routeConfiguration(port.routes) },
            }),
      tcp: [...rbac.tcp, toCluster(port.cluster)],
      protocol: port.protocol,
    });
  return {
    name: 'virtualInbound',
    address: socketAddress('0.0.0.0', 15_006),
    filter_chains: [
      {
        filter_chain_match: { destination_port: 15_006 },
        filters: [toCluster('BlackHoleCluster')],
        name: 'virtualInbound-blackhole',
      },
      ...inboundChains('virtualInbound', undefined, tables.inboundDefault, {
        http: undefined,
        tcp: [...rbac.tcp, toCluster(INBOUND_PASSTHROUGH)],
        protocol: 'tcp',
      }),
      ...[...tables.inbound.values()].flatMap(portChains),
    ],
    ...inspectors('tls', 'http'),
    traffic_direction: 'INBOUND',
  };
};

/** The listeners of a sidecar: those of services, and the two that all traffic is captured by. */
export const sidecarListeners = (tables: ProxyTables): readonly object[] => [
  ...[...tables.outbound.byPort.values(), ...tables.outbound.byAddress.values()].map((listener) =>
    outboundListener(listener, tables),
  ),
  virtualOutbound(tables),
  virtualInbound(tables),
];
