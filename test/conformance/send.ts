import { type ClientHttp2Stream, connect as connectHttp2 } from 'node:http2';
import type { Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { CaseRequest } from './case-files.ts';
import { idHeader, readResponse, writeRequest } from './http1-wire.ts';

/** What a client saw of one request. */
export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly grpcStatus?: string;
  readonly serverCert?: string;
  /** A class of failure below HTTP: `connection refused`, `connection closed`, `client timeout`, `tls: ...`, ... */
  readonly error?: string;
  readonly latencyMs: number;
}

type Outcome = Omit<Answer, 'latencyMs'>;

const requestTimeoutMs = 15_000;

const classify = (error: unknown): string => {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (code === 'ECONNREFUSED') return 'connection refused';
  if (code === 'ECONNRESET' || code === 'EPIPE') return 'connection reset';
  if (code === 'ENOTFOUND') return `dns: ${(error as Error).message}`;
  if (/^(ERR_SSL|ERR_TLS|CERT_|EPROTO)/.test(code)) return `tls: ${(error as Error).message}`;
  return (error as Error).message;
};

const exchangeHttp1 = (socket: Socket, request: CaseRequest, id: string): Promise<Outcome> =>
  new Promise((resolve, reject) => {
    let received: Buffer = Buffer.alloc(0);
    const method = request.method ?? 'GET';
    const read = (isEnded: boolean): boolean => {
      const reading = readResponse(received, method, isEnded);
      if (reading.kind === 'complete') resolve(reading.response);
      return reading.kind === 'complete';
    };
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      read(false);
    });
    socket.on('end', () => {
      if (!read(true)) resolve({ error: 'connection closed' });
    });
    socket.on('error', reject);
    socket.on('close', () => resolve({ error: 'connection closed' }));
    socket.write(writeRequest(request, id));
  });

const plainHeaders = (headers: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => !name.startsWith(':'))
      .map(([name, value]) => [name, Array.isArray(value) ? value.join(',') : String(value)]),
  );

const http2Headers = (request: CaseRequest, id: string): Record<string, string> => {
  const { grpc } = request;
  const isGrpc = request.protocol === 'grpc';
  return {
    ':method': isGrpc ? 'POST' : (request.method ?? 'GET'),
    ':path': grpc === undefined ? request.path : `/${grpc.service}/${grpc.method}`,
    ':authority': request.host,
    ':scheme': request.tls === undefined ? 'http' : 'https',
    'user-agent': 'oracle',
    [idHeader]: id,
    // As Go's client, which the recordings were made with: it takes and decodes gzip unasked.
    'accept-encoding': 'gzip',
    ...(isGrpc ? { 'content-type': 'application/grpc', te: 'trailers', 'content-length': '5' } : {}),
    ...Object.fromEntries(Object.entries(request.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value])),
  };
};

const readStream = (stream: ClientHttp2Stream, isGrpc: boolean): Promise<Outcome> =>
  new Promise((resolve, reject) => {
    let headers: Readonly<Record<string, unknown>> | undefined;
    let trailers: Readonly<Record<string, unknown>> = {};
    const chunks: Buffer[] = [];
    stream.on('response', (got) => {
      headers = got;
    });
    stream.on('trailers', (got) => {
      trailers = got;
    });
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', reject);
    stream.on('close', () => {
      if (headers === undefined) {
        resolve({ error: 'connection closed' });
        return;
      }
      const grpcStatus = trailers['grpc-status'] ?? headers['grpc-status'];
      resolve({
        status: Number(headers[':status']),
        headers: plainHeaders(headers),
        body: Buffer.concat(chunks)
          .subarray(isGrpc ? 5 : 0)
          .toString('utf8'),
        ...(isGrpc && grpcStatus !== undefined ? { grpcStatus: String(grpcStatus) } : {}),
      });
    });
  });

const exchangeHttp2 = async (socket: Socket, request: CaseRequest, id: string): Promise<Outcome> => {
  const session = connectHttp2(`http://${request.host || 'nowhere'}`, { createConnection: () => socket });
  try {
    return await new Promise<Outcome>((resolve, reject) => {
      session.on('error', reject);
      session.on('close', () => resolve({ error: 'connection closed' }));
      const body = request.protocol === 'grpc' ? Buffer.alloc(5) : Buffer.from(request.body ?? '');
      const stream = session.request(http2Headers(request, id), { endStream: body.length === 0 });
      if (body.length > 0) stream.end(body);
      readStream(stream, request.protocol === 'grpc').then(resolve, reject);
    });
  } finally {
    session.destroy();
  }
};

const startTls = (socket: Socket, tls: NonNullable<CaseRequest['tls']>): Promise<TLSSocket> =>
  new Promise((resolve, reject) => {
    const secure = connectTls({
      socket,
      ...(tls.sni === undefined ? {} : { servername: tls.sni }),
      ...(tls.alpn === undefined ? {} : { ALPNProtocols: [...tls.alpn] }),
      rejectUnauthorized: false,
    });
    secure.once('secureConnect', () => resolve(secure));
    secure.once('error', reject);
    secure.once('close', () => reject(Object.assign(new Error('closed during the handshake'), { code: 'ERR_TLS' })));
  });

const nameOfServer = (socket: TLSSocket): string => {
  const { subject, subjectaltname } = socket.getPeerCertificate();
  return String(subject?.CN ?? subjectaltname ?? '');
};

const exchange = async (socket: Socket, request: CaseRequest, id: string): Promise<Outcome> => {
  const secure = request.tls === undefined ? undefined : await startTls(socket, request.tls);
  const send = request.protocol === 'h2c' || request.protocol === 'grpc' ? exchangeHttp2 : exchangeHttp1;
  const outcome = await send(secure ?? socket, request, id);
  return secure === undefined ? outcome : { ...outcome, serverCert: nameOfServer(secure) };
};

/**
 * Sends one request on a new connection and closes it after the answer. Never throws and never takes longer than the
 * client's timeout: every failure is an error class.
 */
export const send = async (connect: () => Promise<Socket>, request: CaseRequest, id: string): Promise<Answer> => {
  const begun = performance.now();
  let socket: Socket | undefined;
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<Outcome>((resolve) => {
    timer = setTimeout(() => resolve({ error: 'client timeout' }), requestTimeoutMs);
  });
  const attempt = async (): Promise<Outcome> => {
    socket = await connect();
    socket.on('error', () => {});
    return exchange(socket, request, id);
  };
  try {
    const outcome = await Promise.race([attempt(), timeout]);
    return { ...outcome, latencyMs: performance.now() - begun };
  } catch (error) {
    return { error: classify(error), latencyMs: performance.now() - begun };
  } finally {
    clearTimeout(timer);
    socket?.destroy();
  }
};
