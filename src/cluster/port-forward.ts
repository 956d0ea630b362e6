import { Duplex } from 'node:stream';
import type { RawData, WebSocket } from 'ws';
import { Fault } from '../base/fault.ts';
import type { CallLimits } from './cluster.ts';
import { startDeadline, whenAborted } from './deadline.ts';
import { endedFault, nameOf } from './errors.ts';
import type { Connection } from './request.ts';
import { openWebSocket } from './web-socket.ts';

/** The two streams of a forwarded port; each begins with the port's number in two bytes. */
const DATA = 0;
const ERROR = 1;
const PORT_BYTES = 2;

interface PodPort {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
}

const bytesOf = (data: RawData): Buffer => {
  if (Array.isArray(data)) return Buffer.concat(data);
  return data instanceof ArrayBuffer ? Buffer.from(data) : data;
};

const refusedFault = ({ namespace, name, port }: PodPort, connection: Connection, text: string): Fault =>
  new Fault(`pod "${name}" in namespace "${namespace}" of ${nameOf(connection.client)} refuses port ${port}`, {
    kind: 'unreachable',
    code: 'PORT_REFUSED',
    hint: `see that the container which listens on ${port} runs and is ready`,
    cause: new Error(text.trim()),
  });

/** The port's bytes as a stream; what the server says of a failure destroys it. */
class ForwardedPort extends Duplex {
  readonly #socket: WebSocket;

  constructor(socket: WebSocket) {
    super({ allowHalfOpen: false });
    this.#socket = socket;
  }

  override _read(): void {
    this.#socket.resume();
  }

  receive(bytes: Buffer): void {
    if (bytes.length > 0 && !this.push(bytes)) this.#socket.pause();
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.#socket.send(Buffer.concat([Buffer.of(DATA), chunk]), { binary: true }, done);
  }

  // The framing knows no end of one direction: the other side sees the end when the stream is destroyed.

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#socket.terminate();
    done(error);
  }
}

/** Connects the socket's messages with a stream; calls `begin` when the server has begun to forward. */
const streamOf = (socket: WebSocket, pod: PodPort, connection: Connection, begin: () => void): ForwardedPort => {
  const stream = new ForwardedPort(socket);
  // A stream that fails before anybody listens to it must not end the process.
  stream.on('error', () => undefined);
  const begun = new Set<number>();
  socket.on('message', (data) => {
    const message = bytesOf(data);
    const channel = message[0] ?? DATA;
    const payload = message.subarray(begun.has(channel) ? 1 : 1 + PORT_BYTES);
    begun.add(channel);
    if (channel === DATA) stream.receive(payload);
    else if (channel === ERROR && payload.length > 0)
      stream.destroy(refusedFault(pod, connection, payload.toString('utf8')));
    if (begun.size === 2) begin();
  });
  socket.on('close', () => stream.push(null));
  return stream;
};

/**
 * Opens a port of a pod. The server confirms that it will try, never that it succeeded: where the pod refuses the port,
 * that is told here or, when it comes later, by the error PORT_REFUSED of the stream.
 */
export const forwardPort = async (connection: Connection, pod: PodPort, limits?: CallLimits): Promise<Duplex> => {
  const { namespace, name, port } = pod;
  const action = `forward port ${port} of pod "${name}" in namespace "${namespace}"`;
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}/portforward`;
  const deadline = startDeadline(limits, connection.limits);
  try {
    const socket = await openWebSocket(connection, { action, path, query: { ports: String(port) } }, limits);
    return await new Promise((resolve, reject) => {
      const closed = (): void => reject(stream.errored ?? refusedFault(pod, connection, 'the connection was closed'));
      // A refusal that comes along with the beginning is waited for.
      const stream = streamOf(socket, pod, connection, () => setImmediate(() => !stream.destroyed && resolve(stream)));
      const forget = whenAborted(deadline.signal, () =>
        stream.destroy(endedFault(action, connection.client, deadline)),
      );
      stream.once('close', forget).once('close', closed);
      socket.once('close', closed).resume();
    });
  } finally {
    deadline.stopClock();
  }
};
