/**
 * An HTTP/2 connection, either end of it: frames in order, header blocks, settings, windows of the connection, and what
 * a peer may not do too often. Streams keep their own state; whoever uses them is told through StreamEvents.
 */
import { ByteStash } from '../byte-stash.ts';
import type { Link, LinkOwner } from '../link.ts';
import {
  ACK,
  COMPRESSION_ERROR,
  CONTINUATION,
  DATA,
  DEFAULT_WINDOW,
  ENABLE_PUSH,
  END_HEADERS,
  END_STREAM,
  ENHANCE_YOUR_CALM,
  FLOW_CONTROL_ERROR,
  FRAME_BYTES,
  FRAME_HEADER_BYTES,
  FRAME_SIZE_ERROR,
  frameHeader,
  GOAWAY,
  goAway,
  HEADERS,
  INITIAL_WINDOW_SIZE,
  MAX_CONCURRENT_STREAMS,
  MAX_FRAME_SIZE,
  MAX_WINDOW,
  NO_ERROR,
  PADDED,
  PING,
  PRIORITIZED,
  PRIORITY,
  PROTOCOL_ERROR,
  PUSH_PROMISE,
  RST_STREAM,
  resetFrame,
  SETTINGS,
  STREAM_CLOSED,
  settingsAck,
  WINDOW_UPDATE,
  windowUpdate,
} from './frames.ts';
import { type Fields, HpackDecoder } from './hpack.ts';
import { BROKEN, GONE, StreamFlow } from './stream-flow.ts';

/** Received on all streams together before more is asked for. */
const CONNECTION_WINDOW = 1_048_576;
/** Coded bytes of one header block, CONTINUATION frames included: no acceptable head is near it. */
const MAX_BLOCK_BYTES = 256 * 1024;
/** Frames of a second that carry nothing: settings, pings, priorities, resets, empty data. */
const MAX_IDLE_FRAMES = 1_000;
/** Streams given up whose late frames are ignored. */
const MAX_REMEMBERED = 1_000;
/** Streams of a second that the peer gives up again. */
const MAX_RESETS = 200;

/** The side of a connection that opens or answers streams. */
export interface ConnectionSide {
  /** A peer's stream begins; undefined refuses it. The side has been told its id. */
  accept(id: number): StreamFlow | undefined;
  /** The peer's settings changed. */
  onSettings(): void;
  /** The peer takes no streams above `lastStream` any more. */
  onGoAway(lastStream: number): void;
  /** The last stream is over. */
  onIdle(): void;
  onGone(error: Error | undefined): void;
}

export class Connection implements LinkOwner {
  readonly link: Link;
  readonly streams = new Map<number, StreamFlow>();
  sendWindow = DEFAULT_WINDOW;
  peerFrameBytes = FRAME_BYTES;
  peerMaxStreams = Number.POSITIVE_INFINITY;
  /** Highest id of a stream that the peer began. */
  lastAccepted = 0;
  isClosing = false;

  private readonly side: ConnectionSide;
  private readonly isServer: boolean;
  private readonly decoder: HpackDecoder;
  private readonly stash = new ByteStash();
  private readonly block = new ByteStash();
  private readonly waiting = new Set<StreamFlow>();
  private preface: string;
  private peerWindow = DEFAULT_WINDOW;
  private received = 0;
  private hasSettings = false;
  /** The stream whose header block is under way; 0 = none. */
  private blockStream = 0;
  private isBlockEnd = false;
  /** Streams that this side gave up lately. */
  private readonly resetHere = new Set<number>();
  private idleFrames = 0;
  private resets = 0;

  /** `preface` is what the peer says before its first frame, `greeting` what this side says first. */
  constructor(link: Link, side: ConnectionSide, preface: string, greeting: string, maxListBytes: number) {
    this.link = link;
    this.side = side;
    this.isServer = preface !== '';
    this.preface = preface;
    this.decoder = new HpackDecoder(maxListBytes);
    link.owner = this;
    this.write(greeting + windowUpdate(0, CONNECTION_WINDOW - DEFAULT_WINDOW));
  }

  // ---- writing

  write(frames: string): void {
    this.link.writeText(frames);
  }

  writeWith(frames: string, bytes: Buffer, start: number, end: number): void {
    this.link.write(frames, bytes, start, end);
  }

  /** Gives a stream up for good; what its peer still sends of it is ignored. */
  reset(id: number, code: number): void {
    if (this.resetHere.size >= MAX_REMEMBERED) this.resetHere.clear();
    this.resetHere.add(id);
    this.write(resetFrame(id, code));
  }

  /** A stream of this connection, from either side. */
  open(id: number): StreamFlow {
    const stream = new StreamFlow(this, id, this.peerWindow);
    this.streams.set(id, stream);
    return stream;
  }

  /** Has the stream flushed when the connection's window is wide again. */
  await(stream: StreamFlow): void {
    this.waiting.add(stream);
  }

  forget(stream: StreamFlow): void {
    this.waiting.delete(stream);
    if (this.streams.delete(stream.id) && this.streams.size === 0) this.side.onIdle();
  }

  /** Ends the connection for a breach of the protocol, or with NO_ERROR. */
  fail(code: number): void {
    if (this.isClosing) return;
    this.isClosing = true;
    this.write(goAway(this.lastAccepted, code));
    const why = code === NO_ERROR ? GONE : BROKEN;
    for (const stream of [...this.streams.values()]) stream.onReset(why);
    this.link.end();
    // Nothing more is read, so a peer that does not close is closed on.
    this.link.socket.setTimeout(1_000, () => this.link.destroy());
  }

  /** About once a second. */
  sweep(): void {
    if (this.link.isBlocked) return;
    this.idleFrames = 0;
    this.resets = 0;
  }

  // ---- reading

  onBytes(received: Buffer, from: number, to: number): void {
    let [bytes, start, end] = [received, from, to];
    if (this.isClosing) return;
    if (this.stash.length > 0) {
      this.stash.append(bytes, start, end);
      bytes = this.stash.take();
      [start, end] = [0, bytes.length];
    }
    if (this.preface !== '') {
      const length = Math.min(this.preface.length, end - start);
      if (bytes.toString('latin1', start, start + length) !== this.preface.slice(0, length)) {
        this.fail(PROTOCOL_ERROR);
        return;
      }
      this.preface = this.preface.slice(length);
      start += length;
    }
    while (end - start >= FRAME_HEADER_BYTES && !this.isClosing) {
      const length = bytes.readUIntBE(start, 3);
      if (length > FRAME_BYTES) {
        this.fail(FRAME_SIZE_ERROR);
        return;
      }
      const after = start + FRAME_HEADER_BYTES + length;
      if (after > end) break;
      const stream = bytes.readUInt32BE(start + 5) & 0x7f_ff_ff_ff;
      this.readFrame(bytes[start + 3] ?? 0, bytes[start + 4] ?? 0, stream, bytes, start + FRAME_HEADER_BYTES, after);
      start = after;
    }
    if (start < end && !this.isClosing) this.stash.append(bytes, start, end);
  }

  private readFrame(type: number, flags: number, id: number, bytes: Buffer, start: number, end: number): void {
    if (this.blockStream !== 0 && (type !== CONTINUATION || id !== this.blockStream)) this.fail(PROTOCOL_ERROR);
    else if (!this.hasSettings && (type !== SETTINGS || (flags & ACK) !== 0)) this.fail(PROTOCOL_ERROR);
    else {
      switch (type) {
        case DATA:
          this.readData(flags, id, bytes, start, end);
          return;
        case HEADERS:
          this.readHeaders(flags, id, bytes, start, end);
          return;
        case CONTINUATION:
          if (this.blockStream === 0) this.fail(PROTOCOL_ERROR);
          else this.readBlock(flags, bytes, start, end);
          return;
        case RST_STREAM:
          this.readReset(id, bytes, start, end);
          return;
        case SETTINGS:
          this.readSettings(flags, id, bytes, start, end);
          return;
        case PING:
          this.readPing(flags, id, bytes, start, end);
          return;
        case GOAWAY:
          if (id !== 0) this.fail(PROTOCOL_ERROR);
          else if (end - start < 8) this.fail(FRAME_SIZE_ERROR);
          else this.side.onGoAway(bytes.readUInt32BE(start) & 0x7f_ff_ff_ff);
          return;
        case WINDOW_UPDATE:
          this.readWindow(id, bytes, start, end);
          return;
        case PRIORITY:
          if (id === 0) this.fail(PROTOCOL_ERROR);
          else if (end - start !== 5) this.resetStream(id, FRAME_SIZE_ERROR);
          else if (bytes.readUInt32BE(start) % 0x80_00_00_00 === id) this.resetStream(id, PROTOCOL_ERROR);
          else this.countIdle();
          return;
        case PUSH_PROMISE:
          this.fail(PROTOCOL_ERROR);
          return;
        default:
          // RFC 9113 5.5: unknown frames are ignored, and cost nobody for long.
          this.countIdle();
      }
    }
  }

  private countIdle(): void {
    this.idleFrames += 1;
    if (this.idleFrames > MAX_IDLE_FRAMES) this.fail(ENHANCE_YOUR_CALM);
  }

  private countReset(): void {
    this.resets += 1;
    if (this.resets > MAX_RESETS) this.fail(ENHANCE_YOUR_CALM);
  }

  private resetStream(id: number, code: number): void {
    const stream = this.streams.get(id);
    if (stream !== undefined) stream.fail(code);
    else this.reset(id, code);
    this.countReset();
  }

  /** Whether no stream of this id has been yet: to speak of it is a breach. */
  private isIdle(id: number): boolean {
    const isPeers = (id & 1) === (this.isServer ? 1 : 0);
    return isPeers ? id > this.lastAccepted : id >= this.nextOwn;
  }

  /** The id of the next stream that this side begins. */
  nextOwn = 1;

  /** Where the padding of a frame begins; -1 when it is longer than the frame. */
  private paddingStart(flags: number, bytes: Buffer, start: number, end: number): number {
    if ((flags & PADDED) === 0) return end;
    const padding = bytes[start] ?? 0;
    return end > start && padding < end - start ? end - padding : -1;
  }

  private readData(flags: number, id: number, bytes: Buffer, start: number, end: number): void {
    const until = this.paddingStart(flags, bytes, start, end);
    if (id === 0 || until < 0 || this.isIdle(id)) {
      this.fail(PROTOCOL_ERROR);
      return;
    }
    const from = (flags & PADDED) === 0 ? start : start + 1;
    const isEnd = (flags & END_STREAM) !== 0;
    if (from === until && !isEnd) this.countIdle();
    // Streams hold what they have not taken back by their own windows.
    this.received += end - start;
    if (this.received >= CONNECTION_WINDOW / 2) {
      this.write(windowUpdate(0, this.received));
      this.received = 0;
    }
    const stream = this.streams.get(id);
    if (stream?.isRemoteOpen === true) stream.receiveData(bytes, from, until, isEnd, end - start - (until - from));
    else if (stream !== undefined) this.resetStream(id, STREAM_CLOSED);
    // A stream that was reset here is over without the peer knowing yet.
    else if (!this.resetHere.has(id)) this.resetStream(id, STREAM_CLOSED);
  }

  private readHeaders(flags: number, id: number, bytes: Buffer, start: number, end: number): void {
    const until = this.paddingStart(flags, bytes, start, end);
    let from = (flags & PADDED) === 0 ? start : start + 1;
    if (id === 0 || until < 0) {
      this.fail(PROTOCOL_ERROR);
      return;
    }
    if ((flags & PRIORITIZED) !== 0) {
      if (until - from < 5 || (bytes.readUInt32BE(from) & 0x7f_ff_ff_ff) === id) {
        this.fail(PROTOCOL_ERROR);
        return;
      }
      from += 5;
    }
    if (!this.streams.has(id) && (this.isServer ? id % 2 === 0 || id <= this.lastAccepted : this.isIdle(id))) {
      this.fail(this.isServer && id % 2 === 1 ? STREAM_CLOSED : PROTOCOL_ERROR);
      return;
    }
    this.blockStream = id;
    this.isBlockEnd = (flags & END_STREAM) !== 0;
    this.readBlock(flags, bytes, from, until);
  }

  private readBlock(flags: number, bytes: Buffer, start: number, end: number): void {
    const isWhole = (flags & END_HEADERS) !== 0;
    if (isWhole && this.block.length === 0) {
      this.endBlock(bytes.subarray(start, end));
      return;
    }
    if (start === end) this.countIdle();
    this.block.append(bytes, start, end);
    if (this.block.length > MAX_BLOCK_BYTES) this.fail(ENHANCE_YOUR_CALM);
    else if (isWhole) this.endBlock(this.block.take());
  }

  private endBlock(block: Buffer): void {
    const id = this.blockStream;
    this.blockStream = 0;
    const fields = this.decoder.decode(block);
    if (fields === undefined) {
      this.fail(COMPRESSION_ERROR);
      return;
    }
    const known = this.streams.get(id);
    if (known !== undefined) this.receiveFields(known, fields);
    else if (this.isServer && id > this.lastAccepted) {
      this.lastAccepted = id;
      const stream = this.side.accept(id);
      if (stream !== undefined) this.receiveFields(stream, fields);
      else this.countReset();
    }
  }

  private receiveFields(stream: StreamFlow, fields: Fields): void {
    if (stream.isRemoteOpen) stream.receiveFields(fields, this.isBlockEnd);
    else this.resetStream(stream.id, STREAM_CLOSED);
  }

  private readReset(id: number, bytes: Buffer, start: number, end: number): void {
    if (id === 0 || this.isIdle(id)) this.fail(PROTOCOL_ERROR);
    else if (end - start !== 4) this.fail(FRAME_SIZE_ERROR);
    else {
      if (this.isServer) this.countReset();
      this.streams.get(id)?.onReset(bytes.readUInt32BE(start));
    }
  }

  private readSettings(flags: number, id: number, bytes: Buffer, start: number, end: number): void {
    if (id !== 0) this.fail(PROTOCOL_ERROR);
    else if ((end - start) % 6 !== 0 || ((flags & ACK) !== 0 && start !== end)) this.fail(FRAME_SIZE_ERROR);
    else if ((flags & ACK) === 0) {
      this.hasSettings = true;
      this.countIdle();
      for (let at = start; at < end; at += 6) {
        if (!this.applySetting(bytes.readUInt16BE(at), bytes.readUInt32BE(at + 2))) return;
      }
      this.write(settingsAck);
      this.side.onSettings();
    }
  }

  private applySetting(name: number, value: number): boolean {
    switch (name) {
      case MAX_CONCURRENT_STREAMS:
        this.peerMaxStreams = value;
        return true;
      case INITIAL_WINDOW_SIZE: {
        const change = value - this.peerWindow;
        const fits = value <= MAX_WINDOW && [...this.streams.values()].every((stream) => stream.widen(change));
        if (!fits) this.fail(FLOW_CONTROL_ERROR);
        this.peerWindow = value;
        if (fits && change > 0) this.flush();
        return fits;
      }
      case MAX_FRAME_SIZE:
        if (value < FRAME_BYTES || value > 0xff_ff_ff) this.fail(PROTOCOL_ERROR);
        // Bigger ones would only keep other streams waiting.
        return !this.isClosing;
      case ENABLE_PUSH:
        if (value > 1) this.fail(PROTOCOL_ERROR);
        return !this.isClosing;
      default:
        return true;
    }
  }

  private readPing(flags: number, id: number, bytes: Buffer, start: number, end: number): void {
    if (id !== 0) this.fail(PROTOCOL_ERROR);
    else if (end - start !== 8) this.fail(FRAME_SIZE_ERROR);
    else if ((flags & ACK) === 0) {
      this.countIdle();
      this.write(frameHeader(8, PING, ACK, 0) + bytes.toString('latin1', start, end));
    }
  }

  private readWindow(id: number, bytes: Buffer, start: number, end: number): void {
    if (end - start !== 4) {
      this.fail(FRAME_SIZE_ERROR);
      return;
    }
    const change = bytes.readUInt32BE(start) & 0x7f_ff_ff_ff;
    if (id === 0) {
      this.sendWindow += change;
      if (change === 0) this.fail(PROTOCOL_ERROR);
      else if (this.sendWindow > MAX_WINDOW) this.fail(FLOW_CONTROL_ERROR);
      else this.flush();
      return;
    }
    const stream = this.streams.get(id);
    if (this.isIdle(id)) this.fail(PROTOCOL_ERROR);
    else if (stream !== undefined) {
      if (change === 0) this.resetStream(id, PROTOCOL_ERROR);
      else if (stream.widen(change)) stream.flush();
      else this.resetStream(id, FLOW_CONTROL_ERROR);
    }
  }

  /** Those that wait for the window of the connection get what there is, in their order. */
  private flush(): void {
    for (const stream of [...this.waiting]) {
      this.waiting.delete(stream);
      stream.flush();
    }
  }

  // ---- the link

  onEnd(): void {
    this.link.destroy();
  }

  onDrain(): void {
    for (const stream of [...this.streams.values()]) stream.flush();
  }

  onGone(error: Error | undefined): void {
    this.isClosing = true;
    this.side.onGone(error);
    for (const stream of [...this.streams.values()]) stream.onReset(GONE);
  }

  /** The peer is told that no more streams are taken; those under way go on. */
  announceEnd(): void {
    if (!this.isClosing) this.write(goAway(this.lastAccepted, NO_ERROR));
  }
}
