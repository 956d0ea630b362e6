/**
 * A captured inbound port. The first byte tells TLS from plaintext; the port's mutual TLS mode says which of them the
 * workload accepts, and whether TLS is terminated here or belongs to the application.
 */
import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import type { Identity } from '../../ca/certificate.ts';
import type { Cluster, InboundPort, MtlsMode } from '../../traffic/tables.ts';
import { serveHttp, serveHttp2 } from '../http-service.ts';
import { type Link, linkByEvents } from '../link.ts';
import type { Place, PlaceTls } from '../place.ts';
import type { Member, ProxyState } from '../proxy-state.ts';
import { openTunnel, tcpRecord } from '../tcp/tunnel.ts';
import { offersIstio, serverNameOf, TLS_HANDSHAKE } from '../tls/client-hello.ts';
import { SERVER_ALPN, secureOptions } from '../tls/contexts.ts';
import { peerSpiffeId } from '../tls/peer-identity.ts';
import { serveEitherHttp } from './either-http.ts';
import { awaitFirstBytes } from './first-bytes.ts';
import { sniffHttp } from './sniff.ts';

const HANDSHAKE_TIMEOUT_MS = 10_000;
/** Until the first byte: a client that says nothing is no use. */
const FIRST_BYTE_TIMEOUT_MS = 60_000;
const INBOUND_PASSTHROUGH = 'InboundPassthroughCluster';

/** The inbound side of one port: takes sockets, terminates mutual TLS where it is the mesh's. */
export interface InboundListener {
  accept(socket: Socket): void;
  /** New handshakes use the new certificate and roots. */
  replaceIdentity(identity: Identity): void;
}

export const createInboundListener = (state: ProxyState, port: number): InboundListener => {
  const server = createServer({
    ...secureOptions(state.tls.identity),
    requestCert: true,
    rejectUnauthorized: true,
    ALPNProtocols: SERVER_ALPN,
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    allowHalfOpen: true,
  });
  const handshakes = new Map<string, Handshake>();
  server.on('secureConnection', (socket: TLSSocket) => {
    handshakes.get(clientOf(socket))?.onDone();
    onSecure(state, port, socket);
  });
  // The server closes the connection; the client learns why from the TLS alert.
  server.on('tlsClientError', () => {});
  const terminate = (socket: Socket): void => {
    const key = clientOf(socket);
    handshakes.set(key, new Handshake(state, socket, () => handshakes.delete(key)));
    server.emit('connection', socket);
  };
  return {
    accept: (socket) => new FirstByte(state, port, socket, terminate),
    replaceIdentity: (identity) => server.setSecureContext(secureOptions(identity)),
  };
};

/** Tells the connections of one port apart, before and after TLS wraps them. */
const clientOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`;

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

/** Reads a socket just far enough to know what it is. It stays an unread socket, so that TLS can still wrap it. */
class FirstByte implements Member {
  private readonly state: ProxyState;
  private readonly port: number;
  private readonly socket: Socket;
  private readonly terminate: (socket: Socket) => void;
  private readonly deadlineMs: number;
  private bytes: Buffer = Buffer.alloc(0);

  constructor(state: ProxyState, port: number, socket: Socket, terminate: (socket: Socket) => void) {
    this.state = state;
    this.port = port;
    this.socket = socket;
    this.terminate = terminate;
    this.deadlineMs = state.clock.monotonicMs() + FIRST_BYTE_TIMEOUT_MS;
    state.add(this);
    socket.on('data', this.onData);
    socket.on('error', ignore);
    socket.on('close', this.onClose);
    socket.on('end', this.onEnd);
    socket.resume();
  }

  private readonly onData = (bytes: Buffer): void => {
    this.bytes = this.bytes.length === 0 ? bytes : Buffer.concat([this.bytes, bytes]);
    const choice = this.choose();
    if (choice === 'more') return;
    const { state, port, socket } = this;
    socket.pause();
    socket.off('data', this.onData);
    socket.off('close', this.onClose);
    socket.off('end', this.onEnd);
    if (choice === 'refuse') {
      const place = placeOf(state, port, socket, undefined);
      const record = tcpRecord(state.tables, place, state.clock.nowMs());
      state.onRecord({ ...record, flags: 'NR', details: 'filter_chain_not_found' });
      socket.resetAndDestroy();
    } else if (choice === 'terminate') {
      socket.unshift(this.bytes);
      this.terminate(socket);
    } else {
      const link = linkByEvents(socket);
      const place = placeOf(state, port, socket, undefined);
      const isRaw = choice === 'raw';
      serve(state, link, isRaw ? { ...place, passedServerName: serverNameOf(this.bytes) } : place, isRaw, this.bytes);
    }
    state.remove(this);
  };

  private choose(): 'more' | 'refuse' | 'terminate' | 'plain' | 'raw' {
    const mode = mtlsOf(this.state, this.port);
    if (this.bytes[0] !== TLS_HANDSHAKE) return mode === 'STRICT' ? 'refuse' : 'plain';
    if (mode === 'STRICT') return 'terminate';
    const offer = offersIstio(this.bytes);
    if (offer === 'more') return 'more';
    return offer === 'istio' && mode !== 'DISABLE' ? 'terminate' : 'raw';
  }

  private readonly onEnd = (): void => {
    this.socket.destroy();
  };

  private readonly onClose = (): void => this.state.remove(this);

  drain(): void {
    this.socket.destroy();
  }

  destroy(): void {
    this.socket.destroy();
  }

  sweep(nowMs: number): void {
    if (nowMs > this.deadlineMs) this.socket.destroy();
  }
}

const ignore = (): void => {};

/** Keeps a socket on the books during its handshake, while nobody else knows of it. */
class Handshake implements Member {
  private readonly state: ProxyState;
  private readonly socket: Socket;
  private readonly onOver: () => void;
  private isOver = false;

  constructor(state: ProxyState, socket: Socket, onOver: () => void) {
    this.state = state;
    this.socket = socket;
    this.onOver = onOver;
    state.add(this);
    socket.once('close', () => this.onDone());
  }

  onDone(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.state.remove(this);
    this.onOver();
  }

  drain(): void {
    this.socket.destroy();
  }

  destroy(): void {
    this.socket.destroy();
  }

  /** The server times handshakes itself. */
  sweep(): void {}
}

const onSecure = (state: ProxyState, port: number, socket: TLSSocket): void => {
  socket.on('error', ignore);
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
