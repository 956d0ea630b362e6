import { type ClientHttp2Stream, connect as connectHttp2, constants, type IncomingHttpHeaders } from 'node:http2';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { Fault } from '../base/fault.ts';
import type { CallLimits, Cluster } from './cluster.ts';
import { whenAborted } from './deadline.ts';
import { type DiscoveryAnswer, decodeResponse, encodeRequest } from './xds-messages.ts';

/** What is asked of istiod's XDS server. */
export interface XdsQuestion extends CallLimits {
  /** `istio.io/debug/syncz`, `istio.io/debug/config_dump`. */
  readonly typeUrl: string;
  readonly resourceNames?: readonly string[];
  /** 15012 unless told otherwise; 15010 with `isPlaintext`. */
  readonly port?: number;
  /** Without TLS, and so without a token. */
  readonly isPlaintext?: boolean;
  /**
   * PEM of the mesh's root. Without it istiod's certificate is not verified, as istioctl never does: the API server alone
   * vouches then for who answers.
   */
  readonly root?: string;
}

interface Istiod {
  readonly namespace: string;
  readonly name: string;
}

const SECURE_PORT = 15012;
const PLAINTEXT_PORT = 15010;
const ANSWER_WITHIN_MS = 30_000;
const TOKEN_SECONDS = 3600;
const SERVICE_ACCOUNT = 'default';
const METHOD = '/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources';
/** Whether compressed, in one byte, and the length in four. */
const FRAME_HEAD = 5;
const WINDOW_BYTES = 4 * 1024 * 1024;
/** gRPC's numbers of UNAUTHENTICATED and PERMISSION_DENIED. */
const DENIED = ['16', '7'];

const failure = (
  { namespace, name }: Istiod,
  why: string,
  kind: 'failure' | 'denied' | 'timeout' | 'unreachable',
  cause?: unknown,
): Fault =>
  new Fault(`istiod "${name}" in namespace "${namespace}" does not answer over XDS: ${why}`, {
    kind,
    code: kind === 'timeout' ? 'XDS_TIMEOUT' : kind === 'denied' ? 'XDS_DENIED' : 'XDS_FAILED',
    hint:
      kind === 'denied'
        ? `istiod wants a token of service account "${SERVICE_ACCOUNT}" in its own namespace: look at its log`
        : 'see that istiod is ready, and that the port is its XDS port',
    ...(cause === undefined ? {} : { cause }),
  });

const frame = (message: Buffer): Buffer => {
  const head = Buffer.alloc(FRAME_HEAD);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
};

/** The first message of a gRPC response. */
const firstMessage = (stream: ClientHttp2Stream, istiod: Istiod): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let received = 0;
    let wanted = Number.POSITIVE_INFINITY;
    const refuse = (headers: IncomingHttpHeaders): void => {
      const code = headers['grpc-status'];
      if (typeof code !== 'string' || code === '0') return;
      const message = decodeURIComponent(String(headers['grpc-message'] ?? `gRPC status ${code}`));
      reject(failure(istiod, message, DENIED.includes(code) ? 'denied' : 'failure'));
    };
    stream.on('response', refuse).on('trailers', refuse);
    stream.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      received += chunk.length;
      if (wanted === Number.POSITIVE_INFINITY && received >= FRAME_HEAD)
        wanted = FRAME_HEAD + Buffer.concat(chunks).readUInt32BE(1);
      if (received >= wanted) resolve(Buffer.concat(chunks).subarray(FRAME_HEAD, wanted));
    });
    stream.on('error', reject).on('close', () => reject(failure(istiod, 'the connection was closed', 'unreachable')));
  });

/** Puts TLS on a connection to istiod, as istiod's name if the root is known. */
const secure = (connection: Duplex, { namespace }: Istiod, root: string | undefined): Duplex =>
  connectTls({
    socket: connection,
    servername: `istiod.${namespace}.svc`,
    ALPNProtocols: ['h2'],
    ...(root === undefined ? { rejectUnauthorized: false } : { ca: root }),
  });

/** Asks over an open connection; the promise rejects when anything of it fails. */
const exchange = (connection: Duplex, request: Buffer, token: string, istiod: Istiod): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const session = connectHttp2('http://istiod', {
      createConnection: () => connection,
      settings: { initialWindowSize: WINDOW_BYTES },
    });
    session.on('error', reject);
    session.on('connect', () => session.setLocalWindowSize(WINDOW_BYTES));
    const stream = session.request({
      [constants.HTTP2_HEADER_METHOD]: 'POST',
      [constants.HTTP2_HEADER_PATH]: METHOD,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
    });
    // Open as long as the answer is waited for: istiod takes the end for the end of interest.
    stream.write(frame(request));
    firstMessage(stream, istiod)
      .then(resolve, reject)
      .finally(() => session.destroy());
  });

/**
 * Asks one istiod one question over its XDS port, as a proxy of its own namespace with a token for that, and reads the
 * first answer. Throws a Fault PORT_REFUSED, XDS_DENIED, XDS_FAILED or XDS_TIMEOUT.
 */
export const askIstiod = async (
  cluster: Pick<Cluster, 'connect' | 'token'>,
  istiod: Istiod,
  question: XdsQuestion,
): Promise<DiscoveryAnswer> => {
  const { typeUrl, resourceNames = [], isPlaintext = false, root, timeoutMs = ANSWER_WITHIN_MS, signal } = question;
  const port = question.port ?? (isPlaintext ? PLAINTEXT_PORT : SECURE_PORT);
  const { namespace } = istiod;
  const limits = signal === undefined ? {} : { signal };
  const serviceAccount = SERVICE_ACCOUNT;
  const token = isPlaintext
    ? ''
    : await cluster.token(
        { namespace, serviceAccount, audience: 'istio-ca', expirationSeconds: TOKEN_SECONDS },
        limits,
      );
  const connection = await cluster.connect(istiod, port, limits);
  let ended: Fault | undefined;
  const end = (fault: Fault): void => {
    ended ??= fault;
    connection.destroy(fault);
  };
  const late = failure(istiod, `nothing came within ${timeoutMs / 1000}s`, 'timeout');
  const timer = setTimeout(() => end(late), timeoutMs);
  const forget = whenAborted(signal, () =>
    end(new Fault('interrupted: ask istiod', { kind: 'interrupted', code: 'INTERRUPTED' })),
  );
  // TLS and HTTP/2 do not pass on why what is below them closed.
  const cut = new Promise<never>((_, reject) => {
    const tell = (): void => reject(connection.errored ?? new Error('the connection was closed'));
    if (connection.destroyed) tell();
    connection.once('close', tell);
  });
  try {
    const request = encodeRequest({ typeUrl, resourceNames, namespace, serviceAccount });
    const transport = isPlaintext ? connection : secure(connection, istiod, root);
    return decodeResponse(await Promise.race([exchange(transport, request, token, istiod), cut]));
  } catch (cause) {
    if (ended !== undefined) throw ended;
    if (cause instanceof Fault) throw cause;
    throw failure(istiod, cause instanceof Error ? cause.message : String(cause), 'unreachable', cause);
  } finally {
    clearTimeout(timer);
    forget();
    connection.destroy();
  }
};
