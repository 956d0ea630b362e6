import { connect, createServer, type Socket } from 'node:net';
import type { SocketAddress } from '../proxy/proxy.ts';

/** Something that listens or runs and can be ended. */
export interface Closable {
  close(): Promise<void>;
}

/**
 * Carries every connection to `at` on to `target`, byte for byte: how a process of the machine takes the place of a
 * pod's application. A target that refuses closes the connection, as a pod without listener would.
 */
export const startForward = (
  at: SocketAddress,
  target: () => SocketAddress,
): Promise<Closable & { at: SocketAddress }> =>
  new Promise((resolve, reject) => {
    const open = new Set<Socket>();
    const server = createServer({ noDelay: true, allowHalfOpen: true }, (downstream) => {
      const upstream = connect({ ...target(), noDelay: true, allowHalfOpen: true });
      for (const [socket, other] of [
        [downstream, upstream],
        [upstream, downstream],
      ] as const) {
        open.add(socket);
        socket.on('error', () => other.destroy());
        socket.on('close', () => {
          open.delete(socket);
          other.destroy();
        });
        socket.pipe(other);
      }
    });
    server.once('error', reject);
    server.listen(at, () => {
      const { port } = server.address() as { port: number };
      resolve({
        at: { host: at.host, port },
        close: () =>
          new Promise((closed) => {
            server.close(() => closed());
            for (const socket of open) socket.destroy();
          }),
      });
    });
  });
