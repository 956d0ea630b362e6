import type { IncomingMessage } from 'node:http';
import { request } from 'node:http';
import { createInterface } from 'node:readline';
import { Fault, type FaultKind } from '../base/fault.ts';
import type {
  Accepted,
  Binding,
  BindRequest,
  CurlTarget,
  ErrorReply,
  LocalStatus,
  LogLine,
  LogQuery,
  ReloadResult,
  TapEvent,
  TraceReply,
  UnbindRequest,
  UpSummary,
} from './protocol.ts';
import { PATHS } from './protocol.ts';
import { createProxyClient, type ProxyClient } from './proxy-client.ts';

/** Where a mesh's admin API is, and the token that opens it. */
export interface AdminAddress {
  /** Preferred when there is one. */
  readonly socketPath: string | undefined;
  readonly port: number;
  readonly token: string;
  readonly startId: string;
}

/** The admin API as functions; each throws the Fault the mesh threw, or MESH_UNREACHABLE. */
export interface AdminClient {
  /** Whether the mesh that wrote the address answers there; never throws. */
  isAlive(): Promise<boolean>;
  summary(): Promise<UpSummary>;
  status(): Promise<LocalStatus>;
  curlTarget(from: string | undefined): Promise<CurlTarget>;
  trace(requestId: string): Promise<TraceReply>;
  logs(query: LogQuery, signal: AbortSignal): AsyncIterable<LogLine>;
  tap(query: LogQuery, signal: AbortSignal): AsyncIterable<TapEvent>;
  reload(): Promise<ReloadResult>;
  stop(): Promise<void>;
  /** Holds until it is undone, the signal aborts or this process ends. */
  bind(what: BindRequest, signal: AbortSignal): Promise<Binding>;
  unbind(what: UnbindRequest): Promise<void>;
  readonly proxies: ProxyClient;
}

/** A mesh that is asked for something answers at once, or reads its input again first. */
const ANSWER_WITHIN_MS = 30_000;
const ALIVE_WITHIN_MS = 2_000;

const unreachable = (cause: unknown): Fault =>
  new Fault('the running mesh does not answer', {
    kind: 'unreachable',
    code: 'MESH_UNREACHABLE',
    hint: 'look at it with "heddle local status", or stop it with "heddle local down" and start again',
    cause,
  });

const readText = async (response: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
};

const isErrorReply = (value: unknown): value is ErrorReply =>
  typeof value === 'object' && value !== null && 'error' in value && typeof value.error === 'object';

const faultOf = (status: number, body: unknown): Fault => {
  if (!isErrorReply(body)) return unreachable(new Error(`HTTP status ${status}`));
  const { code, message, hint, fault } = body.error;
  const kind: FaultKind = fault ?? 'failure';
  return new Fault(message, { kind, code, ...(hint === undefined ? {} : { hint }) });
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw unreachable(cause);
  }
};

/** Makes a client; nothing is connected until it is asked something. */
export const createAdminClient = (address: AdminAddress): AdminClient => {
  const send: Send = (path, body, signal) =>
    new Promise((resolve, reject) => {
      const payload = body === undefined ? undefined : JSON.stringify(body);
      const bySocket = address.socketPath !== undefined;
      const sent = request({
        ...(bySocket ? { socketPath: address.socketPath } : { host: '127.0.0.1', port: address.port }),
        path,
        method: payload === undefined ? 'GET' : 'POST',
        agent: false,
        signal,
        headers: {
          host: bySocket ? 'localhost' : `127.0.0.1:${address.port}`,
          authorization: `Bearer ${address.token}`,
          ...(payload === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }),
        },
      });
      sent.on('response', resolve);
      sent.on('error', (cause) => reject(unreachable(cause)));
      sent.end(payload);
    });

  const call = async <T>(path: string, body?: object): Promise<T> => {
    const response = await send(path, body, AbortSignal.timeout(ANSWER_WITHIN_MS));
    const document = parse(await readText(response).catch((cause) => Promise.reject(unreachable(cause))));
    if (response.statusCode !== 200) throw faultOf(response.statusCode ?? 0, document);
    // The server of the same version made it: protocol.ts is the agreement.
    return document as T;
  };

  return {
    isAlive: async () => {
      try {
        const response = await send(PATHS.health, undefined, AbortSignal.timeout(ALIVE_WITHIN_MS));
        const document = parse(await readText(response));
        return (
          typeof document === 'object' &&
          document !== null &&
          'startId' in document &&
          document.startId === address.startId
        );
      } catch {
        return false;
      }
    },
    summary: () => call<UpSummary>(PATHS.summary),
    status: () => call<LocalStatus>(PATHS.status),
    curlTarget: (from) =>
      call<CurlTarget>(from === undefined ? PATHS.curlTarget : `${PATHS.curlTarget}?${new URLSearchParams({ from })}`),
    trace: (requestId) => call<TraceReply>(`${PATHS.trace}?${new URLSearchParams({ requestId })}`),
    logs: (query, signal) => readLines<LogLine>(send, pathOf(PATHS.logs, query), undefined, signal),
    tap: (query, signal) => readLines<TapEvent>(send, pathOf(PATHS.tap, query), undefined, signal),
    reload: () => call<ReloadResult>(PATHS.reload, {}),
    stop: async () => void (await call<Accepted>(PATHS.stop, {})),
    bind: (what, signal) => holdLines<Binding>(send, PATHS.bind, what, signal),
    unbind: async (what) => void (await call<Accepted>(PATHS.unbind, what)),
    proxies: createProxyClient(call),
  };
};

type Send = (path: string, body: object | undefined, signal: AbortSignal) => Promise<IncomingMessage>;

const pathOf = (path: string, { follow, tail, workload }: LogQuery): string => {
  const query = new URLSearchParams({
    follow: String(follow),
    ...(tail === undefined ? {} : { tail: String(tail) }),
    ...(workload === undefined ? {} : { workload }),
  });
  return `${path}?${query}`;
};

/** Each line of a reply is one T, by protocol.ts. */
async function* readLines<T>(
  send: Send,
  path: string,
  body: object | undefined,
  signal: AbortSignal,
): AsyncIterable<T> {
  const response = await send(path, body, signal);
  if (response.statusCode !== 200) throw faultOf(response.statusCode ?? 0, parse(await readText(response)));
  try {
    for await (const line of createInterface({ input: response })) yield parse(line) as T;
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** The first line; the reply stays open until the signal ends it. */
const holdLines = async <T>(send: Send, path: string, body: object, signal: AbortSignal): Promise<T> => {
  const lines = readLines<T>(send, path, body, signal)[Symbol.asyncIterator]();
  const { value, done } = await lines.next();
  if (done === true) throw unreachable(new Error('the reply is empty'));
  return value;
};
