import { type IncomingMessage, request } from 'node:http';
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
  | { readonly kind: 'direct' };

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

/** Sends and answers the head of the response; the body streams. Throws a Fault when nothing answers. */
export const sendRequest = (
  outgoing: Outgoing,
  way: Way,
  timeoutMs: number,
  interrupted: AbortSignal,
): Promise<IncomingMessage> => {
  const { url, method, headers, body } = outgoing;
  const timeout = AbortSignal.timeout(timeoutMs);
  const isProxied = way.kind === 'proxy';
  const target = isProxied ? `${way.host}:${way.port}` : url.host;
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown): void => reject(timeout.aborted ? timedOut(timeoutMs) : unreachable(target, cause));
    try {
      const sent = request({
        // Names below .localhost are this machine (RFC 6761), whatever its resolver knows.
        host: isProxied ? way.host : '127.0.0.1',
        port: isProxied ? way.port : url.port || 80,
        method,
        path: isProxied ? `${url.origin}${url.pathname}${url.search}` : `${url.pathname}${url.search}`,
        headers: headers.flat(),
        agent: false,
        signal: AbortSignal.any([timeout, interrupted]),
      });
      sent.once('response', resolve);
      sent.once('error', fail);
      sent.end(body);
    } catch (cause) {
      // Node refuses what could smuggle a second header or request line.
      reject(
        new Fault(`the request cannot be sent: ${cause instanceof Error ? cause.message : String(cause)}`, {
          kind: 'usage',
          code: 'BAD_REQUEST',
          hint: 'check the method and the headers',
          cause,
        }),
      );
    }
  });
};
