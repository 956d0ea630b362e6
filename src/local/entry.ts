import { connect, createServer, type Socket } from 'node:net';
import { Fault } from '../base/fault.ts';
import type { SocketAddress } from '../proxy/proxy.ts';
import type { Closable } from './forward.ts';

/** Where this machine enters the mesh: one loopback port for the ingress gateway and for every service by name. */
export interface Entry extends Closable {
  readonly port: number;
}

export interface EntryOptions {
  readonly port: number;
  /** The proxy that takes connections whose first request is for this host (lower case, without port). */
  readonly targetOf: (host: string) => SocketAddress | undefined;
}

const MAX_HEAD_BYTES = 64 * 1024;
const HEAD_TIMEOUT_MS = 10_000;
const HOST_LINE = /\r\nhost:[ \t]*([^\r\n]*?)[ \t]*\r\n/i;

/**
 * The Host of a request whose head may still be arriving: undefined = not seen yet, empty = it has none. Only chooses
 * a proxy; that proxy parses the same bytes strictly.
 */
export const hostOfHead = (head: string): string | undefined => {
  const end = head.indexOf('\r\n\r\n');
  const host = HOST_LINE.exec(end < 0 ? head : head.slice(0, end + 2))?.[1];
  if (host !== undefined) return host.toLowerCase().replace(/:\d+$/, '');
  return end < 0 ? undefined : '';
};

const NOBODY =
  'No Gateway of this mesh listens here. Services answer at http://SERVICE.NAMESPACE.localhost on this port;\n' +
  'see: heddle local status\n';

const refuse = (socket: Socket): void => {
  socket.end(
    `HTTP/1.1 404 Not Found\r\ncontent-type: text/plain\r\ncontent-length: ${NOBODY.length}\r\nconnection: close\r\n\r\n${NOBODY}`,
  );
};

/**
 * A connection belongs to the proxy its first Host names, bytes untouched: clients keep separate connections per
 * origin, and a request for another host on the same connection is answered by that proxy's own routes.
 */
const dispatch = (downstream: Socket, options: EntryOptions): void => {
  const chunks: Buffer[] = [];
  let size = 0;
  downstream.setTimeout(HEAD_TIMEOUT_MS, () => downstream.destroy());
  downstream.on('error', () => downstream.destroy());
  const onData = (chunk: Buffer): void => {
    chunks.push(chunk);
    size += chunk.length;
    const received = Buffer.concat(chunks);
    const host = hostOfHead(received.toString('latin1')) ?? (size > MAX_HEAD_BYTES ? '' : undefined);
    if (host === undefined) return;
    downstream.off('data', onData);
    downstream.pause();
    downstream.setTimeout(0);
    const target = options.targetOf(host);
    if (target === undefined) refuse(downstream);
    else carry(downstream, received, target);
  };
  downstream.on('data', onData);
};

const carry = (downstream: Socket, received: Buffer, target: SocketAddress): void => {
  const upstream = connect({ ...target, noDelay: true, allowHalfOpen: true });
  upstream.write(received);
  upstream.on('error', () => downstream.destroy());
  upstream.on('close', () => downstream.destroy());
  downstream.on('close', () => upstream.destroy());
  downstream.pipe(upstream);
  upstream.pipe(downstream);
};

/** Opens the entry on 127.0.0.1; throws a Fault `PORT_IN_USE` when another process has the port. Port 0 picks one. */
export const openEntry = (options: EntryOptions): Promise<Entry> =>
  new Promise((resolve, reject) => {
    const open = new Set<Socket>();
    const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
      open.add(socket);
      socket.on('close', () => open.delete(socket));
      dispatch(socket, options);
    });
    server.once('error', (error: NodeJS.ErrnoException) => reject(cannotListen(options.port, error)));
    server.listen({ host: '127.0.0.1', port: options.port }, () => {
      const { port } = server.address() as { port: number };
      resolve({
        port,
        close: () =>
          new Promise((closed) => {
            server.close(() => closed());
            for (const socket of open) socket.destroy();
          }),
      });
    });
  });

const cannotListen = (port: number, error: NodeJS.ErrnoException): Fault => {
  if (error.code === 'EADDRINUSE')
    return new Fault(`port ${port} is already in use on 127.0.0.1`, {
      kind: 'cannot-create',
      code: 'PORT_IN_USE',
      hint: 'choose another with --gateway-port, or 0 for a free one',
      cause: error,
    });
  if (error.code === 'EACCES')
    return new Fault(`port ${port} needs privileges this process does not have`, {
      kind: 'denied',
      code: 'PORT_DENIED',
      hint: 'choose one above 1023 with --gateway-port',
      cause: error,
    });
  return new Fault(`cannot listen on 127.0.0.1:${port}: ${error.message}`, {
    kind: 'cannot-create',
    code: 'LISTEN_FAILED',
    cause: error,
  });
};
