import { type IncomingMessage, request } from 'node:http';
import type { Duplex } from 'node:stream';
import { Fault } from '../base/fault.ts';
import type { CallLimits, Cluster } from './cluster.ts';
import { whenAborted } from './deadline.ts';

/** One HTTP request to a port of a pod; the time limit is for each silence, since dumps of large meshes take a while. */
export interface PodRequest extends CallLimits {
  readonly method?: 'GET' | 'POST' | 'PUT';
  /** JSON; none where absent. */
  readonly body?: string;
}

export interface PodAnswer {
  readonly status: number;
  readonly body: string;
}

interface Pod {
  readonly namespace: string;
  readonly name: string;
}

const SILENCE_MS = 15_000;

const failure = (
  pod: Pod,
  port: number,
  path: string,
  why: string,
  kind: 'timeout' | 'unreachable',
  cause?: unknown,
): Fault =>
  new Fault(`cannot read ${path} from port ${port} of pod "${pod.name}" in namespace "${pod.namespace}": ${why}`, {
    kind,
    code: kind === 'timeout' ? 'POD_TIMEOUT' : 'POD_UNREACHABLE',
    hint: 'see that the pod is ready, and run again',
    ...(cause === undefined ? {} : { cause }),
  });

/** Sends over an open connection; calls `alive` whenever something arrives. */
const exchange = async (
  connection: Duplex,
  port: number,
  path: string,
  { method = 'GET', body = '' }: PodRequest,
  alive: () => void,
): Promise<PodAnswer> => {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = request({
      createConnection: () => connection,
      path: path.startsWith('/') ? path : `/${path}`,
      method,
      // Envoy and istiod answer their debug pages to loopback names only.
      headers: { host: `localhost:${port}`, connection: 'close', 'content-length': Buffer.byteLength(body) },
    });
    sent.on('response', resolve).on('error', reject).end(body);
  });
  const chunks: Buffer[] = [];
  for await (const chunk of response) {
    alive();
    chunks.push(chunk);
  }
  return { status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') };
};

/**
 * The answer of a program in a pod to an HTTP request, whatever its status: istiod's 15014, Envoy's 15000. Throws a Fault
 * PORT_REFUSED, POD_UNREACHABLE (also where the connection is cut half way) or POD_TIMEOUT.
 */
export const getFromPod = async (
  cluster: Pick<Cluster, 'connect'>,
  pod: Pod,
  port: number,
  path: string,
  options: PodRequest = {},
): Promise<PodAnswer> => {
  const { timeoutMs = SILENCE_MS, signal } = options;
  const connection = await cluster.connect(pod, port, options);
  let refusal: Fault | undefined;
  const end = (fault: Fault): void => {
    refusal ??= fault;
    connection.destroy(fault);
  };
  const silence = setTimeout(
    () => end(failure(pod, port, path, `it said nothing for ${timeoutMs / 1000}s`, 'timeout')),
    timeoutMs,
  );
  const forget = whenAborted(signal, () =>
    end(new Fault(`interrupted: read ${path}`, { kind: 'interrupted', code: 'INTERRUPTED' })),
  );
  // What happens to the connection outside of the exchange is not told to it.
  const cut = new Promise<never>((_, reject) => {
    const tell = (): void => reject(connection.errored ?? new Error('closed'));
    if (connection.destroyed) tell();
    connection.once('close', tell);
  });
  try {
    return await Promise.race([exchange(connection, port, path, options, () => silence.refresh()), cut]);
  } catch (cause) {
    if (refusal !== undefined) throw refusal;
    throw cause instanceof Fault ? cause : failure(pod, port, path, 'the connection was cut', 'unreachable', cause);
  } finally {
    clearTimeout(silence);
    forget();
    connection.destroy();
  }
};
