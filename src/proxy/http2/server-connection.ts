/** A client's HTTP/2 connection: every stream a request with an exchange of its own. */
import { Head, type HeadError, MAX_HEAD_BYTES } from '../http1/head.ts';
import { HeaderEditor } from '../http1/header-editor.ts';
import { idOf } from '../http1/header-names.ts';
import { parseRequestHead } from '../http1/parse-head.ts';
import { RequestView } from '../http1/request-view.ts';
import type { Link } from '../link.ts';
import type { Member } from '../proxy-state.ts';
import {
  type DownstreamStream,
  noBytes,
  type RequestHandler,
  type RequestSink,
  type ResponseStart,
} from '../stream.ts';
import { Connection, type ConnectionSide } from './connection.ts';
import {
  headerFrames,
  INITIAL_WINDOW_SIZE,
  INTERNAL_ERROR,
  MAX_CONCURRENT_STREAMS,
  PREFACE,
  PROTOCOL_ERROR,
  REFUSED_STREAM,
  settingsFrame,
} from './frames.ts';
import { blockOfLines, requestText } from './header-lines.ts';
import { encodeField, type Fields } from './hpack.ts';
import { STREAM_WINDOW, type StreamEvents, type StreamFlow } from './stream-flow.ts';

const MAX_STREAMS = 1_024;
/** As Envoy: clients of gRPC keep connections for long. */
const IDLE_TIMEOUT_MS = 3_600_000;
const EXPECT = idOf('expect');
const TE = idOf('te');

const GREETING = settingsFrame(MAX_CONCURRENT_STREAMS, MAX_STREAMS, INITIAL_WINDOW_SIZE, STREAM_WINDOW);

export class Http2ServerConnection implements ConnectionSide, Member {
  readonly connection: Connection;
  private readonly handler: RequestHandler;
  private deadlineMs: number;
  private isDraining = false;

  constructor(link: Link, handler: RequestHandler, nowMs: number) {
    this.handler = handler;
    this.deadlineMs = nowMs + IDLE_TIMEOUT_MS;
    this.connection = new Connection(link, this, PREFACE, GREETING, MAX_HEAD_BYTES);
  }

  accept(id: number): StreamFlow | undefined {
    const { connection } = this;
    if (this.isDraining || connection.streams.size >= MAX_STREAMS) {
      connection.reset(id, REFUSED_STREAM);
      return undefined;
    }
    const flow = connection.open(id);
    flow.events = new ServerStream(flow, connection, this.handler);
    return flow;
  }

  onSettings(): void {}

  onGoAway(): void {}

  onIdle(): void {
    if (this.isDraining) this.connection.link.end();
  }

  onGone(): void {
    this.handler.onConnectionGone(this);
  }

  drain(): void {
    if (this.isDraining) return;
    this.isDraining = true;
    this.connection.announceEnd();
    if (this.connection.streams.size === 0) this.connection.link.end();
  }

  destroy(): void {
    this.connection.link.destroy();
  }

  sweep(nowMs: number): void {
    this.connection.sweep();
    if (this.connection.streams.size > 0) this.deadlineMs = nowMs + IDLE_TIMEOUT_MS;
    else if (nowMs > this.deadlineMs) this.drain();
  }
}

class ServerStream implements DownstreamStream, StreamEvents {
  readonly head = new Head();
  readonly request = new RequestView(this.head);
  readonly editor = new HeaderEditor(this.head);
  readonly protocol = 'HTTP/2';
  readonly passesChunks = false;
  readonly framesBody = false;
  readonly isUpgrade = false;
  requestBytes = 0;

  private readonly flow: StreamFlow;
  private readonly connection: Connection;
  private readonly handler: RequestHandler;
  private sink: RequestSink | undefined = undefined;
  private hasHead = false;

  constructor(flow: StreamFlow, connection: Connection, handler: RequestHandler) {
    this.flow = flow;
    this.connection = connection;
    this.handler = handler;
  }

  // ---- the request

  onFields(fields: Fields, isEnd: boolean): void {
    if (!this.hasHead) this.readHead(fields, isEnd);
    else if (!isEnd) this.flow.fail(PROTOCOL_ERROR);
    // Trailers of a request end it, and are not passed on.
    else this.endRequest(noBytes, 0, 0);
  }

  private readHead(fields: Fields, isEnd: boolean): void {
    this.hasHead = true;
    const { head, request, flow } = this;
    const composed = requestText(fields);
    if (composed === undefined) {
      flow.fail(PROTOCOL_ERROR);
      return;
    }
    const bytes = Buffer.from(composed.text, 'latin1');
    const after = parseRequestHead(bytes, 0, bytes.length, head);
    if (after <= 0) request.clear();
    if (after <= 0 || !request.read()) {
      this.handler.onRefused(this, head.error === undefined ? BAD_TARGET : ofHttp2(head.error));
      return;
    }
    if (isEnd && head.contentLength > 0) {
      flow.fail(PROTOCOL_ERROR);
      return;
    }
    // It means the same between all hops here: that trailers are welcome.
    if ((head.first[TE] ?? -1) >= 0) head.isDropped[head.first[TE] ?? 0] = 0;
    head.isChunked = !isEnd && head.contentLength < 0;
    const sink = this.handler.onRequest(this);
    this.sink = sink;
    sink.begin(noBytes, 0, 0, isEnd);
    // Envoy answers the expectation itself, as soon as somebody is there to take the body.
    if (!isEnd && this.sink === sink && head.has(EXPECT)) {
      this.connection.write(headerFrames(encodeField(':status', '100'), flow.id, 0));
    }
  }

  onData(bytes: Buffer, start: number, end: number, isEnd: boolean): void {
    this.requestBytes += end - start;
    const { contentLength } = this.head;
    if (contentLength >= 0 && this.requestBytes > contentLength) this.flow.fail(PROTOCOL_ERROR);
    else if (isEnd) this.endRequest(bytes, start, end);
    else if (end > start) this.sink?.onRequestBody(bytes, start, end, false);
  }

  private endRequest(bytes: Buffer, start: number, end: number): void {
    const { contentLength } = this.head;
    if (contentLength >= 0 && this.requestBytes !== contentLength) this.flow.fail(PROTOCOL_ERROR);
    else this.sink?.onRequestBody(bytes, start, end, true);
  }

  onReset(code: number): void {
    const { sink } = this;
    this.sink = undefined;
    sink?.onDownstreamGone(code >= 0);
  }

  onWritable(): void {
    this.sink?.onDownstreamDrain();
  }

  pauseRequest(): void {
    this.flow.pause();
  }

  resumeRequest(): void {
    this.flow.resume();
  }

  // ---- the response

  sendHead({ status, lines, isBodiless, isEmpty }: ResponseStart, bytes: Buffer, start: number, end: number): boolean {
    const block = encodeField(':status', String(status)) + blockOfLines(lines);
    // The answer is whole: whatever the client still sends is not wanted.
    return this.flow.sendHead(block, isBodiless || isEmpty, bytes, start, end);
  }

  sendBody(bytes: Buffer, start: number, end: number): boolean {
    return this.flow.send(bytes, start, end);
  }

  endBody(trailers: string): void {
    this.sink = undefined;
    this.flow.endEarly(trailers === '' ? '' : blockOfLines(trailers));
  }

  abort(): void {
    this.sink = undefined;
    this.flow.reset(INTERNAL_ERROR);
  }
}

const BAD_TARGET: HeadError = { status: 400, details: 'http2.invalid.header.field' };

const ofHttp2 = ({ status, details }: HeadError): HeadError => ({
  status,
  details: details.replace('http1.', 'http2.'),
});
