import type { Socket } from 'node:net';
import type { Place } from '../place.ts';
import type { Member, ProxyState } from '../proxy-state.ts';
import { tcpRecord } from '../tcp/tunnel.ts';

/** Until the first byte: a client that says nothing is no use. */
const FIRST_BYTE_TIMEOUT_MS = 60_000;

/** Looks at everything received so far; answers what to do with the socket, or undefined when that is not enough. */
export type Choose = (bytes: Buffer) => (() => void) | undefined;

/** Reads a socket just far enough to know what it is. It stays an unread socket, so that TLS can still wrap it. */
export const awaitFirstByte = (state: ProxyState, socket: Socket, choose: Choose): void => {
  state.add(new FirstByte(state, socket, choose));
};

/** No filter chain takes the connection: it is reset, and its record says so. */
export const refuse = (state: ProxyState, place: Place, socket: Socket): void => {
  const record = tcpRecord(state.tables, place, state.clock.nowMs());
  state.onRecord({ ...record, flags: 'NR', details: 'filter_chain_not_found' });
  socket.resetAndDestroy();
};

class FirstByte implements Member {
  private readonly state: ProxyState;
  private readonly socket: Socket;
  private readonly choose: Choose;
  private readonly deadlineMs: number;
  private bytes: Buffer = Buffer.alloc(0);

  constructor(state: ProxyState, socket: Socket, choose: Choose) {
    this.state = state;
    this.socket = socket;
    this.choose = choose;
    this.deadlineMs = state.clock.monotonicMs() + FIRST_BYTE_TIMEOUT_MS;
    socket.on('data', this.onData);
    socket.on('error', ignore);
    socket.on('close', this.onClose);
    socket.on('end', this.onEnd);
    socket.resume();
  }

  private readonly onData = (bytes: Buffer): void => {
    this.bytes = this.bytes.length === 0 ? bytes : Buffer.concat([this.bytes, bytes]);
    const proceed = this.choose(this.bytes);
    if (proceed === undefined) return;
    const { state, socket } = this;
    socket.pause();
    socket.off('data', this.onData);
    socket.off('close', this.onClose);
    socket.off('end', this.onEnd);
    proceed();
    state.remove(this);
  };

  private readonly onEnd = (): void => {
    this.socket.destroy();
  };

  private readonly onClose = (): void => this.state.remove(this);

  drain(): void {
    this.socket.destroy();
  }

  destroy(): void {
    this.socket.destroy();
  }

  sweep(nowMs: number): void {
    if (nowMs > this.deadlineMs) this.socket.destroy();
  }
}

const ignore = (): void => {};
