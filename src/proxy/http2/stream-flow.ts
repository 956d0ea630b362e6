import { ByteStash } from '../byte-stash.ts';
import type { Connection } from './connection.ts';
import {
  DATA,
  END_STREAM,
  FLOW_CONTROL_ERROR,
  frameHeader,
  headerFrames,
  MAX_WINDOW,
  NO_ERROR,
  windowUpdate,
} from './frames.ts';
import type { Fields } from './hpack.ts';

/** What a stream's user hears from its peer. */
export interface StreamEvents {
  /** A header block: of the message's head, of an interim response, or its trailers. */
  onFields(fields: Fields, isEnd: boolean): void;
  onData(bytes: Buffer, start: number, end: number, isEnd: boolean): void;
  /** The stream is over before both sides ended it. `code` is the peer's, or why the connection is gone. */
  onReset(code: number): void;
  /** What was sent has left: send on. */
  onWritable(): void;
}

/** In place of a peer's code: the connection closed. */
export const GONE = -1;
/** The same: the peer broke the protocol. */
export const BROKEN = -2;

/** How much a peer may send before it hears that some was taken. */
export const STREAM_WINDOW = 131_072;

/** One stream as flow control sees it: what may be sent, what waits to be sent, what was received and not yet taken. */
export class StreamFlow {
  readonly id: number;
  events: StreamEvents | undefined = undefined;
  /** Both are false once the stream is over. */
  isLocalOpen = true;
  isRemoteOpen = true;
  private readonly connection: Connection;
  private sendWindow: number;
  private receiveWindow = STREAM_WINDOW;
  private taken = 0;
  private readonly unsent = new ByteStash();
  private readonly untaken = new ByteStash();
  private isPaused = false;
  private isUntakenEnd = false;
  private untakenTrailers: Fields | undefined = undefined;
  private isEnding = false;
  private trailers = '';
  private isWaiting = false;
  private isRestUnwanted = false;

  constructor(connection: Connection, id: number, sendWindow: number) {
    this.connection = connection;
    this.id = id;
    this.sendWindow = sendWindow;
  }

  // ---- sending

  /** Sends a header block, and with it the first bytes of the body; false = stop until `onWritable`. */
  sendHead(block: string, isEnd: boolean, bytes: Buffer, start: number, end: number): boolean {
    const frames = headerFrames(block, this.id, isEnd ? END_STREAM : 0);
    if (isEnd) {
      this.connection.write(frames);
      this.endLocal();
      return true;
    }
    return this.sendData(frames, bytes, start, end, false);
  }

  /** False = stop until `onWritable`. */
  send(bytes: Buffer, start: number, end: number): boolean {
    return this.sendData('', bytes, start, end, false);
  }

  /** Ends this side, with a block of trailers unless it is empty. */
  end(trailers: string): void {
    if (!this.isLocalOpen || this.isEnding) return;
    this.isEnding = true;
    this.trailers = trailers;
    if (this.unsent.length === 0) this.sendEnd();
  }

  /** Ends this side; the peer need not go on with its own (RFC 9113 8.1). */
  endEarly(trailers: string): void {
    this.isRestUnwanted = true;
    if (this.isLocalOpen) this.end(trailers);
    else if (this.isRemoteOpen) this.reset(NO_ERROR);
  }

  /** Gives the stream up; its user hears nothing more. */
  reset(code: number): void {
    if (!this.isLocalOpen && !this.isRemoteOpen) return;
    this.events = undefined;
    this.connection.reset(this.id, code);
    this.close();
  }

  private sendData(before: string, bytes: Buffer, start: number, end: number, isLast: boolean): boolean {
    const { connection } = this;
    let frames = before;
    let at = start;
    while (at < end && this.unsent.length === 0) {
      const length = Math.min(end - at, connection.peerFrameBytes, this.sendWindow, connection.sendWindow);
      if (length <= 0) break;
      this.sendWindow -= length;
      connection.sendWindow -= length;
      const isEnd = isLast && at + length === end;
      connection.writeWith(frames + frameHeader(length, DATA, isEnd ? END_STREAM : 0, this.id), bytes, at, at + length);
      frames = '';
      at += length;
    }
    if (frames !== '') connection.write(frames);
    if (at < end) {
      this.unsent.append(bytes, at, end);
      connection.await(this);
    }
    const isFlowing = this.unsent.length === 0 && !connection.link.isBlocked;
    if (!isFlowing) this.isWaiting = true;
    return isFlowing;
  }

  private sendEnd(): void {
    const { trailers, connection, id } = this;
    connection.write(trailers === '' ? frameHeader(0, DATA, END_STREAM, id) : headerFrames(trailers, id, END_STREAM));
    this.endLocal();
  }

  /** The peer or the socket has room again. */
  flush(): void {
    if (this.unsent.length > 0) {
      const bytes = this.unsent.take();
      const isLast = this.isEnding && this.trailers === '';
      this.sendData('', bytes, 0, bytes.length, isLast);
      if (this.unsent.length > 0) return;
      if (isLast) this.endLocal();
      else if (this.isEnding) this.sendEnd();
    }
    if (!this.isWaiting || this.connection.link.isBlocked) return;
    this.isWaiting = false;
    this.events?.onWritable();
  }

  /** False when the window outgrows what it may be. */
  widen(bytes: number): boolean {
    this.sendWindow += bytes;
    return this.sendWindow <= MAX_WINDOW;
  }

  // ---- receiving

  receiveFields(fields: Fields, isEnd: boolean): void {
    if (this.isPaused && this.untaken.length > 0) {
      this.isUntakenEnd = isEnd;
      this.untakenTrailers = fields;
      if (isEnd) this.isRemoteOpen = false;
      return;
    }
    if (isEnd) this.isRemoteOpen = false;
    this.events?.onFields(fields, isEnd);
    this.finish();
  }

  receiveData(bytes: Buffer, start: number, end: number, isEnd: boolean, padding: number): void {
    this.receiveWindow -= end - start + padding;
    if (this.receiveWindow < 0) {
      this.fail(FLOW_CONTROL_ERROR);
      return;
    }
    this.taken += padding;
    if (isEnd) this.isRemoteOpen = false;
    if (this.isPaused) {
      this.untaken.append(bytes, start, end);
      this.isUntakenEnd = isEnd;
      return;
    }
    this.take(bytes, start, end, isEnd);
    this.finish();
  }

  private take(bytes: Buffer, start: number, end: number, isEnd: boolean): void {
    this.taken += end - start;
    this.events?.onData(bytes, start, end, isEnd);
    this.credit();
  }

  private credit(): void {
    if (!this.isRemoteOpen || this.isPaused || this.taken < STREAM_WINDOW / 2) return;
    this.connection.write(windowUpdate(this.id, this.taken));
    this.receiveWindow += this.taken;
    this.taken = 0;
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    if (!this.isPaused) return;
    this.isPaused = false;
    if (this.untaken.length > 0 || this.isUntakenEnd) {
      const { isUntakenEnd, untakenTrailers } = this;
      const bytes = this.untaken.take();
      this.isUntakenEnd = false;
      this.untakenTrailers = undefined;
      this.take(bytes, 0, bytes.length, isUntakenEnd && untakenTrailers === undefined);
      if (untakenTrailers !== undefined) this.events?.onFields(untakenTrailers, isUntakenEnd);
      this.finish();
    } else this.credit();
  }

  // ---- the end

  /** The peer, or its connection, gave the stream up. */
  onReset(code: number): void {
    const { events } = this;
    if (code === NO_ERROR && !this.isRemoteOpen) {
      // Its message is whole; it only wants no more of ours.
      this.unsent.take();
      this.endLocal();
      return;
    }
    this.events = undefined;
    this.close();
    events?.onReset(code);
  }

  /** The peer broke the protocol: tells it, and the stream's user. */
  fail(code: number): void {
    this.connection.reset(this.id, code);
    this.onReset(code);
  }

  private endLocal(): void {
    this.isLocalOpen = false;
    if (this.isRestUnwanted && this.isRemoteOpen) this.reset(NO_ERROR);
    else this.finish();
  }

  /** Over, and everything has been taken? */
  private finish(): void {
    if (!this.isLocalOpen && !this.isRemoteOpen) this.connection.forget(this);
  }

  private close(): void {
    this.isLocalOpen = false;
    this.isRemoteOpen = false;
    this.unsent.take();
    this.untaken.take();
    this.connection.forget(this);
  }
}
