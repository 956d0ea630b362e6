import type { Permit } from '../traffic/authorize.ts';
import type { Cluster } from '../traffic/tables.ts';
import type { ExchangeView } from './exchange-view.ts';
import type { Head } from './http1/head.ts';
import type { LocalAnswer } from './local-answer.ts';
import type { ReplayBuffer } from './replay-buffer.ts';
import type { Forward, RequestLines } from './request-lines.ts';

/** The exchange a request belongs to: it hears what became of the sending. */
export interface SendingOwner extends ExchangeView {
  readonly isRequestComplete: boolean;
  /** The response that is passed on begins. `grpcStatus` of one without a body, where it tells one. */
  onUpstreamHead(
    head: Head,
    isBodiless: boolean,
    grpcStatus: number | undefined,
    bytes: Buffer,
    start: number,
    end: number,
  ): boolean;
  /** False = stop until the client has read more. */
  onUpstreamBody(bytes: Buffer, start: number, end: number): boolean;
  onUpstreamEnd(bodyBytes: number, trailers: string): void;
  /** No attempt brought a response. */
  answer(local: LocalAnswer): void;
  /** The response that had begun cannot be completed. */
  breakOff(flag: string, details: string): void;
  addFlags(flags: string): void;
  /** There is somebody to take the rest of the request again. */
  release(): void;
  pauseRequest(): void;
}

/** What an exchange hands over when it has decided to forward. */
export interface SendingOrder {
  readonly permit: Permit;
  readonly action: Forward;
  readonly cluster: Cluster;
  readonly lines: RequestLines;
  /** What arrived of the body before there was an attempt; kept for later ones where needed. */
  readonly replay: ReplayBuffer;
}
