/** The certificate authority on a port: Istio's certificate service in gRPC, and the root for whoever asks. */
import {
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from 'node:http2';
import type { Socket } from 'node:net';
import { Fault } from '../../base/fault.ts';
import type { Clock, Random } from '../../base/ports.ts';
import type { Authority } from '../authority.ts';
import { createIdentityKeeper } from '../rotation.ts';
import { spiffeId } from '../spiffe.ts';
import type { Callers } from './callers.ts';
import { createCertificate, type GrpcReply, MAX_MESSAGE_BYTES } from './create-certificate.ts';
import { CREATE_CERTIFICATE } from './messages.ts';

/** Where the root is, for whoever knows its fingerprint already. */
export const ROOT_PATH = '/root';

const MAX_CONNECTIONS = 256;
const MAX_STREAMS = 32;
const MAX_HEADER_BYTES = 16 * 1024;
const HANDSHAKE_MS = 10_000;
const REQUEST_MS = 10_000;
const IDLE_MS = 10 * 60_000;
/** A gRPC message comes after a byte that says whether it is compressed and four of its length. */
const PREFIX_BYTES = 5;

export interface CaServerOptions {
  readonly authority: Authority;
  readonly callers: Callers;
  readonly clock: Clock;
  readonly random: Random;
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** DNS names and IP addresses by which clients call this server. */
  readonly hostNames: readonly string[];
  /** Told of every refusal, without the token, and of renewals of the server's own certificate that failed. */
  readonly onRefusal: (reason: string) => void;
}

export interface CaServer {
  readonly port: number;
  /** Ends all connections. */
  close(): Promise<void>;
}

/** The whole body; undefined when it is longer than a message may be, and what is left of it is not read. */
const readBody = (request: Http2ServerRequest): Promise<Buffer | undefined> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= PREFIX_BYTES + MAX_MESSAGE_BYTES) {
        chunks.push(chunk);
        return;
      }
      // Not destroyed, as leaving a loop over it would do: the stream has yet to carry the refusal.
      request.pause();
      resolve(undefined);
    });
    request.on('end', () => resolve(Buffer.concat(chunks)));
    request.on('close', () => reject(new Error('the client went away')));
  });

const sendReply = (response: Http2ServerResponse, { status, message, body }: GrpcReply): void => {
  if (response.stream.destroyed) return;
  // Percent-encoded, as gRPC wants what is not printable ASCII.
  const end = { 'grpc-status': String(status), ...(message === '' ? {} : { 'grpc-message': encodeURI(message) }) };
  response.writeHead(200, { 'content-type': 'application/grpc', ...(body === undefined ? end : {}) });
  if (body === undefined) {
    response.end();
    return;
  }
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(body.length, 1);
  response.addTrailers(end);
  response.end(Buffer.concat([prefix, body]));
};

const answerCall = async (
  request: Http2ServerRequest,
  response: Http2ServerResponse,
  options: CaServerOptions,
): Promise<void> => {
  const { authority, callers, onRefusal } = options;
  const reply = await createCertificate(authority, callers, request.headers.authorization, () => readBody(request));
  if (reply.status !== 0) onRefusal(reply.message);
  sendReply(response, reply);
  // A client that still sends is told to stop, now that it has its answer.
  if (!request.complete) response.stream.close();
};

const answerPage = ({ method, url }: Http2ServerRequest, response: Http2ServerResponse, rootPem: string): void => {
  const isRead = method === 'GET' || method === 'HEAD';
  const [status, text] =
    url !== ROOT_PATH
      ? [404, `there is nothing here but ${ROOT_PATH}\n`]
      : isRead
        ? [200, rootPem]
        : [405, 'GET only\n'];
  response.writeHead(status, {
    'content-type': status === 200 ? 'application/x-pem-file' : 'text/plain',
    'content-length': Buffer.byteLength(text),
    'x-content-type-options': 'nosniff',
  });
  response.end(method === 'HEAD' ? '' : text);
};

const listen = (server: Http2SecureServer, host: string, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      const isTaken = 'code' in cause && cause.code === 'EADDRINUSE';
      reject(
        new Fault(isTaken ? `${host}:${port} is in use` : `cannot listen at ${host}:${port}`, {
          kind: 'cannot-create',
          code: isTaken ? 'PORT_IN_USE' : 'CANNOT_LISTEN',
          hint: 'choose another with --port or --address',
          cause,
        }),
      );
    });
    server.listen({ host, port }, () => {
      const bound = server.address();
      resolve(typeof bound === 'object' && bound !== null ? bound.port : port);
    });
  });

/** Starts to serve; throws a Fault when the port is taken or no certificate can be issued. */
export const startCaServer = async (options: CaServerOptions): Promise<CaServer> => {
  const { authority, clock, random, host, hostNames, onRefusal } = options;
  const keeper = createIdentityKeeper({
    authority: { identityFor: (id) => authority.identityFor(id, hostNames) },
    clock,
    random,
    onFailure: (id, error) => onRefusal(`cannot renew ${id}: ${error instanceof Error ? error.message : error}`),
  });
  const own = spiffeId(authority.trustDomain, 'istio-system', 'istiod');
  const contextOf = ({ certificate }: Awaited<ReturnType<Authority['identityFor']>>) => ({
    cert: certificate.chainPem,
    key: certificate.keyPem,
  });
  const kept = await keeper.keep(own, (identity) => server.setSecureContext(contextOf(identity)));
  const server = createSecureServer({
    ...contextOf(kept.current()),
    minVersion: 'TLSv1.2',
    allowHTTP1: true,
    handshakeTimeout: HANDSHAKE_MS,
    settings: { maxConcurrentStreams: MAX_STREAMS, maxHeaderListSize: MAX_HEADER_BYTES, enablePush: false },
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.setTimeout(IDLE_MS);
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => open.delete(socket));
  });
  server.on('sessionError', () => {});
  server.on('tlsClientError', (_error, socket) => void socket.destroy());
  server.on('request', (request, response) => {
    request.setTimeout(REQUEST_MS, () => request.destroy());
    request.on('error', () => {});
    if (request.url !== CREATE_CERTIFICATE || request.httpVersionMajor !== 2 || request.method !== 'POST') {
      answerPage(request, response, authority.rootPem);
      return;
    }
    // What fails here is the client that went away while it was answered.
    answerCall(request, response, options).catch(() => response.stream.destroy());
  });
  try {
    const port = await listen(server, host, options.port);
    server.on('error', () => {});
    return {
      port,
      close: async () => {
        keeper.close();
        const closed = new Promise<void>((resolve) => server.close(() => resolve()));
        for (const socket of open) socket.destroy();
        await closed;
      },
    };
  } catch (error) {
    keeper.close();
    throw error;
  }
};
