import { ByteStash } from '../byte-stash.ts';
import type { Link, LinkOwner } from '../link.ts';
import type { Member, ProxyState } from '../proxy-state.ts';

/** How long a client may say nothing. */
const SILENCE_TIMEOUT_MS = 60_000;
/** How long its first bytes may take until they tell what it speaks, as for a request head. */
const DECISION_TIMEOUT_MS = 10_000;

/** Looks at everything received so far; true when it has taken the link over. */
export type Decide = (bytes: Buffer) => boolean;

/** Holds a link until its first bytes say what to do with it. */
export const awaitFirstBytes = (state: ProxyState, link: Link, decide: Decide, first: Buffer | undefined): void => {
  const waiting = new FirstBytes(state, link, decide);
  state.add(waiting);
  if (first !== undefined && first.length > 0) waiting.onBytes(first, 0, first.length);
  link.resume();
};

class FirstBytes implements LinkOwner, Member {
  private readonly state: ProxyState;
  private readonly link: Link;
  private readonly decide: Decide;
  private readonly stash = new ByteStash();
  private deadlineMs: number;

  constructor(state: ProxyState, link: Link, decide: Decide) {
    this.state = state;
    this.link = link;
    this.decide = decide;
    this.deadlineMs = state.clock.monotonicMs() + SILENCE_TIMEOUT_MS;
    link.owner = this;
  }

  onBytes(bytes: Buffer, start: number, end: number): void {
    if (this.stash.length === 0) this.deadlineMs = this.state.clock.monotonicMs() + DECISION_TIMEOUT_MS;
    this.stash.append(bytes, start, end);
    if (this.decide(this.stash.peek())) this.state.remove(this);
  }

  onEnd(): void {
    this.link.destroy();
  }

  onDrain(): void {}

  onGone(): void {
    this.state.remove(this);
  }

  drain(): void {
    this.link.destroy();
  }

  destroy(): void {
    this.link.destroy();
  }

  sweep(nowMs: number): void {
    if (nowMs > this.deadlineMs) this.link.destroy();
  }
}
