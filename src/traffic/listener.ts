import { findSuffix } from './suffix-table.ts';
import type { GatewayPort, GatewayTlsServer, OutboundListener, OutboundTables, TlsServers } from './tables.ts';

/**
 * The listener for a captured connection's original destination. A service's own address comes first, then the wildcard
 * listener that HTTP services share on a port, as Envoy orders them; the words stand for what the mesh does with the unknown.
 */
export const selectOutbound = (
  tables: OutboundTables,
  address: string,
  port: number,
): OutboundListener | 'passthrough' | 'blackhole' =>
  tables.byAddress.get(`${address}:${port}`) ?? tables.byPort.get(port) ?? tables.unknown;

/**
 * The server of a TLS port that takes a connection for a server name (lower case, empty when it names none): the name
 * itself, else the longest `*.suffix`, else the one for all, as Envoy chooses filter chains.
 */
export const selectTlsServer = (
  { exact, suffixes, any }: TlsServers,
  serverName: string,
): GatewayTlsServer | undefined => exact.get(serverName) ?? findSuffix(suffixes, serverName) ?? any;

/** The routes of HTTP that came to a gateway's port, behind TLS for a server name where there is one. */
export const gatewayRoutes = (
  port: GatewayPort | undefined,
  serverName: string | undefined,
): GatewayPort['routes'] | undefined =>
  port?.tls === undefined ? port?.routes : selectTlsServer(port.tls, serverName?.toLowerCase() ?? '')?.routes;
