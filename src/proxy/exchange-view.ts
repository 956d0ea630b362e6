import type { HeaderChange } from '../traffic/authorizer.ts';
import type { Cluster, Endpoint, ProxyTables, Route, WeightedDestination } from '../traffic/tables.ts';
import type { Forwarded } from './forwarded-headers.ts';
import type { Head } from './http1/head.ts';
import type { HeaderPair } from './local-answer.ts';
import type { Place } from './place.ts';
import type { ProxyState } from './proxy-state.ts';
import type { DownstreamStream } from './stream.ts';

/** What records, operators and header lines may know of an exchange; it fills as the stages go by. */
export interface ExchangeView {
  readonly state: ProxyState;
  /** The tables the request began with. */
  readonly tables: ProxyTables;
  readonly place: Place;
  readonly downstream: DownstreamStream;
  /** Wall clock, when the request began. */
  readonly startMs: number;
  readonly durationMs: number;
  readonly method: string;
  /** Normalized; as sent for a request that was refused before. */
  readonly path: string;
  readonly authority: string;
  readonly userAgent: string;
  readonly forwarded: Forwarded;
  readonly isGrpc: boolean;
  readonly route: Route | undefined;
  readonly destination: WeightedDestination | undefined;
  readonly cluster: Cluster | undefined;
  /** Undefined until the request is on its way to a cluster. */
  readonly sending: SendingView | undefined;
  readonly corsHeaders: readonly HeaderPair[] | undefined;
  /** What authorizers and rate limits want the client to see. */
  readonly responseChanges: readonly HeaderChange[] | undefined;
  /** The backend's head while its lines are composed. */
  readonly responseHead: Head | undefined;
  readonly status: number;
  /** Comma-separated; empty where logs say `-`. */
  readonly flags: string;
  readonly details: string;
  readonly upstreamFailure: string;
  readonly deniedBy: string | undefined;
  /** Header lines of the answer; empty before there is one. */
  readonly answerLines: string;
  readonly responseBytes: number;
  readonly grpcStatus: number | undefined;
}

/** What is known of a request's attempts; of the last one where they differ. */
export interface SendingView {
  readonly attempts: number;
  readonly endpoint: Endpoint | undefined;
  readonly localAddress: string;
  readonly principal: string;
  /** From the last byte sent to the response's head; -1 before there is one. */
  readonly serviceTimeMs: number;
  /** Values of Set-Cookie that consistent hashing gives the client. */
  readonly cookies: readonly string[];
}
