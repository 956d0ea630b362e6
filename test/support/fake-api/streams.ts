import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';

/** What a program run by exec prints, and its exit code. */
export interface ExecResult {
  readonly stdout?: string;
  readonly stderr?: string;
  readonly exitCode?: number;
}

/** Takes the upgrades of one server, with the framing of kubelets. */
export const createStreams = () => {
  const server = new WebSocketServer({ noServer: true, handleProtocols: () => 'v4.channel.k8s.io' });
  const sockets = new Set<Duplex>();

  const accept = (
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    use: (webSocket: WebSocket) => void,
  ): void => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    server.handleUpgrade(request, socket, head, use);
  };

  return {
    /** Forwards to a local port; without one the pod refuses, as a kubelet says it. */
    forward: (
      request: IncomingMessage,
      socket: Duplex,
      head: Buffer,
      port: number,
      localPort: number | undefined,
    ): void =>
      accept(request, socket, head, (webSocket) => {
        const begin = Buffer.alloc(3);
        begin.writeUInt16LE(port, 1);
        webSocket.send(Buffer.from(begin));
        begin[0] = 1;
        webSocket.send(begin);
        const refuse = (): void =>
          webSocket.send(Buffer.from(`\x01error forwarding port ${port} to pod: connect: connection refused`));
        if (localPort === undefined) return refuse();
        const target = connect(localPort, '127.0.0.1');
        target.on('data', (chunk) => webSocket.send(Buffer.concat([Buffer.of(0), chunk])));
        target.on('error', refuse);
        target.on('end', () => webSocket.close());
        webSocket.on('message', (data: Buffer) => target.write(data.subarray(1)));
        webSocket.on('close', () => target.destroy());
      }),
    exec: (request: IncomingMessage, socket: Duplex, head: Buffer, result: ExecResult): void =>
      accept(request, socket, head, (webSocket) => {
        const { stdout = '', stderr = '', exitCode = 0 } = result;
        if (stdout !== '') webSocket.send(Buffer.from(`\x01${stdout}`));
        if (stderr !== '') webSocket.send(Buffer.from(`\x02${stderr}`));
        const status =
          exitCode === 0
            ? { status: 'Success' }
            : {
                status: 'Failure',
                reason: 'NonZeroExitCode',
                message: `command terminated with non-zero exit code: exit status ${exitCode}`,
                details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
              };
        webSocket.send(Buffer.from(`\x03${JSON.stringify(status)}`));
        webSocket.close();
      }),
  };
};
