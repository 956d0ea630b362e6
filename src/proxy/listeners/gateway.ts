/**
 * A gateway's port: cleartext HTTP, connections as they are, or TLS, whose server name chooses who takes it and
 * whether its end is here.
 */
import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Identity } from '../../ca/certificate.ts';
import { selectServer } from '../../traffic/listener.ts';
import type { GatewayTlsServer, TcpRoute, TlsServers, TlsTermination } from '../../traffic/tables.ts';
import { type Link, linkAccepted, linkByEvents } from '../link.ts';
import type { Place, PlaceTls } from '../place.ts';
import type { ProxyState } from '../proxy-state.ts';
import { clusterOfTcp, openTunnel } from '../tcp/tunnel.ts';
import { awaitServerName, TLS_HANDSHAKE } from '../tls/client-hello.ts';
import { clientPrincipal, createGatewayEnd } from '../tls/gateway-tls.ts';
import type { TlsEnd } from '../tls/tls-end.ts';
import { serveEitherHttp } from './either-http.ts';
import { awaitFirstByte, refuse } from './first-byte.ts';

const NO_BYTES = Buffer.alloc(0);

/** Takes a connection to a gateway's port. */
export const acceptGateway = (state: ProxyState, port: number, socket: Socket): void => {
  const { tcp, tls } = state.tables.gateway.get(port) ?? {};
  const place = placeOf(state, port, socket, undefined);
  if (tls !== undefined) acceptTls(state, port, socket, tls);
  else if (tcp !== undefined) tunnel(state, place, linkAccepted(socket), tcp, NO_BYTES);
  else serveEitherHttp(state, linkAccepted(socket), place, undefined);
};

const placeOf = (state: ProxyState, port: number, socket: Socket, tls: PlaceTls | undefined): Place => {
  const { remoteAddress = '', remotePort = 0 } = socket;
  return {
    direction: 'gateway',
    address: state.tables.node.address,
    port,
    remoteAddress: state.network.meshAddressOf(remoteAddress, remotePort),
    remotePort,
    tls,
  };
};

const acceptTls = (state: ProxyState, port: number, socket: Socket, servers: TlsServers): void =>
  awaitFirstByte(state, socket, (bytes) => {
    const serverName = bytes[0] === TLS_HANDSHAKE ? awaitServerName(bytes) : '';
    if (serverName === undefined) return undefined;
    const place = { ...placeOf(state, port, socket, undefined), passedServerName: serverName };
    const server = selectServer(servers, serverName);
    if (server === undefined) return () => refuse(state, place, socket);
    const { tcp, terminate } = server;
    if (terminate === undefined) {
      return () => {
        if (tcp !== undefined) tunnel(state, place, linkByEvents(socket), tcp, bytes);
      };
    }
    const end = endOf(state, port, terminate, server);
    // Envoy's word for a server that still waits for its certificate: a reset without a record.
    if (end === undefined) return () => socket.resetAndDestroy();
    return () => {
      socket.unshift(bytes);
      end.terminate(socket);
    };
  });

const tunnel = (state: ProxyState, place: Place, link: Link, route: TcpRoute, first: Buffer): void =>
  openTunnel(state, place, link, clusterOfTcp(state.tables, route, state.random()), first);

interface KnownEnd {
  readonly identity: Identity;
  readonly end: TlsEnd | undefined;
}

/** Made at a server's first connection; tables that are gone take theirs with them. */
const ends = new WeakMap<ProxyState, WeakMap<TlsTermination, KnownEnd>>();

const endOf = (
  state: ProxyState,
  port: number,
  termination: TlsTermination,
  server: GatewayTlsServer,
): TlsEnd | undefined => {
  const own = ends.get(state) ?? new WeakMap<TlsTermination, KnownEnd>();
  ends.set(state, own);
  const { identity } = state.tls;
  const known = own.get(termination);
  if (known !== undefined && known.identity === identity) return known.end;
  const end = createGatewayEnd(state, termination, (socket) => onSecure(state, port, socket, server));
  own.set(termination, { identity, end });
  return end;
};

const onSecure = (state: ProxyState, port: number, socket: TLSSocket, { terminate, tcp }: GatewayTlsServer): void => {
  const certificate = socket.getPeerCertificate();
  const isWorkload = terminate?.certificates === 'workload';
  const place = placeOf(state, port, socket, {
    version: socket.getProtocol() ?? '',
    serverName: typeof socket.servername === 'string' ? socket.servername : '',
    peerPrincipal: clientPrincipal(socket),
    localPrincipal: isWorkload ? state.tls.identity.certificate.spiffeId : '',
    peerHash: certificate.raw === undefined ? '' : createHash('sha256').update(certificate.raw).digest('hex'),
  });
  const link = linkByEvents(socket);
  if (tcp === undefined) serveEitherHttp(state, link, place, undefined);
  else tunnel(state, place, link, tcp, NO_BYTES);
};
