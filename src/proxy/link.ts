/**
 * One socket as the codecs see it: bytes in by callback, bytes out with back-pressure, no streams in between.
 * Where it can, it reads through `onread` into one buffer that all sockets share, which spares an allocation and the
 * Readable machinery per read; the fallback is plain `data` events. Either way bytes are valid during the call only.
 */
import { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

export interface LinkOwner {
  onBytes(bytes: Buffer, start: number, end: number): void;
  /** The peer will send nothing more; it may still read. */
  onEnd(): void;
  /** What was written has left; write on. */
  onDrain(): void;
  /** The socket is gone, whoever closed it. Called once, last. */
  onGone(error: Error | undefined): void;
}

const SHARED_BYTES = 64 * 1024;
/** Below this a body is cheaper to append to its head as text than to write by itself. */
const INLINE_BYTES = 2048;
const HEAD_ROOM = 16 * 1024;

const sharedBuffer = Buffer.allocUnsafeSlow(SHARED_BYTES);
let scratch = Buffer.allocUnsafeSlow(SHARED_BYTES + HEAD_ROOM);

const idleOwner: LinkOwner = { onBytes: () => {}, onEnd: () => {}, onDrain: () => {}, onGone: () => {} };

export class Link {
  readonly socket: Socket;
  owner: LinkOwner = idleOwner;
  isGone = false;
  /** The peer reads slower than we write: stop reading from the other side until `onDrain`. */
  isBlocked = false;
  isPaused = false;
  private error: Error | undefined = undefined;

  constructor(socket: Socket, readsByEvent: boolean) {
    this.socket = socket;
    socket.on('error', (error) => {
      this.error = error;
    });
    socket.on('close', () => {
      if (this.isGone) return;
      this.isGone = true;
      this.owner.onGone(this.error);
    });
    socket.on('end', () => {
      if (!this.isGone) this.owner.onEnd();
    });
    socket.on('drain', () => {
      this.isBlocked = false;
      if (!this.isGone) this.owner.onDrain();
    });
    if (readsByEvent) socket.on('data', (bytes: Buffer) => this.receive(bytes, bytes.length));
  }

  receive(bytes: Buffer, length: number): void {
    if (!this.isGone) this.owner.onBytes(bytes, 0, length);
  }

  /** Writes latin1 text; false = stop until `onDrain`. */
  writeText(text: string): boolean {
    if (this.isGone) return true;
    if (!this.socket.write(text, 'latin1')) this.isBlocked = true;
    return !this.isBlocked;
  }

  /** Writes a head (may be empty) and the bytes after it in one piece. The bytes may be reused after the call. */
  write(head: string, bytes: Buffer, start: number, end: number): boolean {
    if (this.isGone) return true;
    const length = end - start;
    if (length === 0) return head === '' ? !this.isBlocked : this.writeText(head);
    if (length <= INLINE_BYTES && head !== '') return this.writeText(head + bytes.toString('latin1', start, end));
    if (head.length + length > scratch.length) {
      if (head !== '') this.writeText(head);
      return this.writeCopy(Buffer.from(bytes.subarray(start, end)));
    }
    if (head !== '') scratch.write(head, 'latin1');
    bytes.copy(scratch, head.length, start, end);
    const isFlowing = this.writeCopy(scratch.subarray(0, head.length + length));
    // The kernel did not take all of it at once: the socket keeps the memory until it does.
    if (this.socket.writableLength > 0) scratch = Buffer.allocUnsafeSlow(SHARED_BYTES + HEAD_ROOM);
    return isFlowing;
  }

  private writeCopy(bytes: Buffer): boolean {
    if (!this.socket.write(bytes)) this.isBlocked = true;
    return !this.isBlocked;
  }

  pause(): void {
    this.isPaused = true;
    if (!this.isGone) this.socket.pause();
  }

  resume(): void {
    this.isPaused = false;
    if (!this.isGone) this.socket.resume();
  }

  /** Sends what was written, then FIN. */
  end(): void {
    if (!this.isGone) this.socket.end();
  }

  /** Closes at once; the owner hears of it by `onGone`. */
  destroy(): void {
    this.socket.destroy();
  }

  /** Closes with RST, so that the peer cannot take it for an orderly end. */
  reset(): void {
    // Only TCP sockets can (a TLS peer sees the missing close_notify), and only before FIN: libuv refuses to reset after.
    if (this.socket instanceof TLSSocket || this.socket.writableEnded) this.socket.destroy();
    else this.socket.resetAndDestroy();
  }
}

/** A link over any socket, reading by `data` events (TLS sockets of the server side, and wherever onread is not to be had). */
export const linkByEvents = (socket: Socket): Link => new Link(socket, true);

/**
 * Options that make `net.connect` or `tls.connect` read into the shared buffer, and the link to bind to the socket
 * they return.
 */
export const onreadFor = (holder: { link: Link | undefined }) => ({
  buffer: sharedBuffer,
  callback: (length: number): boolean => {
    holder.link?.receive(sharedBuffer, length);
    return true;
  },
});

/**
 * A link over an accepted socket that nothing has read from. The server API has no `onread`, so the handle moves to a
 * new socket that has; should Node's internals ever differ, the link reads by events instead.
 */
export const linkAccepted = (accepted: Socket): Link => {
  const handle: unknown = Reflect.get(accepted, '_handle');
  if (!canShareReads || handle === null || handle === undefined) return linkByEvents(accepted);
  Reflect.set(accepted, '_handle', null);
  // Without a handle this closes nothing; it only takes the socket off the server's books.
  accepted.destroy();
  const holder: { link: Link | undefined } = { link: undefined };
  const options = { handle, allowHalfOpen: true, pauseOnCreate: true, onread: onreadFor(holder) };
  const socket: Socket = Reflect.construct(Socket, [options]);
  const link = new Link(socket, false);
  holder.link = link;
  return link;
};

/** Whether sockets take a foreign handle and read from it into our buffer; found out once. */
const canShareReads = ((): boolean => {
  try {
    let isAsked = false;
    const handle = {
      readStart: () => 0,
      readStop: () => 0,
      close: () => {},
      getAsyncId: () => 1,
      useUserBuffer: () => {
        isAsked = true;
      },
    };
    const options = { handle, pauseOnCreate: true, onread: { buffer: Buffer.alloc(1), callback: () => true } };
    const socket: Socket = Reflect.construct(Socket, [options]);
    socket.destroy();
    return isAsked;
  } catch {
    return false;
  }
})();
