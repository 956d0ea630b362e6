import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '../base/fault.ts';
import type { Client, Transport } from './client.ts';
import type { CallLimits } from './cluster.ts';
import { type Deadline, startDeadline } from './deadline.ts';
import { endedFault, refusalFault, unreachableFault } from './errors.ts';

/** A client and what bounds its calls. */
export interface Connection {
  readonly client: Client;
  readonly limits: Required<CallLimits>;
  readonly userAgent: string;
  /** One line per request; no header, no body. */
  readonly log: (line: string) => void;
}

/** One request to the API server. */
export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Reads after "cannot": `list pods in namespace "default"`. */
  readonly action: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
  /** Of the body; JSON where absent. */
  readonly contentType?: string;
}

const MOST_ATTEMPTS = 10;

/** Path and query of a call. */
export const targetOf = ({ path, query = {} }: Pick<Call, 'path' | 'query'>): string => {
  const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given)}`;
};

/** No response came. */
class Unanswered extends Error {
  /** Over a connection that had served before. */
  readonly isReused: boolean;
  readonly isConnected: boolean;

  constructor(cause: Error, isReused: boolean, isConnected: boolean) {
    super(cause.message, { cause });
    this.isReused = isReused;
    this.isConnected = isConnected;
  }
}

const open = (
  connection: Connection,
  call: Call,
  transport: Transport,
  signal: AbortSignal,
): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const payload = call.body === undefined ? undefined : JSON.stringify(call.body);
    const headers: OutgoingHttpHeaders = {
      accept: 'application/json',
      'user-agent': connection.userAgent,
      ...transport.headers,
      ...(payload === undefined
        ? {}
        : { 'content-type': call.contentType ?? 'application/json', 'content-length': Buffer.byteLength(payload) }),
    };
    const { server } = connection.client;
    const isTls = server.startsWith('https:');
    const sent = (isTls ? httpsRequest : httpRequest)(`${server}${targetOf(call)}`, {
      method: call.method,
      agent: transport.agent,
      ...transport.tls,
      headers,
      signal,
    });
    let isConnected = false;
    sent.on('socket', (socket) => {
      // A socket that another request used: `reusedSocket` does not tell of those that were handed on to a waiting one.
      if (socket.bytesRead > 0) isConnected = true;
      else socket.once(isTls ? 'secureConnect' : 'connect', () => (isConnected = true));
    });
    sent.on('response', resolve);
    sent.on('error', (error) => reject(new Unanswered(error, sent.reusedSocket, isConnected)));
    sent.end(payload);
  });

/** The Fault for a request that failed without an answer. */
const unansweredFault = (error: unknown, action: string, { client }: Connection, deadline: Deadline): Fault => {
  if (error instanceof Fault) return error;
  if (!deadline.signal.aborted)
    return unreachableFault(action, client, error instanceof Unanswered ? error.cause : error);
  const isUnconnected = error instanceof Unanswered && !error.isConnected;
  return isUnconnected && deadline.isTimeout()
    ? unreachableFault(action, client, new Error(`no connection within ${deadline.timeoutMs / 1000}s`))
    : endedFault(action, client, deadline);
};

const readText = async (response: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
};

/** How long a busy server asks to wait; undefined where it does not ask, or not for what time there is. */
const waitOf = ({ statusCode = 0, headers }: IncomingMessage, deadline: Deadline): number | undefined => {
  if (statusCode !== 429 && statusCode < 500) return undefined;
  const waitMs = Number(headers['retry-after'] ?? Number.NaN) * 1000;
  return waitMs >= 0 && waitMs < deadline.remainingMs() ? waitMs : undefined;
};

/** The server may close an idle connection in the moment it is used again; what does no harm twice is sent again. */
const isRepeatable = (error: unknown, { method }: Call): boolean =>
  method !== 'POST' && error instanceof Unanswered && error.isReused;

/** The response to a call, of any status and with its body unread; repeats the call where a busy server asks for it. */
const perform = async (connection: Connection, call: Call, deadline: Deadline): Promise<IncomingMessage> => {
  for (let attempt = 1; ; attempt++) {
    const transport = await connection.client.transport(deadline);
    let response: IncomingMessage;
    try {
      response = await open(connection, call, transport, deadline.signal);
    } catch (error) {
      if (attempt < MOST_ATTEMPTS && !deadline.signal.aborted && isRepeatable(error, call)) continue;
      throw error;
    }
    connection.log(`${call.method} ${targetOf(call)} ${response.statusCode}`);
    const waitMs = attempt < MOST_ATTEMPTS ? waitOf(response, deadline) : undefined;
    if (waitMs === undefined) return response;
    response.resume();
    await sleep(waitMs, undefined, { signal: deadline.signal });
  }
};

const bodyOf = async (response: IncomingMessage, call: Call, { client }: Connection): Promise<string> => {
  const body = await readText(response);
  const { statusCode = 0 } = response;
  if (statusCode >= 300) throw refusalFault({ action: call.action, statusCode, body }, client);
  return body;
};

const parse = (body: string, { action }: Call, { client }: Connection): unknown => {
  try {
    return JSON.parse(body);
  } catch (cause) {
    throw unreachableFault(action, client, new Error('what answers there is no Kubernetes API server', { cause }));
  }
};

/** Performs a call and answers the text of the response; throws a Fault for an error status. */
export const sendForText = async (connection: Connection, call: Call, limits?: CallLimits): Promise<string> => {
  const deadline = startDeadline(limits, connection.limits);
  try {
    return await bodyOf(await perform(connection, call, deadline), call, connection);
  } catch (error) {
    throw unansweredFault(error, call.action, connection, deadline);
  } finally {
    deadline.stopClock();
  }
};

/** Performs a call and answers the JSON of the response; throws a Fault for an error status. */
export const send = async (connection: Connection, call: Call, limits?: CallLimits): Promise<unknown> =>
  parse(await sendForText(connection, call, limits), call, connection);

/** As `send`, but undefined where the server has no such thing. */
export const find = async (connection: Connection, call: Call, limits?: CallLimits): Promise<unknown> => {
  try {
    return await send(connection, call, limits);
  } catch (error) {
    if (error instanceof Fault && error.code === 'NOT_FOUND') return undefined;
    throw error;
  }
};

/** Opens a response that goes on: the limit is for its beginning, the signal ends it at any time. */
export const openStream = async (connection: Connection, call: Call, limits?: CallLimits): Promise<IncomingMessage> => {
  const deadline = startDeadline(limits, connection.limits);
  try {
    const response = await perform(connection, call, deadline);
    if ((response.statusCode ?? 0) >= 300) await bodyOf(response, call, connection);
    return response;
  } catch (error) {
    throw unansweredFault(error, call.action, connection, deadline);
  } finally {
    deadline.stopClock();
  }
};
