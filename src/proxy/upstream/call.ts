import type { Permit } from '../../traffic/authorize.ts';
import type { HeaderLine } from '../../traffic/authorizer.ts';
import type { Cluster } from '../../traffic/tables.ts';
import type { Head } from '../http1/head.ts';
import { pickFor } from '../pick.ts';
import type { Place } from '../place.ts';
import type { ProxyState } from '../proxy-state.ts';
import type { AttemptListener } from '../stream.ts';

/** A request of the proxy's own. */
export interface CallOrder {
  readonly permit: Permit;
  readonly cluster: Cluster;
  readonly isHttp2: boolean;
  readonly method: string;
  /** Complete, with its empty line. */
  readonly head: string;
  readonly body: Buffer;
  /** 0 = none. */
  readonly timeoutMs: number;
}

export interface CallReply {
  readonly status: number;
  readonly lines: readonly HeaderLine[];
  readonly body: Buffer;
  /** Header lines; empty without any. */
  readonly trailers: string;
}

/** A call under way. */
export interface Call {
  /** Undefined when there is no complete answer: nobody is there, it takes too long, is too big, or breaks off. */
  readonly reply: Promise<CallReply | undefined>;
  /** The reply is not wanted any more, and will be undefined. */
  cancel(): void;
}

/** More than any answer to a proxy needs. */
const MAX_BYTES = 1024 * 1024;

/** Asks an endpoint of a cluster. */
export const call = (state: ProxyState, place: Place, order: CallOrder): Call => {
  const { permit, cluster, isHttp2, method, head, body, timeoutMs } = order;
  const endpoint = pickFor(cluster, place, state);
  if (endpoint === undefined) return { reply: Promise.resolve(undefined), cancel: () => {} };
  const upstream = state.clusters.poolOf(cluster, endpoint, state.socketOf(cluster, endpoint)).take(permit, isHttp2);
  let settle: (reply: CallReply | undefined) => void = () => {};
  const reply = new Promise<CallReply | undefined>((resolve) => {
    settle = resolve;
  });
  const cancel = (): void => {
    clearTimeout(timer);
    settle(undefined);
    upstream.cancel();
  };
  const timer = timeoutMs === 0 ? undefined : setTimeout(cancel, timeoutMs);
  const collected: Collected = { status: 0, lines: [], pieces: [], bytes: 0 };
  upstream.begin({
    method,
    passesChunks: false,
    framesBody: false,
    isUpgrade: false,
    onUpstreamDrain: () => {},
    onResponseHead: (received, _isBodiless, bytes, start, end) => {
      collected.status = received.status;
      collected.lines = linesOf(received);
      collect(collected, bytes, start, end);
    },
    onResponseBody: (bytes, start, end) => {
      collect(collected, bytes, start, end);
      if (collected.bytes > MAX_BYTES) cancel();
    },
    onResponseEnd: (_bodyBytes, trailers) => {
      clearTimeout(timer);
      const { status, lines, pieces } = collected;
      settle({ status, lines, body: Buffer.concat(pieces), trailers });
    },
    onAttemptFailed: () => {
      clearTimeout(timer);
      settle(undefined);
    },
  } satisfies AttemptListener);
  upstream.send(head, body, 0, body.length);
  upstream.endRequest();
  return { reply, cancel };
};

interface Collected {
  status: number;
  lines: readonly HeaderLine[];
  readonly pieces: Buffer[];
  bytes: number;
}

const collect = (collected: Collected, bytes: Buffer, start: number, end: number): void => {
  if (start === end) return;
  collected.pieces.push(Buffer.from(bytes.subarray(start, end)));
  collected.bytes += end - start;
};

const linesOf = (head: Head): readonly HeaderLine[] => headerLines(head.keptLines());

/** The lines of a head, or of trailers, with names in lower case. */
export const headerLines = (text: string): readonly HeaderLine[] =>
  text.split('\r\n').flatMap((line) => {
    const colon = line.indexOf(':');
    return colon <= 0 ? [] : [[line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const];
  });
