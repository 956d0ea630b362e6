import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttp2Server, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import { createServer as createNetServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { Fault } from '../../base/fault.ts';
import type { SocketAddress } from '../../proxy/proxy.ts';
import type { Closable } from '../forward.ts';

export type AppRequest = IncomingMessage | Http2ServerRequest;
/** HTTP/2's response takes the same calls; it has a `stream`, and no connection headers of its own. */
export type AppResponse = ServerResponse & Partial<Pick<Http2ServerResponse, 'stream'>>;
export type AppHandler = (request: AppRequest, response: AppResponse) => void;

export interface Listening extends Closable {
  readonly at: SocketAddress;
}

/** Go's net/http, which the applications stood in for are written with, takes heads of up to 1 MiB. */
const maxHeaderSize = 1_048_576;

const loopback = /^(127(\.\d{1,3}){3}|::1)$/;

const badRequest =
  'HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n400 Bad Request';

const httpServer = (handler: AppHandler) => {
  const server = createHttpServer({ maxHeaderSize, requestTimeout: 0, keepAliveTimeout: 0, noDelay: true }, handler);
  server.on('clientError', (_error, socket) => {
    if (socket.writable) socket.end(badRequest);
    else socket.destroy();
  });
  return server;
};

/** Binds a server; port 0 picks a free port. Faults: NOT_LOOPBACK, LISTEN_FAILED. */
const bind = async (server: Server, at: SocketAddress, open: ReadonlySet<Socket>): Promise<Listening> => {
  if (!loopback.test(at.host)) {
    throw new Fault(`stand-ins listen on loopback addresses only, not on ${at.host}`, {
      kind: 'denied',
      code: 'NOT_LOOPBACK',
    });
  }
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new Fault(`a stand-in cannot listen on ${at.host}:${at.port}`, {
          kind: 'failure',
          code: 'LISTEN_FAILED',
          hint: 'free the port, or stop the other mesh that uses it',
          cause,
        }),
      ),
    );
    server.listen(at, resolve);
  });
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : at.port;
  return {
    at: { host: at.host, port },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
};

const trackSockets = (server: Server): ReadonlySet<Socket> => {
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => open.delete(socket));
  });
  return open;
};

/** An application that speaks HTTP/1 and nothing else. */
export const listenHttp = (at: SocketAddress, handler: AppHandler): Promise<Listening> => {
  const server = httpServer(handler);
  return bind(server, at, trackSockets(server));
};

/** Collects the first three bytes, enough to tell TLS, HTTP/2 and HTTP/1 apart, and puts them back. */
const peek = (socket: Socket, decide: (first: Buffer) => void): void => {
  let head: Buffer = Buffer.alloc(0);
  const onData = (chunk: Buffer): void => {
    head = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
    if (head.length < 3 && head[0] !== 0x16) return;
    socket.off('data', onData);
    socket.off('end', onEnd);
    socket.pause();
    socket.unshift(head);
    decide(head);
  };
  const onEnd = (): void => void socket.destroy();
  socket.on('data', onData);
  socket.on('end', onEnd);
};

/**
 * An application that speaks HTTP/1, HTTP/2 with prior knowledge and TLS (either, by ALPN) on one port, told apart by
 * the first bytes of a connection. The certificate is asked for when the first TLS connection comes.
 */
export const listenAnyHttp = (
  at: SocketAddress,
  handler: AppHandler,
  certificate: () => Promise<{ readonly cert: string; readonly key: string }>,
): Promise<Listening> => {
  const http1 = httpServer(handler);
  const http2 = createHttp2Server({}, (request, response) => handler(request, response as unknown as AppResponse));
  http2.on('sessionError', () => {});
  let tls: Promise<Server> | undefined;
  const startTls = async (): Promise<Server> => {
    const server = createTlsServer({ ...(await certificate()), ALPNProtocols: ['h2', 'http/1.1'] }, (socket) => {
      socket.on('error', () => {});
      (socket.alpnProtocol === 'h2' ? http2 : http1).emit('connection', socket);
    });
    server.on('tlsClientError', (_error, socket) => void socket.destroy());
    return server;
  };
  const server = createNetServer({ noDelay: true, allowHalfOpen: true }, (socket) =>
    peek(socket, (first) => {
      if (first[0] === 0x16) {
        tls ??= startTls();
        tls.then(
          (secure) => secure.emit('connection', socket),
          () => socket.destroy(),
        );
        return;
      }
      // No HTTP/1 method begins with PRI (RFC 9113 3.4 reserves it for this).
      if (first.toString('latin1', 0, 3) === 'PRI') {
        http2.emit('connection', socket);
        return;
      }
      http1.emit('connection', socket);
      // The HTTP/1 server listens but does not lift the pause; the others read what is buffered by themselves.
      socket.resume();
    }),
  );
  return bind(server, at, trackSockets(server));
};
