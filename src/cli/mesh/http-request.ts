import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { Socket } from 'node:net';
import { connect as connectTls, rootCertificates } from 'node:tls';
import { Fault } from '../../base/fault.ts';

/** One request as the user spelled it. */
export interface Outgoing {
  readonly method: string;
  readonly url: URL;
  /** Lines in order; names as typed. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string | undefined;
}

/** Where the request is sent to: a sidecar's outbound port, or straight to this machine's gateway port. */
export type Way =
  | { readonly kind: 'proxy'; readonly host: string; readonly port: number }
  | { readonly kind: 'direct'; readonly port: number | undefined };

/** How the server of an https URL is verified. */
export interface Trust {
  /** PEM of authorities besides the machine's own. */
  readonly authorities: string | undefined;
  readonly isInsecure: boolean;
}

const unreachable = (what: string, cause: unknown): Fault =>
  new Fault(`cannot reach ${what}: ${cause instanceof Error ? cause.message : String(cause)}`, {
    kind: 'unreachable',
    code: 'UNREACHABLE',
    hint: 'see "heddle local status"',
    cause,
  });

const timedOut = (ms: number): Fault =>
  new Fault(`no answer within ${ms / 1000} s`, {
    kind: 'timeout',
    code: 'TIMEOUT',
    hint: 'give it longer with --timeout, or see where it waits with --explain',
  });

const untrusted = (host: string, cause: unknown): Fault =>
  new Fault(`the certificate of ${host} is not trusted: ${cause instanceof Error ? cause.message : String(cause)}`, {
    kind: 'unreachable',
    code: 'UNTRUSTED_CERTIFICATE',
    hint: 'name its authority with --cacert (heddle ca root prints that of the mesh), or do without with --insecure',
    cause,
  });

const isCertificateError = (cause: unknown): boolean => {
  const code: unknown = cause instanceof Error ? Reflect.get(cause, 'code') : undefined;
  return typeof code === 'string' && /CERT|ALTNAME|ISSUER|UNABLE_TO_VERIFY/.test(code);
};

/** Node refuses what could smuggle a second header or request line. */
const refused = (cause: unknown): Fault =>
  new Fault(`the request cannot be sent: ${cause instanceof Error ? cause.message : String(cause)}`, {
    kind: 'usage',
    code: 'BAD_REQUEST',
    hint: 'check the method and the headers',
    cause,
  });

/** A connection that a sidecar captures on its way to a host and port. */
const throughSidecar = (
  way: Extract<Way, { readonly kind: 'proxy' }>,
  to: string,
  signal: AbortSignal,
): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const asked = request({ host: way.host, port: way.port, method: 'CONNECT', path: to, agent: false, signal });
    asked.once('connect', (response, socket, first: Buffer) => {
      if (first.length > 0) socket.unshift(first);
      if (response.statusCode === 200 && socket instanceof Socket) resolve(socket);
      else reject(new Error(`the sidecar does not know ${to}`));
    });
    asked.once('error', reject);
    asked.end();
  });

/** Sends and answers the head of the response; the body streams. Throws a Fault when nothing answers. */
export const sendRequest = async (
  { url, method, headers, body }: Outgoing,
  way: Way,
  trust: Trust,
  timeoutMs: number,
  interrupted: AbortSignal,
): Promise<IncomingMessage> => {
  const timeout = AbortSignal.timeout(timeoutMs);
  const signal = AbortSignal.any([timeout, interrupted]);
  const isTls = url.protocol === 'https:';
  const isProxied = way.kind === 'proxy';
  const target = isProxied ? `${way.host}:${way.port}` : url.host;
  const port = Number(url.port || (isTls ? 443 : 80));
  const path = `${url.pathname}${url.search}`;
  // Names below .localhost are this machine (RFC 6761), whatever its resolver knows.
  const direct = { host: '127.0.0.1', port: (way.kind === 'direct' ? way.port : undefined) ?? port };
  const shared = { method, headers: headers.flat(), signal };
  const fail = (cause: unknown): Fault => {
    if (timeout.aborted) return timedOut(timeoutMs);
    return isCertificateError(cause) ? untrusted(url.hostname, cause) : unreachable(target, cause);
  };
  const begin = async (): Promise<ClientRequest> => {
    if (!isTls)
      return isProxied
        ? request({ ...shared, agent: false, host: way.host, port: way.port, path: `${url.origin}${path}` })
        : request({ ...shared, agent: false, ...direct, path });
    const own = isProxied
      ? {
          socket: await throughSidecar(way, `${url.hostname}:${port}`, signal).catch((cause) =>
            Promise.reject(fail(cause)),
          ),
        }
      : direct;
    const createConnection = () =>
      connectTls({
        ...own,
        servername: url.hostname,
        rejectUnauthorized: !trust.isInsecure,
        ...(trust.authorities === undefined ? {} : { ca: [...rootCertificates, trust.authorities] }),
      });
    return request({ ...shared, host: url.hostname, path, createConnection });
  };
  const sent = await begin().catch((cause: unknown) => Promise.reject(cause instanceof Fault ? cause : refused(cause)));
  return new Promise((resolve, reject) => {
    sent.once('response', resolve);
    sent.once('error', (cause) => reject(fail(cause)));
    sent.end(body);
  });
};
