/**
 * A captured inbound port. The first byte tells TLS from plaintext; the port's mutual TLS mode says which of them the
 * workload accepts, and whether TLS is terminated here or belongs to the application.
 */
import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Identity } from '../../ca/certificate.ts';
import type { Cluster, InboundPort, MtlsMode } from '../../traffic/tables.ts';
import { serveHttp, serveHttp2 } from '../http-service.ts';
import { type Link, linkByEvents } from '../link.ts';
import type { Place, PlaceTls } from '../place.ts';
import type { ProxyState } from '../proxy-state.ts';
import { openTunnel } from '../tcp/tunnel.ts';
import { offersIstio, serverNameOf, TLS_HANDSHAKE } from '../tls/client-hello.ts';
import { SERVER_ALPN, secureOptions } from '../tls/contexts.ts';
import { peerSpiffeId } from '../tls/peer-identity.ts';
import { createTlsEnd, type TlsEnd } from '../tls/tls-end.ts';
import { serveEitherHttp } from './either-http.ts';
import { awaitFirstByte, refuse } from './first-byte.ts';
import { awaitFirstBytes } from './first-bytes.ts';
import { sniffHttp } from './sniff.ts';

const INBOUND_PASSTHROUGH = 'InboundPassthroughCluster';

/** The inbound side of one port: takes sockets, terminates mutual TLS where it is the mesh's. */
export interface InboundListener {
  accept(socket: Socket): void;
  /** New handshakes use the new certificate and roots. */
  replaceIdentity(identity: Identity): void;
}

export const createInboundListener = (state: ProxyState, port: number): InboundListener => {
  const end = createTlsEnd(
    state,
    {
      ...secureOptions(state.tls.identity),
      requestCert: true,
      rejectUnauthorized: true,
      ALPNProtocols: SERVER_ALPN,
    },
    (socket) => onSecure(state, port, socket),
  );
  return {
    accept: (socket) => admit(state, port, socket, end),
    replaceIdentity: (identity) => end.replaceOptions(secureOptions(identity)),
  };
};

const inboundPort = (state: ProxyState, port: number): InboundPort | undefined => state.tables.inbound.get(port);

const mtlsOf = (state: ProxyState, port: number): MtlsMode =>
  inboundPort(state, port)?.mtls ?? state.tables.inboundDefault;

const placeOf = (state: ProxyState, port: number, socket: Socket, tls: PlaceTls | undefined): Place => {
  const { remoteAddress = '', remotePort = 0 } = socket;
  return {
    direction: 'inbound',
    address: state.tables.node.address,
    port,
    remoteAddress: state.network.meshAddressOf(remoteAddress, remotePort),
    remotePort,
    tls,
  };
};

type Choice = 'more' | 'refuse' | 'terminate' | 'plain' | 'raw';

const chooseFor = (state: ProxyState, port: number, bytes: Buffer): Choice => {
  const mode = mtlsOf(state, port);
  if (bytes[0] !== TLS_HANDSHAKE) return mode === 'STRICT' ? 'refuse' : 'plain';
  if (mode === 'STRICT') return 'terminate';
  const offer = offersIstio(bytes);
  if (offer === 'more') return 'more';
  return offer === 'istio' && mode !== 'DISABLE' ? 'terminate' : 'raw';
};

const admit = (state: ProxyState, port: number, socket: Socket, end: TlsEnd): void =>
  awaitFirstByte(state, socket, (bytes) => {
    const choice = chooseFor(state, port, bytes);
    switch (choice) {
      case 'more':
        return undefined;
      case 'refuse':
        return () => refuse(state, placeOf(state, port, socket, undefined), socket);
      case 'terminate':
        return () => {
          socket.unshift(bytes);
          end.terminate(socket);
        };
      default:
        return () => {
          const place = placeOf(state, port, socket, undefined);
          const isRaw = choice === 'raw';
          const passed = isRaw ? { ...place, passedServerName: serverNameOf(bytes) } : place;
          serve(state, linkByEvents(socket), passed, isRaw, bytes);
        };
    }
  });

const onSecure = (state: ProxyState, port: number, socket: TLSSocket): void => {
  const certificate = socket.getPeerCertificate();
  const peerPrincipal = peerSpiffeId(certificate);
  if (peerPrincipal === undefined) {
    socket.destroy();
    return;
  }
  const tls: PlaceTls = {
    version: socket.getProtocol() ?? '',
    serverName: typeof socket.servername === 'string' ? socket.servername : '',
    peerPrincipal,
    localPrincipal: state.tls.identity.certificate.spiffeId,
    peerHash: createHash('sha256').update(certificate.raw).digest('hex'),
  };
  const link = linkByEvents(socket);
  serve(state, link, placeOf(state, port, socket, tls), false, Buffer.alloc(0));
};

/** Serves what the port carries; `isRaw` is TLS of the application's own. */
const serve = (state: ProxyState, link: Link, place: Place, isRaw: boolean, first: Buffer): void => {
  const port = inboundPort(state, place.port);
  const name = port?.cluster ?? INBOUND_PASSTHROUGH;
  const target = { name, cluster: state.tables.clusters.get(name) ?? applicationCluster(name), origin: undefined };
  if (isRaw || port === undefined || port.protocol === 'tcp') {
    openTunnel(state, place, link, target, first);
    return;
  }
  if (port.protocol === 'http') {
    serveEitherHttp(state, link, place, first);
    return;
  }
  const decide = (bytes: Buffer): boolean => {
    const kind = sniffHttp(bytes);
    if (kind === 'more') return false;
    if (kind === 'http') serveHttp(state, link, place).onBytes(bytes, 0, bytes.length);
    else if (kind === 'http2') serveHttp2(state, link, place).onBytes(bytes, 0, bytes.length);
    else openTunnel(state, place, link, target, bytes);
    return true;
  };
  awaitFirstBytes(state, link, decide, first);
};

/** The pod's own application on a port that the configuration does not know. */
const applicationCluster = (name: string): Cluster => ({
  name,
  kind: 'application',
  endpoints: [],
  balancer: { kind: 'round-robin' },
  connectTimeoutMs: 10_000,
  maxRequestsPerConnection: 0,
  http: 'same',
  service: undefined,
  origin: undefined,
});
