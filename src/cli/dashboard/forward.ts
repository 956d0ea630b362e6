import { createServer, type Server, type Socket } from 'node:net';
import { Fault } from '../../base/fault.ts';
import type { Cluster } from '../../cluster/cluster.ts';

/** A port of this machine that leads to a port of a pod. */
interface Forward {
  readonly port: number;
  close(): Promise<void>;
}

/** What is forwarded, and who hears of connections that fail. */
interface ForwardOptions {
  readonly pod: { readonly namespace: string; readonly name: string };
  readonly remotePort: number;
  /** An address of this machine. */
  readonly address: string;
  /** The port that must be free; without it the remote one, or any where that is taken. */
  readonly localPort: number | undefined;
  readonly onFault: (fault: Fault) => void;
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'UNKNOWN';

const listen = async (server: Server, port: number, host: string): Promise<void> => {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
};

const bind = async (server: Server, { address, localPort, remotePort }: ForwardOptions): Promise<void> => {
  try {
    await listen(server, localPort ?? remotePort, address);
  } catch (cause) {
    if (localPort === undefined) return listen(server, 0, address);
    throw new Fault(`cannot listen on ${address}:${localPort} (${codeOf(cause)})`, {
      kind: 'cannot-create',
      code: 'PORT_IN_USE',
      hint: 'name another port with --port, or leave it out',
      cause,
    });
  }
};

/** Forwards until closed; each connection gets one of its own to the pod. */
export const forwardPort = async (cluster: Cluster, options: ForwardOptions): Promise<Forward> => {
  const { pod, remotePort, onFault } = options;
  const sockets = new Set<Socket>();
  const carry = async (socket: Socket): Promise<void> => {
    const tell = (error: unknown): void => {
      if (error instanceof Fault) onFault(error);
      socket.destroy();
    };
    try {
      const remote = await cluster.connect(pod, remotePort);
      remote.on('error', tell).on('close', () => socket.destroy());
      socket.on('close', () => remote.destroy());
      if (socket.destroyed) remote.destroy();
      else socket.pipe(remote).pipe(socket);
    } catch (error) {
      tell(error);
    }
  };
  const server = createServer((socket) => {
    sockets.add(socket);
    // A reader that goes away is no fault of anybody.
    socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket));
    void carry(socket);
  });
  await bind(server, options);
  const bound = server.address();
  return {
    port: typeof bound === 'object' && bound !== null ? bound.port : 0,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
