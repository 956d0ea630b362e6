/**
 * What an exchange knows of the two connections it joins; `http1/` and `http2/` implement both sides. Heads are those
 * of HTTP/1.1 for either. Bodies pass as ranges of the buffer they were read into, valid during the call only.
 */
import type { Head, HeadError } from './http1/head.ts';
import type { HeaderEditor } from './http1/header-editor.ts';
import type { RequestView } from './http1/request-view.ts';
import type { Member } from './proxy-state.ts';
import type { ConnectFailure } from './upstream/connect-failure.ts';

/** For requests and attempts that have no body so far. */
export const noBytes = Buffer.alloc(0);

/** Takes one request from its connection. */
export interface RequestSink {
  /** With the body bytes that came together with the head; `isComplete` when they are all of it. */
  begin(bytes: Buffer, start: number, end: number, isComplete: boolean): void;
  onRequestBody(bytes: Buffer, start: number, end: number, isComplete: boolean): void;
  onDownstreamDrain(): void;
  /** `isReset`: the client gave up this one request, not its connection. */
  onDownstreamGone(isReset: boolean): void;
}

/** Who serves the requests of a connection: one exchange each. */
export interface RequestHandler {
  /** A head arrived; `begin` of the sink follows at once. */
  onRequest(downstream: DownstreamStream): RequestSink;
  /** The bytes are no request; answer for it. */
  onRefused(downstream: DownstreamStream, error: HeadError): void;
  onConnectionGone(connection: Member): void;
}

/** The client's side of one request. */
export interface DownstreamStream {
  readonly request: RequestView;
  /** Changes to the request's headers on its way to the backend. */
  readonly editor: HeaderEditor;
  /** As access logs write it: `HTTP/1.0`, `HTTP/1.1`, `HTTP/2`. */
  readonly protocol: string;
  /** Bytes of the request's body so far, without framing. */
  readonly requestBytes: number;
  /** A chunked body may come as it was received, framing included; otherwise only its data. */
  readonly passesChunks: boolean;
  /** A request body of unknown length comes in the chunked coding, framing included; otherwise only its data. */
  readonly framesBody: boolean;
  /** Asks for WebSocket: the request has no end, and after status 101 bytes pass both ways as bodies without framing. */
  readonly isUpgrade: boolean;
  /**
   * Sends the response head and the first bytes of its body. `lines` are complete header lines without the ones that
   * concern this connection. `bodyBytes` is -1 when the length is not known, and the body then chunked or ended by close.
   */
  sendHead(response: ResponseStart, bytes: Buffer, start: number, end: number): boolean;
  /** False = stop until `onDownstreamDrain`. */
  sendBody(bytes: Buffer, start: number, end: number): boolean;
  /** The response is complete. `trailers` are header lines, for clients that can have them. */
  endBody(trailers: string): void;
  /** The response cannot be completed: the client must notice. */
  abort(): void;
  pauseRequest(): void;
  resumeRequest(): void;
}

export interface ResponseStart {
  readonly status: number;
  readonly reason: string;
  readonly lines: string;
  /** Never a body, whatever the headers say: HEAD, 204, 304. */
  readonly isBodiless: boolean;
  /** Told by a Content-Length among `lines`. */
  readonly hasLength: boolean;
  /** Known to have no body, whether or not a Content-Length says so. */
  readonly isEmpty: boolean;
  /** Comes in the chunked coding, framing included (see passesChunks). */
  readonly isFramed: boolean;
}

/** The backend's side of one attempt. */
export interface UpstreamStream {
  readonly localAddress: string;
  /** SPIFFE id the backend presented; empty for plaintext. */
  readonly peerPrincipal: string;
  /** Whether any byte of the request left on a connection that stood. */
  readonly isSent: boolean;
  /** Takes the connection for one attempt; `send` follows. */
  begin(listener: AttemptListener): void;
  /** `head` is the complete request head. */
  send(head: string, bytes: Buffer, start: number, end: number): boolean;
  /** The request is complete with what was sent. */
  endRequest(): void;
  /** Gives up: the connection or stream is closed, the listener hears nothing more. */
  cancel(): void;
  /** The connection serves no request after this one. */
  retire(): void;
  pauseResponse(): void;
  resumeResponse(): void;
}

/** Why an attempt ended without a complete response. */
export type AttemptFailure =
  | { readonly kind: 'connect'; readonly failure: ConnectFailure }
  | { readonly kind: 'reset' }
  /** HTTP/2: the backend gave up this request only; `isRefused`: and says that it has not touched it. */
  | { readonly kind: 'remote-reset'; readonly isRefused: boolean }
  | { readonly kind: 'protocol-error' };

/** Who waits for one attempt's response. */
export interface AttemptListener {
  readonly method: string;
  readonly passesChunks: boolean;
  /** As of the client's side of the request. */
  readonly framesBody: boolean;
  /** Status 101 is an answer, and what follows it a body without end. */
  readonly isUpgrade: boolean;
  /** Body bytes that arrived with the head follow in onResponseBody at once; `head` is valid until the next response. */
  onResponseHead(head: Head, isBodiless: boolean, bytes: Buffer, start: number, end: number): void;
  onResponseBody(bytes: Buffer, start: number, end: number): void;
  /** `bodyBytes` without framing; `trailers` are header lines, empty without any. */
  onResponseEnd(bodyBytes: number, trailers: string): void;
  onAttemptFailed(failure: AttemptFailure): void;
  onUpstreamDrain(): void;
}
