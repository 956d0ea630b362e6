import type { GatewayPort, GatewayTlsServer, ProxyTables, RouteTable } from '../tables.ts';
import { socketAddress } from './any.ts';
import { httpFilter, inspectors, routesByName, tcpFilter } from './filter-chain.ts';
import { rbacFilters } from './rbac.ts';
import { gatewayTermination } from './transport-socket.ts';

const listenerOf = (port: GatewayPort, { authorization, pathNormalization }: ProxyTables): object => {
  const name = `0.0.0.0_${port.port}`;
  const http = (routes: RouteTable): object =>
    httpFilter({
      statPrefix: `outbound_${name}`,
      routes: routesByName(routes.name),
      normalization: pathNormalization,
      filters: rbacFilters(authorization?.http, 'http'),
    });
  const bytes = rbacFilters(authorization?.tcp, 'network');
  const filtersOf = ({ routes, tcp }: Pick<GatewayTlsServer, 'routes' | 'tcp'>): readonly object[] => [
    ...(routes === undefined ? [] : [http(routes)]),
    ...(tcp === undefined ? [] : [...bytes, tcpFilter(tcp)]),
  ];
  const tlsChain = (server: GatewayTlsServer): object => ({
    ...(server.serverNames.includes('*') ? {} : { filter_chain_match: { server_names: server.serverNames } }),
    filters: filtersOf(server),
    ...(server.terminate === undefined ? {} : { transport_socket: gatewayTermination(server.terminate) }),
  });
  const { tls, tcp, routes } = port;
  return {
    name,
    address: socketAddress('0.0.0.0', port.port),
    filter_chains:
      tls === undefined ? [{ filters: filtersOf(tcp === undefined ? { routes } : { tcp }) }] : tls.all.map(tlsChain),
    ...inspectors(...(tls === undefined ? [] : (['tls'] as const))),
    traffic_direction: 'OUTBOUND',
  };
};

/** The listeners of a gateway, one a port. */
export const gatewayListeners = (tables: ProxyTables): readonly object[] =>
  [...tables.gateway.values()].map((port) => listenerOf(port, tables));
