/** A connection to a backend that serves many requests at a time, each a stream. */
import { ChunkedScanner } from '../http1/chunked.ts';
import { Head } from '../http1/head.ts';
import { parseResponseHead } from '../http1/parse-head.ts';
import type { Link } from '../link.ts';
import { type AttemptFailure, type AttemptListener, noBytes, type UpstreamStream } from '../stream.ts';
import { type ConnectFailure, connectFailureOf, connectTimeout } from '../upstream/connect-failure.ts';
import { Connection, type ConnectionSide } from './connection.ts';
import {
  CANCEL,
  ENABLE_PUSH,
  INITIAL_WINDOW_SIZE,
  NO_ERROR,
  PREFACE,
  PROTOCOL_ERROR,
  REFUSED_STREAM,
  settingsFrame,
} from './frames.ts';
import { blockOfRequest, responseText, trailerLines } from './header-lines.ts';
import type { Fields } from './hpack.ts';
import { BROKEN, STREAM_WINDOW, type StreamEvents, type StreamFlow } from './stream-flow.ts';

/** What a peer is thought to take at a time before it says. */
const ASSUMED_MAX_STREAMS = 100;
const LAST_STREAM = 0x7f_ff_ff_fd;
const MAX_LIST_BYTES = 60 * 1024;

const GREETING = PREFACE + settingsFrame(ENABLE_PUSH, 0, INITIAL_WINDOW_SIZE, STREAM_WINDOW);

/** Whom to tell when a connection has room again, or is gone. */
export interface Http2Home {
  readonly isTls: boolean;
  /** 0 = no limit. */
  readonly maxRequests: number;
  readonly maxStreams: number;
  onHttp2Room(connection: Http2ClientConnection): void;
  onHttp2Closed(connection: Http2ClientConnection): void;
}

export class Http2ClientConnection implements ConnectionSide {
  readonly connection: Connection;
  readonly home: Http2Home;
  /** One for all streams: it is read before the next arrives. */
  readonly head = new Head();
  localAddress = '';
  peerPrincipal = '';
  isConnected = false;
  connectFailure: ConnectFailure | undefined = undefined;
  /** Set by the pool, on the monotonic clock. */
  idleSinceMs = 0;
  openedMs = 0;
  private isRetired = false;
  private requests = 0;
  private connectTimer: NodeJS.Timeout | undefined = undefined;

  constructor(link: Link, home: Http2Home, connectTimeoutMs: number) {
    this.home = home;
    this.connection = new Connection(link, this, '', GREETING, MAX_LIST_BYTES);
    if (connectTimeoutMs > 0) this.connectTimer = setTimeout(onConnectTimeout, connectTimeoutMs, this);
  }

  get isIdle(): boolean {
    return this.connection.streams.size === 0;
  }

  /** Whether one more request may begin. */
  get hasRoom(): boolean {
    const { connection, home } = this;
    if (this.isRetired || connection.isClosing || connection.link.isGone) return false;
    const max = Math.min(
      Number.isFinite(connection.peerMaxStreams) ? connection.peerMaxStreams : ASSUMED_MAX_STREAMS,
      home.maxStreams,
    );
    return connection.streams.size < max && (home.maxRequests === 0 || this.requests < home.maxRequests);
  }

  onConnected(peerPrincipal: string, meshAddress: string): void {
    clearTimeout(this.connectTimer);
    this.isConnected = true;
    this.peerPrincipal = peerPrincipal;
    this.localAddress = `${meshAddress}:${this.connection.link.socket.localPort ?? 0}`;
  }

  /** A stream for one request; it has its number from the moment its head is sent. */
  take(): UpstreamStream {
    return new ClientStream(this);
  }

  openStream(): StreamFlow {
    const { connection } = this;
    const id = connection.nextOwn;
    connection.nextOwn += 2;
    this.requests += 1;
    if (id >= LAST_STREAM) this.isRetired = true;
    return connection.open(id);
  }

  /** Never again after the requests under way. */
  retire(): void {
    this.isRetired = true;
    if (this.isIdle) this.connection.link.destroy();
  }

  accept(): undefined {
    return undefined;
  }

  onSettings(): void {
    if (this.hasRoom) this.home.onHttp2Room(this);
  }

  onGoAway(lastStream: number): void {
    this.isRetired = true;
    for (const stream of [...this.connection.streams.values()])
      if (stream.id > lastStream) stream.onReset(REFUSED_STREAM);
    if (this.isIdle) this.connection.link.destroy();
  }

  onIdle(): void {
    const isSpent = this.home.maxRequests > 0 && this.requests >= this.home.maxRequests;
    if (this.isRetired || isSpent) this.connection.link.destroy();
    else this.home.onHttp2Room(this);
  }

  onGone(error: Error | undefined): void {
    clearTimeout(this.connectTimer);
    if (!this.isConnected) this.connectFailure ??= connectFailureOf(error, this.home.isTls);
    this.home.onHttp2Closed(this);
  }
}

const onConnectTimeout = (client: Http2ClientConnection): void => {
  client.connectFailure = connectTimeout;
  client.connection.link.destroy();
};

class ClientStream implements UpstreamStream, StreamEvents {
  private readonly client: Http2ClientConnection;
  private flow: StreamFlow | undefined = undefined;
  private listener: AttemptListener | undefined = undefined;
  private scanner: ChunkedScanner | undefined = undefined;
  private hasHead = false;
  private length = -1;
  private bodyBytes = 0;

  constructor(client: Http2ClientConnection) {
    this.client = client;
  }

  get localAddress(): string {
    return this.client.localAddress;
  }

  get peerPrincipal(): string {
    return this.client.peerPrincipal;
  }

  get isSent(): boolean {
    return this.client.isConnected;
  }

  // ---- the request

  begin(listener: AttemptListener): void {
    this.listener = listener;
  }

  send(head: string, bytes: Buffer, start: number, end: number): boolean {
    if (head !== '') return this.sendHead(head, bytes, start, end);
    const { flow, scanner } = this;
    if (flow === undefined || !flow.isLocalOpen) return true;
    if (scanner === undefined) return flow.send(bytes, start, end);
    scanner.scan(bytes, start, end);
    let isFlowing = true;
    const { ranges } = scanner;
    for (let at = 0; at < ranges.length; at += 2) isFlowing = flow.send(bytes, ranges[at] ?? 0, ranges[at + 1] ?? 0);
    return isFlowing;
  }

  private sendHead(head: string, bytes: Buffer, start: number, end: number): boolean {
    const { block, isEnd, isChunked } = blockOfRequest(head);
    const flow = this.client.openStream();
    this.flow = flow;
    flow.events = this;
    if (isChunked && this.listener?.framesBody === true) {
      this.scanner = new ChunkedScanner();
      this.scanner.reset(false);
      flow.sendHead(block, false, noBytes, 0, 0);
      return this.send('', bytes, start, end);
    }
    return flow.sendHead(block, isEnd, bytes, start, end);
  }

  endRequest(): void {
    this.flow?.end('');
  }

  cancel(): void {
    this.listener = undefined;
    this.flow?.reset(CANCEL);
  }

  retire(): void {
    this.flow?.reset(NO_ERROR);
  }

  pauseResponse(): void {
    this.flow?.pause();
  }

  resumeResponse(): void {
    this.flow?.resume();
  }

  // ---- the response

  onFields(fields: Fields, isEnd: boolean): void {
    if (this.hasHead) {
      const trailers = isEnd ? trailerLines(fields) : undefined;
      if (trailers === undefined) this.refuse();
      else this.finish(trailers);
      return;
    }
    const { head } = this.client;
    const text = responseText(fields);
    const bytes = Buffer.from(text ?? '', 'latin1');
    if (text === undefined || parseResponseHead(bytes, 0, bytes.length, head) <= 0) {
      this.refuse();
      return;
    }
    // Interim responses stay here, as with Envoy.
    if (head.status < 200) {
      if (isEnd || head.status === 101) this.refuse();
      return;
    }
    this.hasHead = true;
    const { listener } = this;
    if (listener === undefined) return;
    const isBodiless = listener.method === 'HEAD' || head.status === 204 || head.status === 304;
    this.length = isBodiless ? -1 : head.contentLength;
    if (isEnd && this.length > 0) {
      this.refuse();
      return;
    }
    if (isEnd) head.contentLength = 0;
    listener.onResponseHead(head, isBodiless, noBytes, 0, 0);
    if (isEnd) this.finish('');
  }

  onData(bytes: Buffer, start: number, end: number, isEnd: boolean): void {
    this.bodyBytes += end - start;
    if (!this.hasHead || (this.length >= 0 && this.bodyBytes > this.length)) {
      this.refuse();
      return;
    }
    if (end > start) this.listener?.onResponseBody(bytes, start, end);
    if (isEnd) this.finish('');
  }

  private finish(trailers: string): void {
    if (this.length >= 0 && this.bodyBytes !== this.length) {
      this.refuse();
      return;
    }
    const { listener } = this;
    this.listener = undefined;
    listener?.onResponseEnd(this.bodyBytes, trailers);
  }

  private refuse(): void {
    this.flow?.reset(PROTOCOL_ERROR);
    this.fail({ kind: 'protocol-error' });
  }

  onReset(code: number): void {
    const { isConnected, connectFailure } = this.client;
    if (code === BROKEN) this.fail({ kind: 'protocol-error' });
    else if (code === REFUSED_STREAM) this.fail({ kind: 'remote-reset', isRefused: true });
    else if (code >= 0) this.fail({ kind: 'remote-reset', isRefused: false });
    else if (!isConnected && connectFailure !== undefined) this.fail({ kind: 'connect', failure: connectFailure });
    else this.fail({ kind: 'reset' });
  }

  private fail(failure: AttemptFailure): void {
    const { listener } = this;
    this.listener = undefined;
    listener?.onAttemptFailed(failure);
  }

  onWritable(): void {
    this.listener?.onUpstreamDrain();
  }
}
