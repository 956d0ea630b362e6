/** A connection to a backend that serves one request at a time, then waits in its pool for the next. */

import { ByteStash } from '../byte-stash.ts';
import type { Link, LinkOwner } from '../link.ts';
import type { AttemptFailure, AttemptListener, UpstreamStream } from '../stream.ts';
import { type ConnectFailure, connectFailureOf, connectTimeout } from '../upstream/connect-failure.ts';
import { LF } from './characters.ts';
import { ChunkedScanner, MALFORMED } from './chunked.ts';
import { Head } from './head.ts';
import { INCOMPLETE, parseResponseHead, REFUSED } from './parse-head.ts';

const IDLE = 0;
const AWAIT_HEAD = 1;
const BODY_LENGTH = 2;
const BODY_CHUNKED = 3;
const BODY_UNTIL_CLOSE = 4;

const CHUNKED_LINE = '\r\ntransfer-encoding: chunked\r\n';

/** Where a connection goes when it is free, and whom to tell when it is gone. */
export interface ConnectionHome {
  readonly isTls: boolean;
  /** 0 = no limit. */
  readonly maxRequests: number;
  onFree(connection: ClientConnection): void;
  onClosed(connection: ClientConnection): void;
}

export class ClientConnection implements LinkOwner, UpstreamStream {
  readonly link: Link;
  localAddress = '';
  peerPrincipal = '';
  isSent = false;
  isConnected = false;
  /** Set by the pool: when the connection has been idle since, on the monotonic clock. */
  idleSinceMs = 0;
  /** Set by the pool: when it was dialled. */
  openedMs = 0;

  private readonly home: ConnectionHome;
  private readonly head = new Head();
  private readonly stash = new ByteStash();
  private readonly scanner = new ChunkedScanner();
  private listener: AttemptListener | undefined = undefined;
  private state = IDLE;
  private left = 0;
  private bodyBytes = 0;
  private requests = 0;
  /** The request's body comes as data alone and has no length: each piece goes out as a chunk. */
  private wrapsBody = false;
  private isReusable = true;
  private connectTimer: NodeJS.Timeout | undefined = undefined;
  private connectFailure: ConnectFailure | undefined = undefined;

  constructor(link: Link, home: ConnectionHome, connectTimeoutMs: number) {
    this.link = link;
    this.home = home;
    link.owner = this;
    if (connectTimeoutMs > 0) this.connectTimer = setTimeout(onConnectTimeout, connectTimeoutMs, this);
  }

  /** The connection stands, for TLS with the peer's identity checked. `meshAddress` is where we connect from. */
  onConnected(peerPrincipal: string, meshAddress: string): void {
    clearTimeout(this.connectTimer);
    this.isConnected = true;
    this.peerPrincipal = peerPrincipal;
    this.localAddress = `${meshAddress}:${this.link.socket.localPort ?? 0}`;
    this.isSent = this.state !== IDLE;
  }

  failConnecting(failure: ConnectFailure): void {
    this.connectFailure = failure;
    this.link.destroy();
  }

  /** Takes the connection for one request; `send` follows. */
  begin(listener: AttemptListener): void {
    this.listener = listener;
    this.state = AWAIT_HEAD;
    this.requests += 1;
    this.isSent = this.isConnected;
    this.bodyBytes = 0;
    this.wrapsBody = false;
  }

  send(head: string, bytes: Buffer, start: number, end: number): boolean {
    if (head !== '' && this.listener?.framesBody === false) this.wrapsBody = head.includes(CHUNKED_LINE);
    if (!this.wrapsBody) return this.link.write(head, bytes, start, end);
    if (head !== '') this.link.writeText(head);
    if (start === end) return !this.link.isBlocked;
    this.link.write(`${(end - start).toString(16)}\r\n`, bytes, start, end);
    return this.link.writeText('\r\n');
  }

  endRequest(): void {
    if (!this.wrapsBody) return;
    this.wrapsBody = false;
    this.link.writeText('0\r\n\r\n');
  }

  cancel(): void {
    this.listener = undefined;
    this.link.destroy();
  }

  pauseResponse(): void {
    this.link.pause();
  }

  resumeResponse(): void {
    this.link.resume();
  }

  /** Never again after the response that is under way. */
  retire(): void {
    this.isReusable = false;
    if (this.state === IDLE) this.link.destroy();
  }

  onBytes(bytes: Buffer, start: number, end: number): void {
    switch (this.state) {
      case AWAIT_HEAD:
        this.readHead(bytes, start, end);
        return;
      case BODY_LENGTH:
        this.readLength(bytes, start, end);
        return;
      case BODY_CHUNKED:
        this.readChunked(bytes, start, end);
        return;
      case BODY_UNTIL_CLOSE:
        this.bodyBytes += end - start;
        this.listener?.onResponseBody(bytes, start, end);
        return;
      default:
        // Bytes nobody asked for: whatever they are, they must not become the answer to the next request.
        this.link.destroy();
    }
  }

  private readHead(received: Buffer, from: number, to: number): void {
    let [bytes, start, end] = [received, from, to];
    if (this.stash.length > 0) {
      this.stash.append(bytes, start, end);
      if (bytes.indexOf(LF, start) < 0) return;
      bytes = this.stash.take();
      [start, end] = [0, bytes.length];
    }
    for (;;) {
      const after = parseResponseHead(bytes, start, end, this.head);
      if (after === INCOMPLETE) {
        this.stash.append(bytes, start, end);
        return;
      }
      if (after === REFUSED) {
        this.fail({ kind: 'protocol-error' });
        return;
      }
      const { status } = this.head;
      // Interim responses stay here, as with Envoy; the client's `Expect` was answered when it was read.
      if (status >= 200) {
        this.startBody(bytes, after, end);
        return;
      }
      if (status === 101 && this.listener?.isUpgrade === true) {
        this.state = BODY_UNTIL_CLOSE;
        this.isReusable = false;
        this.bodyBytes = end - after;
        this.listener.onResponseHead(this.head, false, bytes, after, end);
        return;
      }
      if (status === 101) {
        this.fail({ kind: 'protocol-error' });
        return;
      }
      start = after;
    }
  }

  private startBody(bytes: Buffer, start: number, end: number): void {
    const { head, listener } = this;
    if (listener === undefined) {
      this.link.destroy();
      return;
    }
    const isBodiless = listener.method === 'HEAD' || head.status === 204 || head.status === 304;
    if (head.isClose) this.isReusable = false;
    if (isBodiless || head.contentLength === 0) {
      listener.onResponseHead(head, isBodiless, bytes, start, start);
      this.finish(start !== end);
      return;
    }
    if (head.isChunked) {
      this.state = BODY_CHUNKED;
      this.scanner.reset(listener.passesChunks);
      this.readChunked(bytes, start, end, head);
      return;
    }
    if (head.contentLength > 0) {
      this.state = BODY_LENGTH;
      this.left = head.contentLength;
      const length = Math.min(this.left, end - start);
      this.left -= length;
      this.bodyBytes = length;
      listener.onResponseHead(head, false, bytes, start, start + length);
      if (this.left === 0 && this.listener === listener) this.finish(start + length !== end);
      return;
    }
    this.state = BODY_UNTIL_CLOSE;
    this.isReusable = false;
    this.bodyBytes = end - start;
    listener.onResponseHead(head, false, bytes, start, end);
  }

  private readLength(bytes: Buffer, start: number, end: number): void {
    const length = Math.min(this.left, end - start);
    this.left -= length;
    this.bodyBytes += length;
    this.listener?.onResponseBody(bytes, start, start + length);
    if (this.left === 0 && this.listener !== undefined) this.finish(start + length !== end);
  }

  /** With `head`, the head goes out together with the first range. */
  private readChunked(bytes: Buffer, start: number, end: number, head?: Head): void {
    const { scanner, listener } = this;
    const after = scanner.scan(bytes, start, end);
    if (listener === undefined || after === MALFORMED) {
      this.fail({ kind: 'protocol-error' });
      return;
    }
    const { ranges } = scanner;
    let at = 0;
    if (head !== undefined) {
      listener.onResponseHead(head, false, bytes, ranges[0] ?? start, ranges[1] ?? start);
      at = 2;
    }
    for (; at < ranges.length && this.listener === listener; at += 2) {
      listener.onResponseBody(bytes, ranges[at] ?? 0, ranges[at + 1] ?? 0);
    }
    this.bodyBytes = scanner.dataBytes;
    if (scanner.isDone && this.listener === listener) this.finish(after !== end);
  }

  private finish(hasSurplus: boolean): void {
    const listener = this.listener;
    this.listener = undefined;
    this.state = IDLE;
    const { maxRequests } = this.home;
    // Surplus bytes would be taken for the next response: such a connection is never used again.
    if (hasSurplus || (maxRequests > 0 && this.requests >= maxRequests)) this.isReusable = false;
    // The end may have come while the client was slow; an idle connection must hear when it is closed.
    if (this.link.isPaused) this.link.resume();
    listener?.onResponseEnd(this.bodyBytes, '');
    if (this.isReusable && !this.link.isGone && this.link.socket.writable) this.home.onFree(this);
    else this.link.destroy();
  }

  private fail(failure: AttemptFailure): void {
    const listener = this.listener;
    this.listener = undefined;
    this.link.destroy();
    listener?.onAttemptFailed(failure);
  }

  onEnd(): void {
    if (this.state === BODY_UNTIL_CLOSE) this.finish(false);
    this.link.destroy();
  }

  onDrain(): void {
    this.listener?.onUpstreamDrain();
  }

  onGone(error: Error | undefined): void {
    clearTimeout(this.connectTimer);
    this.home.onClosed(this);
    const listener = this.listener;
    this.listener = undefined;
    if (listener === undefined) return;
    if (this.isConnected) listener.onAttemptFailed({ kind: 'reset' });
    else {
      const failure = this.connectFailure ?? connectFailureOf(error, this.home.isTls);
      listener.onAttemptFailed({ kind: 'connect', failure });
    }
  }
}

const onConnectTimeout = (connection: ClientConnection): void => connection.failConnecting(connectTimeout);
