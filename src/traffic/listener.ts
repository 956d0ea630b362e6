import { cidrContains } from '../base/cidr.ts';
import { findSuffix } from './suffix-table.ts';
import type {
  DestinationChains,
  GatewayPort,
  OutboundListener,
  OutboundTables,
  ServerNames,
  TcpRoute,
} from './tables.ts';

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
 * What takes a connection for a server name (lower case, empty when it names none): the name itself, else the longest
 * `*.suffix`, else what is for all, as Envoy chooses filter chains.
 */
export const selectServer = <T>({ exact, suffixes, any }: ServerNames<T>, serverName: string): T | undefined =>
  exact.get(serverName) ?? findSuffix(suffixes, serverName) ?? any;

/** The chains for connections to an address: those of the narrowest block alone, as Envoy does not look back. */
export const chainsFor = ({ chains }: OutboundListener, address: string): DestinationChains | undefined =>
  chains?.find(({ block }) => block === undefined || cidrContains(block, address));

/** Where a listener sends a connection that is not HTTP to it; undefined = it is unknown to the mesh. */
export const connectionRoute = (
  listener: OutboundListener,
  address: string,
  serverName: string,
): TcpRoute | undefined => {
  const chains = chainsFor(listener, address);
  return (chains === undefined ? undefined : selectServer(chains, serverName)) ?? listener.tcp;
};

/** Whether connections to an address may be HTTP for a listener: an address block of its own carries none. */
export const mayCarryHttp = (listener: OutboundListener, address: string): boolean =>
  listener.protocol !== 'tcp' && chainsFor(listener, address)?.block === undefined;

/** The routes of HTTP that came to a gateway's port, behind TLS for a server name where there is one. */
export const gatewayRoutes = (
  port: GatewayPort | undefined,
  serverName: string | undefined,
): GatewayPort['routes'] | undefined =>
  port?.tls === undefined ? port?.routes : selectServer(port.tls, serverName?.toLowerCase() ?? '')?.routes;
