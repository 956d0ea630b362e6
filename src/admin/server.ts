import { once } from 'node:events';
import { chmod, rm } from 'node:fs/promises';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { Fault, type FaultKind } from '../base/fault.ts';
import type { MeshControl } from './control.ts';
import { allowedMethods, checkAccess, checkHost, type Refusal } from './guard.ts';
import { MUTATIONS } from './handlers/mutations.ts';
import { PROXIES } from './handlers/proxies.ts';
import { READS } from './handlers/reads.ts';
import type { ErrorReply } from './protocol.ts';
import type { Reply, Route } from './route.ts';

export interface AdminOptions {
  readonly control: MeshControl;
  /** At least 256 random bits as base64url; whoever knows it may change the mesh. */
  readonly token: string;
  readonly startId: string;
  /** Socket file for the command line; undefined = none. A file already there is replaced. */
  readonly socketPath: string | undefined;
}

/** The admin API of one mesh, on a free loopback port and the socket file. */
export interface AdminServer {
  readonly port: number;
  readonly url: string;
  close(): Promise<void>;
}

const MAX_BODY_BYTES = 64 * 1024;
const MAX_URL_BYTES = 8 * 1024;

/** On every reply, refusals included: not for other sites, not for frames, not for caches, and exactly this type. */
const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};

const ROUTES: ReadonlyMap<string, Route> = new Map(
  [...READS, ...PROXIES, ...MUTATIONS].map((route) => [route.path, route]),
);

const STATUS_OF: Readonly<Partial<Record<FaultKind, number>>> = {
  usage: 400,
  input: 422,
  unreachable: 502,
  timeout: 504,
  denied: 403,
};

const send = (response: ServerResponse, status: number, type: string, body: string): void => {
  response.writeHead(status, { ...HEADERS, 'content-type': type, 'content-length': Buffer.byteLength(body) });
  response.end(response.req.method === 'HEAD' ? undefined : body);
};

const sendJson = (response: ServerResponse, status: number, document: object): void =>
  send(response, status, 'application/json', `${JSON.stringify(document)}\n`);

const sendRefusal = (response: ServerResponse, { status, code, message }: Refusal): void => {
  const document: ErrorReply = { error: { code, message } };
  // What is left of a refused request is not read: the connection ends with the answer.
  response.setHeader('connection', 'close');
  sendJson(response, status, document);
};

const sendError = (response: ServerResponse, error: unknown): void => {
  const document: ErrorReply =
    error instanceof Fault
      ? {
          error: {
            code: error.code,
            message: error.message,
            ...(error.hint === undefined ? {} : { hint: error.hint }),
            fault: error.kind,
          },
        }
      : { error: { code: 'INTERNAL', message: error instanceof Error ? error.message : String(error) } };
  sendJson(response, error instanceof Fault ? (STATUS_OF[error.kind] ?? 409) : 500, document);
};

/** Sends lines as they come, one JSON object each; stops asking for more when the caller has gone. */
const sendLines = async (
  response: ServerResponse,
  lines: AsyncIterable<object>,
  signal: AbortSignal,
): Promise<void> => {
  response.writeHead(200, { ...HEADERS, 'content-type': 'application/x-ndjson' });
  response.flushHeaders();
  for await (const line of lines) {
    if (signal.aborted) break;
    if (!response.write(`${JSON.stringify(line)}\n`)) await once(response, 'drain', { signal }).catch(() => undefined);
  }
  response.end();
};

const sendReply = async (response: ServerResponse, reply: Reply, signal: AbortSignal): Promise<void> => {
  if (reply.kind === 'json') sendJson(response, 200, reply.document);
  else if (reply.kind === 'text') send(response, 200, reply.type, reply.text);
  else await sendLines(response, reply.lines, signal);
};

const refusal = (status: Refusal['status'], code: string, message: string): Refusal => ({ status, code, message });

/** The body of a mutation as JSON; a Refusal when it is too long or is not JSON. */
const readJson = async (request: IncomingMessage): Promise<{ readonly body: unknown } | Refusal> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES)
      return refusal(413, 'BODY_TOO_LARGE', `the body is longer than ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  try {
    return { body: JSON.parse(Buffer.concat(chunks).toString('utf8')) };
  } catch {
    return refusal(400, 'BAD_JSON', 'the body is not JSON');
  }
};

/** Paths are compared as sent: nothing is decoded or normalised, so `/v1/../v1/stop` is simply not a path of the API. */
const splitTarget = (target: string): { readonly path: string; readonly query: URLSearchParams } => {
  const mark = target.indexOf('?');
  return mark < 0
    ? { path: target, query: new URLSearchParams() }
    : { path: target.slice(0, mark), query: new URLSearchParams(target.slice(mark + 1)) };
};

/** Starts the admin API; throws a Fault when the socket file cannot be made. */
export const createAdminServer = async (options: AdminOptions): Promise<AdminServer> => {
  const closing = new AbortController();
  let url = '';

  const answer = async (
    request: IncomingMessage,
    response: ServerResponse,
    port: number | undefined,
  ): Promise<void> => {
    const asked = { method: request.method ?? '', headers: request.headers, port };
    const wrongHost = checkHost(asked);
    if (wrongHost !== undefined) return sendRefusal(response, wrongHost);
    const target = request.url ?? '';
    const { path, query } = splitTarget(target);
    const route = target.length > MAX_URL_BYTES ? undefined : ROUTES.get(path);
    if (route === undefined) return sendRefusal(response, refusal(404, 'NOT_FOUND', 'there is nothing here'));
    const refused = checkAccess(route.access, asked, options.token);
    if (refused?.status === 405) response.setHeader('allow', allowedMethods(route.access));
    if (refused !== undefined) return sendRefusal(response, refused);
    const read = route.access === 'mutate' ? await readJson(request) : { body: undefined };
    if ('status' in read) return sendRefusal(response, read);
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    const signal = AbortSignal.any([gone.signal, closing.signal]);
    const { control, startId } = options;
    await sendReply(response, await route.answer({ control, query, body: read.body, startId, url, signal }), signal);
  };

  const listen = async (address: { readonly host: string; readonly port: number } | { readonly path: string }) => {
    const server = createServer({ maxHeaderSize: 16 * 1024, headersTimeout: 10_000, requestTimeout: 30_000 });
    server.on('request', (request, response) => {
      const bound = server.address();
      const port = typeof bound === 'object' && bound !== null ? bound.port : undefined;
      answer(request, response, port).catch((error: unknown) => {
        if (response.headersSent) response.destroy();
        else sendError(response, error);
      });
    });
    // Nothing here upgrades or tunnels, and nothing asks before it sends.
    server.on('upgrade', (_request, socket) => socket.destroy());
    server.on('connect', (_request, socket) => socket.destroy());
    server.listen(address);
    await once(server, 'listening');
    return server;
  };

  const tcp = await listen({ host: '127.0.0.1', port: 0 });
  const bound = tcp.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
  url = `http://127.0.0.1:${port}`;
  const servers = [tcp];
  if (options.socketPath !== undefined) servers.push(await listenSocket(options.socketPath, listen, tcp));
  return {
    port,
    url,
    close: async () => {
      closing.abort();
      await Promise.all(servers.map(closeServer));
      if (options.socketPath !== undefined) await rm(options.socketPath, { force: true });
    },
  };
};

const listenSocket = async (
  path: string,
  listen: (address: { readonly path: string }) => Promise<Server>,
  beside: Server,
): Promise<Server> => {
  try {
    await rm(path, { force: true });
    const server = await listen({ path });
    await chmod(path, 0o600);
    return server;
  } catch (cause) {
    await closeServer(beside);
    throw new Fault(`cannot make the admin socket ${path}`, { kind: 'cannot-create', code: 'ADMIN_SOCKET', cause });
  }
};

const closeServer = async (server: Server): Promise<void> => {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  // Replies under way (the one to `stop` is) are still finished; what idles, or only follows, is cut.
  server.closeIdleConnections();
  const cut = setTimeout(() => server.closeAllConnections(), 200);
  await closed;
  clearTimeout(cut);
};
