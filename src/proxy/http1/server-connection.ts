/**
 * A client's connection: requests one after another, each an exchange of its own. Pipelined requests wait in a stash
 * until the one before is answered.
 */
import { ByteStash } from '../byte-stash.ts';
import type { Link, LinkOwner } from '../link.ts';
import type { Member } from '../proxy-state.ts';
import type { DownstreamStream, RequestHandler, RequestSink, ResponseStart } from '../stream.ts';
import { LF } from './characters.ts';
import { ChunkedScanner, MALFORMED } from './chunked.ts';
import { Head, type HeadError } from './head.ts';
import { HeaderEditor } from './header-editor.ts';
import { idOf } from './header-names.ts';
import { INCOMPLETE, parseRequestHead, REFUSED } from './parse-head.ts';
import { RequestView } from './request-view.ts';

const AWAIT_HEAD = 0;
const BODY_LENGTH = 1;
const BODY_CHUNKED = 2;
/** The request is complete and its answer under way. */
const BUSY = 3;
/** Nothing more is read or answered; the last bytes are leaving. */
const CLOSING = 4;
/** WebSocket: bytes of the client until either side ends. */
const RAW = 5;

const HEADER_TIMEOUT_MS = 10_000;
const IDLE_TIMEOUT_MS = 60_000;
/** Envoy's stream idle timeout. */
const BODY_TIMEOUT_MS = 300_000;
/** How long a client may go on sending after it was answered early, before the connection is cut. */
const LINGER_MS = 1_000;
const MAX_STASH_BYTES = 256 * 1024;
const EXPECT = idOf('expect');
const UPGRADE = idOf('upgrade');

export class ServerConnection implements LinkOwner, DownstreamStream, Member {
  readonly link: Link;
  readonly head = new Head();
  readonly request = new RequestView(this.head);
  readonly editor = new HeaderEditor(this.head);
  readonly framesBody = true;
  isUpgrade = false;
  requestBytes = 0;

  private readonly handler: RequestHandler;
  private readonly stash = new ByteStash();
  private readonly scanner = new ChunkedScanner();
  private sink: RequestSink | undefined = undefined;
  private state = AWAIT_HEAD;
  private left = 0;
  private isClose = false;
  private isPaused = false;
  private isDraining = false;
  private isResponseStarted = false;
  /** The body of the response has no length the client knows: wrap it in chunks, or end it by closing. */
  private framing: 'as-is' | 'chunks' | 'until-close' = 'as-is';
  /** As of the last sweep, so that no request pays for a clock or a timer. */
  private nowMs: number;
  private deadlineMs: number;

  constructor(link: Link, handler: RequestHandler, nowMs: number) {
    this.link = link;
    this.handler = handler;
    this.nowMs = nowMs;
    this.deadlineMs = nowMs + IDLE_TIMEOUT_MS;
    link.owner = this;
  }

  get passesChunks(): boolean {
    return this.head.minor === 1;
  }

  get protocol(): string {
    return this.head.minor === 0 ? 'HTTP/1.0' : 'HTTP/1.1';
  }

  onBytes(bytes: Buffer, start: number, end: number): void {
    if (this.state === CLOSING) return;
    if (this.state === BUSY || this.isPaused) {
      this.stash.append(bytes, start, end);
      if (this.stash.length > MAX_STASH_BYTES) this.link.destroy();
      else this.link.pause();
      return;
    }
    this.read(bytes, start, end);
  }

  private read(bytes: Buffer, start: number, end: number): void {
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
      case RAW:
        this.requestBytes += end - start;
        this.sink?.onRequestBody(bytes, start, end, false);
        return;
    }
  }

  private readHead(received: Buffer, from: number, to: number): void {
    let [bytes, start, end] = [received, from, to];
    if (this.stash.length > 0) {
      this.stash.append(bytes, start, end);
      if (bytes.indexOf(LF, start) < 0 && this.stash.length < MAX_STASH_BYTES) return;
      bytes = this.stash.take();
      [start, end] = [0, bytes.length];
    }
    const after = parseRequestHead(bytes, start, end, this.head);
    if (after === INCOMPLETE) {
      if (this.stash.length === 0) this.deadlineMs = this.nowMs + HEADER_TIMEOUT_MS;
      this.stash.append(bytes, start, end);
      return;
    }
    if (after === REFUSED) this.request.clear();
    if (after === REFUSED || !this.request.read()) {
      this.isClose = true;
      this.state = BUSY;
      this.handler.onRefused(this, this.head.error ?? BAD_TARGET);
      return;
    }
    this.startBody(bytes, after, end);
  }

  private startBody(bytes: Buffer, start: number, end: number): void {
    const { head } = this;
    this.isClose = head.isClose;
    this.isResponseStarted = false;
    this.framing = 'as-is';
    this.deadlineMs = this.nowMs + BODY_TIMEOUT_MS;
    let bodyEnd = start;
    this.requestBytes = 0;
    this.isUpgrade = head.isUpgrade && isWebSocket(head);
    if (this.isUpgrade) {
      this.requestBytes = end - start;
      this.state = RAW;
      this.beginExchange(bytes, start, end, false);
      return;
    }
    if (head.isChunked) {
      this.scanner.reset(true);
      this.state = BODY_CHUNKED;
      this.readChunked(bytes, start, end, true);
      return;
    }
    if (head.contentLength > 0) {
      bodyEnd = Math.min(end, start + head.contentLength);
      this.requestBytes = bodyEnd - start;
      this.left = head.contentLength - this.requestBytes;
    } else this.left = 0;
    this.state = this.left > 0 ? BODY_LENGTH : BUSY;
    this.keep(bytes, bodyEnd, end);
    this.beginExchange(bytes, start, bodyEnd, this.left === 0);
  }

  private readLength(bytes: Buffer, start: number, end: number): void {
    const length = Math.min(this.left, end - start);
    this.left -= length;
    this.requestBytes += length;
    this.deadlineMs = this.nowMs + BODY_TIMEOUT_MS;
    if (this.left === 0) this.state = BUSY;
    this.keep(bytes, start + length, end);
    this.sink?.onRequestBody(bytes, start, start + length, this.left === 0);
  }

  private readChunked(bytes: Buffer, start: number, end: number, isFirst = false): void {
    const { scanner } = this;
    const after = scanner.scan(bytes, start, end);
    if (after === MALFORMED) {
      this.refuseBody(isFirst);
      return;
    }
    const { ranges, isDone } = scanner;
    this.requestBytes = scanner.dataBytes;
    this.deadlineMs = this.nowMs + BODY_TIMEOUT_MS;
    if (isDone) this.state = BUSY;
    this.keep(bytes, after, end);
    let at = 0;
    if (isFirst) {
      this.beginExchange(bytes, ranges[0] ?? 0, ranges[1] ?? 0, isDone && ranges.length <= 2);
      at = 2;
    }
    for (; at < ranges.length; at += 2) {
      this.sink?.onRequestBody(bytes, ranges[at] ?? 0, ranges[at + 1] ?? 0, isDone && at + 2 >= ranges.length);
    }
    if (isDone && ranges.length === 0 && !isFirst) this.sink?.onRequestBody(bytes, 0, 0, true);
  }

  private beginExchange(bytes: Buffer, start: number, end: number, isComplete: boolean): void {
    const expectsContinue = this.head.minor === 1 && this.head.has(EXPECT);
    const sink = this.handler.onRequest(this);
    this.sink = sink;
    sink.begin(bytes, start, end, isComplete);
    // Envoy answers the expectation itself, as soon as somebody is there to take the body.
    if (!expectsContinue || this.sink !== sink || this.state === BUSY || this.isResponseStarted) return;
    if (this.requestBytes === 0) this.sendContinue();
  }

  /** A chunk that breaks the coding: 400 if nothing was begun with the request, else the connection is cut. */
  private refuseBody(isFirst: boolean): void {
    this.isClose = true;
    this.state = BUSY;
    if (isFirst) this.handler.onRefused(this, BAD_TARGET);
    else this.link.destroy();
  }

  private keep(bytes: Buffer, start: number, end: number): void {
    if (start >= end) return;
    this.stash.append(bytes, start, end);
    this.link.pause();
  }

  // ---- the response

  private sendContinue(): void {
    this.link.writeText('HTTP/1.1 100 Continue\r\n\r\n');
  }

  sendHead(response: ResponseStart, bytes: Buffer, start: number, end: number): boolean {
    this.isResponseStarted = true;
    const { status, isBodiless, hasLength, isEmpty, isFramed } = response;
    let head = `HTTP/1.1 ${status} ${response.reason}\r\n${response.lines}`;
    if (status === 101) {
      this.isClose = true;
      head += 'upgrade: websocket\r\nconnection: Upgrade\r\n\r\n';
      return this.link.write(head, bytes, start, end);
    }
    if (isFramed) head += 'transfer-encoding: chunked\r\n';
    else if (!isBodiless && !hasLength && isEmpty) head += 'content-length: 0\r\n';
    else if (!isBodiless && !hasLength) {
      this.framing = this.passesChunks ? 'chunks' : 'until-close';
      if (this.passesChunks) head += 'transfer-encoding: chunked\r\n';
      else this.isClose = true;
    }
    // The rest of a request that is answered early is not worth reading.
    if (this.state !== BUSY || this.isDraining) this.isClose = true;
    if (this.isClose) head += 'connection: close\r\n\r\n';
    else head += this.passesChunks ? '\r\n' : 'connection: keep-alive\r\n\r\n';
    if (this.framing !== 'chunks') return this.link.write(head, bytes, start, end);
    this.link.writeText(head);
    return this.sendBody(bytes, start, end);
  }

  sendBody(bytes: Buffer, start: number, end: number): boolean {
    if (start === end) return !this.link.isBlocked;
    if (this.framing !== 'chunks') return this.link.write('', bytes, start, end);
    this.link.write(`${(end - start).toString(16)}\r\n`, bytes, start, end);
    return this.link.writeText('\r\n');
  }

  endBody(): void {
    if (this.framing === 'chunks') this.link.writeText('0\r\n\r\n');
    this.sink = undefined;
    if (this.isClose || this.isDraining || this.state !== BUSY) {
      this.close();
      return;
    }
    this.state = AWAIT_HEAD;
    this.deadlineMs = this.nowMs + IDLE_TIMEOUT_MS;
    this.isPaused = false;
    if (this.stash.length === 0) {
      if (this.link.isPaused) this.link.resume();
      return;
    }
    // Not from here: a long pipeline must not deepen the stack.
    queueMicrotask(() => this.resumeRequest());
  }

  /** The response cannot be finished. RST, because FIN would look like its end where the length is not known. */
  abort(): void {
    this.sink = undefined;
    this.state = CLOSING;
    this.link.reset();
  }

  /** Sends what is left, then closes; a client still sending gets a moment to read its answer first. */
  private close(): void {
    const isSending = this.state === BODY_LENGTH || this.state === BODY_CHUNKED || this.state === RAW;
    this.state = CLOSING;
    this.link.end();
    this.deadlineMs = this.nowMs + LINGER_MS;
    if (isSending || this.isPaused) this.link.resume();
  }

  pauseRequest(): void {
    this.isPaused = true;
    this.link.pause();
  }

  /** Goes on reading: first what is in the stash, then the socket. */
  resumeRequest(): void {
    this.isPaused = false;
    while (this.stash.length > 0 && !this.isPaused && this.state !== BUSY && this.state !== CLOSING) {
      const before = this.stash.length;
      const bytes = this.stash.take();
      this.read(bytes, 0, bytes.length);
      if (this.stash.length >= before) break;
    }
    if (!this.isPaused && (this.state !== BUSY || this.stash.length === 0)) this.link.resume();
  }

  // ---- the end

  /** Answers what is under way, then closes; closes at once when nothing is. */
  drain(): void {
    this.isDraining = true;
    if (this.state === AWAIT_HEAD && this.stash.length === 0) this.close();
  }

  destroy(): void {
    this.link.destroy();
  }

  sweep(nowMs: number): void {
    this.nowMs = nowMs;
    if (nowMs < this.deadlineMs || this.state === BUSY || this.state === RAW) return;
    if (this.state === AWAIT_HEAD && this.stash.length > 0) {
      this.isClose = true;
      this.state = BUSY;
      this.handler.onRefused(this, HEADER_TIMEOUT);
    } else if (this.state !== CLOSING || this.link.socket.writableLength === 0) this.link.destroy();
    else if (nowMs > this.deadlineMs + BODY_TIMEOUT_MS) this.link.destroy();
  }

  onEnd(): void {
    // As Envoy: a client that ends its side of an HTTP connection has left. What is leaving already still may.
    if (this.state !== CLOSING) this.link.destroy();
  }

  onDrain(): void {
    this.sink?.onDownstreamDrain();
  }

  onGone(): void {
    const { sink } = this;
    this.sink = undefined;
    this.state = CLOSING;
    this.handler.onConnectionGone(this);
    sink?.onDownstreamGone(false);
  }
}

/** RFC 6455 4.1. A body would make it something else. */
const isWebSocket = (head: Head): boolean =>
  head.value(UPGRADE).toLowerCase() === 'websocket' &&
  head.method === 'GET' &&
  head.minor === 1 &&
  !head.isChunked &&
  head.contentLength <= 0;

const BAD_TARGET: HeadError = { status: 400, details: 'http1.codec_error' };
const HEADER_TIMEOUT: HeadError = { status: 408, details: 'request_header_timeout' };
