import type { Socket } from 'node:net';
import { createServer, type SecureContextOptions, type TLSSocket, type TlsOptions } from 'node:tls';
import type { Member, ProxyState } from '../proxy-state.ts';

const HANDSHAKE_TIMEOUT_MS = 10_000;

/** Ends the TLS of accepted sockets that nobody has taken bytes from. */
export interface TlsEnd {
  terminate(socket: Socket): void;
  /** Handshakes from now on go by these. */
  replaceOptions(options: SecureContextOptions): void;
}

/** `onSecure` is called when a handshake succeeded; a client whose handshake fails learns why from the TLS alert. */
export const createTlsEnd = (state: ProxyState, options: TlsOptions, onSecure: (socket: TLSSocket) => void): TlsEnd => {
  const server = createServer({ ...options, handshakeTimeout: HANDSHAKE_TIMEOUT_MS, allowHalfOpen: true });
  const handshakes = new Map<string, Handshake>();
  server.on('secureConnection', (socket: TLSSocket) => {
    handshakes.get(clientOf(socket))?.onDone();
    socket.on('error', ignore);
    onSecure(socket);
  });
  server.on('tlsClientError', ignore);
  return {
    terminate: (socket) => {
      const key = clientOf(socket);
      handshakes.set(key, new Handshake(state, socket, () => handshakes.delete(key)));
      server.emit('connection', socket);
    },
    replaceOptions: (next) => server.setSecureContext(next),
  };
};

/** Tells the connections of one port apart, before and after TLS wraps them. */
const clientOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`;

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
