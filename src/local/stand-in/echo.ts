import type { TLSSocket } from 'node:tls';
import { parseDuration } from '../../base/duration.ts';
import type { AppHandler, AppRequest, AppResponse } from './protocol-listener.ts';

/** Who an echo application says it is. */
export interface EchoIdentity {
  readonly workload: string;
  readonly pod: string;
  readonly version?: string | undefined;
  readonly namespace?: string | undefined;
}

/** One request as the application received it: the JSON it answers with. Absent and empty values are left out. */
export interface EchoReport extends EchoIdentity {
  readonly port: number;
  readonly proto: string;
  readonly tls?: string;
  readonly method: string;
  /** The raw request target. */
  readonly path: string;
  readonly host: string;
  /** Lower-case names in order; repeated values joined by commas. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Numbers the attempts of a request, counted by its id over all applications that share the counter. */
export interface AttemptCounter {
  next(requestId: string): number;
}

/** Remembers as many requests as could still be retried; the oldest is forgotten first. */
export const createAttemptCounter = (maxRequests = 10_000): AttemptCounter => {
  const counts = new Map<string, number>();
  return {
    next(requestId) {
      const count = (counts.get(requestId) ?? 0) + 1;
      counts.delete(requestId);
      counts.set(requestId, count);
      if (counts.size > maxRequests) {
        for (const oldest of counts.keys()) {
          counts.delete(oldest);
          break;
        }
      }
      return count;
    },
  };
};

export interface EchoOptions {
  readonly identity: EchoIdentity;
  /** The pod's own port, whatever socket stands for it. */
  readonly port: number;
  readonly attempts: AttemptCounter;
  /** Called when a request is complete, before it is answered or reset. */
  readonly onHit?: ((report: EchoReport) => void) | undefined;
}

/** Bodies are repeated in the answer up to here; the rest is read and dropped. */
const maxBodyBytes = 1_048_576;

const decodeTarget = (target: string): string => Buffer.from(target, 'latin1').toString('utf8');

/** Names lower-case and sorted; a header named `__proto__` stays a header, because the object has no prototype. */
const collectHeaders = (raw: readonly string[]): Record<string, string> => {
  const values = new Map<string, string>();
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = (raw[at] ?? '').toLowerCase();
    // Go's net/http takes these three out of a request's headers.
    if (name.startsWith(':') || name === 'host' || name === 'transfer-encoding') continue;
    const value = decodeTarget(raw[at + 1] ?? '');
    const known = values.get(name);
    values.set(name, known === undefined ? value : `${known}${name === 'cookie' ? '; ' : ','}${value}`);
  }
  const headers: Record<string, string> = Object.create(null);
  for (const name of [...values.keys()].sort()) headers[name] = values.get(name) ?? '';
  return headers;
};

const isHttp2 = (request: AppRequest): boolean => request.httpVersionMajor === 2;

const describeTls = (request: AppRequest): string | undefined => {
  const socket = ('stream' in request ? request.stream.session?.socket : request.socket) as TLSSocket | undefined;
  return socket?.encrypted === true ? `sni=${socket.servername || ''}` : undefined;
};

const reportOf = (request: AppRequest, body: string, { identity, port }: EchoOptions): EchoReport => {
  const tls = describeTls(request);
  const host = 'authority' in request ? request.authority : (request.headers.host ?? '');
  return {
    workload: identity.workload,
    pod: identity.pod,
    ...(identity.version === undefined ? {} : { version: identity.version }),
    ...(identity.namespace === undefined ? {} : { namespace: identity.namespace }),
    port,
    proto: isHttp2(request) ? 'HTTP/2.0' : `HTTP/${request.httpVersion}`,
    ...(tls === undefined ? {} : { tls }),
    method: request.method ?? '',
    path: isHttp2(request) ? (request.url ?? '') : decodeTarget(request.url ?? ''),
    host,
    headers: collectHeaders(request.rawHeaders),
    ...(body === '' ? {} : { body }),
  };
};

/** What the steering headers of a request ask for. */
interface Steering {
  readonly delayMs: number;
  readonly isReset: boolean;
  readonly status: number;
  readonly grpcStatus: string | undefined;
  readonly responseHeaders: readonly (readonly [name: string, value: string])[];
}

const pairs = (text: string | undefined, separator: string, assign: string) =>
  (text ?? '').split(separator).flatMap((part) => {
    const at = part.indexOf(assign);
    return at < 1 ? [] : [[part.slice(0, at).trim(), part.slice(at + 1).trim()] as const];
  });

const isAddressed = (on: string | undefined, { workload, pod, version }: EchoIdentity): boolean =>
  on === undefined || on.split(',').some((name) => [workload, pod, version].includes(name.trim()));

const validStatus = (text: string | undefined): number => (/^[2-5]\d\d$/.test(text ?? '') ? Number(text) : 200);

/**
 * `x-echo-on` limits delay, status, reset and gRPC status to the workloads, pods and versions it lists;
 * `x-echo-fail-first: K` limits all but the delay to the first K attempts of a request.
 */
const readSteering = ({ headers, path }: EchoReport, identity: EchoIdentity, attempt: number): Steering => {
  const responseHeaders = [
    ...pairs(headers['x-echo-response-headers'], ';', '='),
    ...pairs(headers['x-echo-set-header'], ',', ':'),
  ];
  const isFailing =
    isAddressed(headers['x-echo-on'], identity) && attempt <= Number(headers['x-echo-fail-first'] ?? Infinity);
  const query = new URLSearchParams(path.split('?')[1] ?? '').get('delay');
  const delay = (isAddressed(headers['x-echo-on'], identity) ? headers['x-echo-delay'] : undefined) ?? query ?? '0';
  return {
    delayMs: Math.max(0, parseDuration(delay) ?? 0),
    isReset: isFailing && headers['x-echo-reset'] !== undefined,
    status: isFailing ? validStatus(headers['x-echo-status']) : 200,
    grpcStatus: isFailing ? headers['x-echo-grpc-status'] : undefined,
    responseHeaders,
  };
};

const addHeaders = (response: AppResponse, headers: Steering['responseHeaders']): void => {
  for (const [name, value] of headers) {
    try {
      const known = response.getHeader(name);
      response.setHeader(name, known === undefined ? value : [known, value].flat().map(String));
    } catch {
      // A name or value that HTTP does not allow was asked for: the answer goes without it.
    }
  }
};

const reset = (request: AppRequest): void => {
  if ('stream' in request) request.stream.close(2);
  else request.socket.destroy();
};

const answerGrpc = (response: AppResponse, report: EchoReport, steering: Steering): void => {
  response.setHeader('Content-Type', 'application/grpc');
  if (steering.status !== 200) {
    response.statusCode = steering.status;
    response.end();
    return;
  }
  if (steering.grpcStatus !== undefined) {
    response.setHeader('Grpc-Status', steering.grpcStatus);
    response.end();
    return;
  }
  const json = Buffer.from(JSON.stringify(report));
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(json.length, 1);
  response.write(Buffer.concat([prefix, json]));
  response.addTrailers({ 'Grpc-Status': '0' });
  response.end();
};

const answer = (response: AppResponse, report: EchoReport, steering: Steering): void => {
  addHeaders(response, steering.responseHeaders);
  if ((report.headers['content-type'] ?? '').startsWith('application/grpc')) {
    answerGrpc(response, report, steering);
    return;
  }
  const json = Buffer.from(JSON.stringify(report));
  response.statusCode = steering.status;
  response.setHeader('Content-Type', 'application/json');
  if (steering.status !== 204 && steering.status !== 304) response.setHeader('Content-Length', json.length);
  // Node would announce keep-alive, which Go leaves unsaid.
  if (response.stream === undefined) response.removeHeader('Connection');
  response.end(json);
};

/** Go's net/http refuses a path with a broken escape by itself, before the application sees it. */
const hasBrokenEscape = (target: string): boolean => /%(?![0-9a-f]{2})/i.test(target.split('?')[0] ?? '');

const refuse = (response: AppResponse): void => {
  response.statusCode = 400;
  response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  if (response.stream === undefined) response.setHeader('Connection', 'close');
  response.end('400 Bad Request');
};

/**
 * The echo application: answers every request with what it received, as JSON, and lets `x-echo-*` headers of the
 * request ask for delays, errors and resets. Istio's own test application works alike; a stand-in that shows what
 * arrived tells more about a mesh than one that guesses what the real image would have said.
 */
export const createEcho = (options: EchoOptions): AppHandler => {
  const respond = (request: AppRequest, response: AppResponse, body: string): void => {
    const report = reportOf(request, body, options);
    const requestId = report.headers['x-echo-id'] ?? report.headers['x-request-id'];
    const attempt = requestId === undefined ? 1 : options.attempts.next(requestId);
    const steering = readSteering(report, options.identity, attempt);
    options.onHit?.(report);
    const act = (): void => {
      if (steering.isReset) reset(request);
      else answer(response, report, steering);
    };
    if (steering.delayMs === 0) act();
    else {
      const timer = setTimeout(act, Math.min(steering.delayMs, 600_000));
      response.on('close', () => clearTimeout(timer));
    }
  };
  return (request, response) => {
    if (hasBrokenEscape(request.url ?? '')) {
      refuse(response);
      return;
    }
    const chunks: Buffer[] = [];
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      if (length < maxBodyBytes) chunks.push(chunk.subarray(0, maxBodyBytes - length));
      length += chunk.length;
    });
    request.on('error', () => {});
    request.on('end', () => respond(request, response, Buffer.concat(chunks).toString('utf8')));
  };
};
