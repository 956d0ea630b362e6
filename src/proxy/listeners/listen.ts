import { createServer, type Server, type Socket } from 'node:net';
import { Fault } from '../../base/fault.ts';
import type { SocketAddress } from '../proxy.ts';

const BACKLOG = 1024;

export interface Listening {
  readonly at: SocketAddress;
  readonly server: Server;
}

/** Accepts connections, unread and half-open, at an address; port 0 picks one. Throws a Fault when it cannot. */
export const listen = async (at: SocketAddress, onSocket: (socket: Socket) => void): Promise<Listening> => {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, onSocket);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(cannotListen(at, error)));
    server.listen({ host: at.host, port: at.port, backlog: BACKLOG }, resolve);
  });
  // Later errors are single connections that could not be accepted; their clients see them fail.
  server.on('error', () => {});
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : at.port;
  return { at: { host: at.host, port }, server };
};

const cannotListen = (at: SocketAddress, cause: Error): Fault => {
  const where = `${at.host}:${at.port}`;
  const code: unknown = Reflect.get(cause, 'code');
  if (code === 'EADDRINUSE') {
    const hint = 'stop the process that listens there, or choose another port';
    return new Fault(`${where} is in use`, { kind: 'cannot-create', code: 'PORT_IN_USE', hint, cause });
  }
  return new Fault(`cannot listen at ${where}`, { kind: 'cannot-create', code: 'CANNOT_LISTEN', cause });
};
