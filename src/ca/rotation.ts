import type { Clock, Random } from '../base/ports.ts';
import type { Authority } from './authority.ts';
import type { Identity } from './certificate.ts';

/** One-shot timers, so that tests can move time. */
interface Timers {
  /** Calls back once after the delay; the function that comes back cancels it. */
  after(delayMs: number, callback: () => void): () => void;
}

export interface IdentityKeeperOptions {
  readonly authority: Pick<Authority, 'identityFor'>;
  readonly clock: Clock;
  readonly random: Random;
  /** Default: the timers of the process, which do not keep it running. */
  readonly timers?: Timers;
  /** Told of every renewal that failed; the identity in use stays and the renewal is tried again. */
  readonly onFailure: (spiffeId: string, error: unknown) => void;
}

/** One workload's identity, renewed in time until closed. */
export interface KeptIdentity {
  current(): Identity;
  close(): void;
}

/** Keeps the identities of many workloads fresh with a single timer. */
export interface IdentityKeeper {
  /** Issues the first identity (a failure is thrown) and renews it from then on; `onRotate` gets each successor. */
  keep(spiffeId: string, onRotate: (identity: Identity) => void): Promise<KeptIdentity>;
  /** Stops all renewals; identities in use stay as they are. */
  close(): void;
}

interface Entry {
  readonly spiffeId: string;
  readonly onRotate: (identity: Identity) => void;
  identity: Identity;
  dueMs: number;
  failures: number;
}

// Between 40 and 48 % of the life: before half of it, as Istio's agent (SECRET_GRACE_PERIOD_RATIO 0.5), and workloads
// that started together do not renew together.
const EARLIEST_SHARE = 0.4;
const SHARE_SPREAD = 0.08;
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 5 * 60_000;
// Timers stand still while a laptop sleeps and the wall clock does not: look at it once a minute.
const MAX_WAIT_MS = 60_000;

/** Backoff after the nth failure in a row, jittered to 50-100 %, and short enough for several tries within a short life. */
const retryDelayMs = (failures: number, lifeMs: number, random: Random): number =>
  Math.min(FIRST_RETRY_MS * 2 ** (failures - 1), LAST_RETRY_MS, lifeMs / 16) * (0.5 + random() / 2);

const processTimers: Timers = {
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs).unref();
    return () => clearTimeout(timer);
  },
};

export const createIdentityKeeper = (options: IdentityKeeperOptions): IdentityKeeper => {
  const { authority, clock, random, onFailure, timers = processTimers } = options;
  const entries = new Set<Entry>();
  let cancelTimer = (): void => {};
  let isRenewing = false;
  let isClosed = false;

  const renewalMs = (identity: Identity, nowMs: number): number =>
    nowMs + (identity.certificate.notAfterMs - nowMs) * (EARLIEST_SHARE + SHARE_SPREAD * random());

  /** A clock set back to before the certificate's begin makes it invalid as surely as one past its end. */
  const isDue = (entry: Entry, nowMs: number): boolean =>
    nowMs >= entry.dueMs || (entry.failures === 0 && nowMs < entry.identity.certificate.notBeforeMs);

  const schedule = (): void => {
    cancelTimer();
    if (isClosed || isRenewing || entries.size === 0) return;
    const nowMs = clock.nowMs();
    let waitMs = MAX_WAIT_MS;
    for (const entry of entries) waitMs = Math.min(waitMs, isDue(entry, nowMs) ? 0 : entry.dueMs - nowMs);
    cancelTimer = timers.after(waitMs, () => void renewDue());
  };

  const issueAgain = async (entry: Entry): Promise<Identity | undefined> => {
    try {
      return await authority.identityFor(entry.spiffeId);
    } catch (error) {
      const { notBeforeMs, notAfterMs } = entry.identity.certificate;
      entry.failures += 1;
      entry.dueMs = clock.nowMs() + retryDelayMs(entry.failures, notAfterMs - notBeforeMs, random);
      if (entries.has(entry)) onFailure(entry.spiffeId, error);
      return undefined;
    }
  };

  const renew = async (entry: Entry): Promise<void> => {
    const identity = await issueAgain(entry);
    if (identity === undefined || !entries.has(entry)) return;
    entry.identity = identity;
    entry.failures = 0;
    entry.dueMs = renewalMs(identity, clock.nowMs());
    try {
      entry.onRotate(identity);
    } catch (error) {
      onFailure(entry.spiffeId, error);
    }
  };

  // One after the other: a burst of renewals must not take the processor from requests.
  const renewDue = async (): Promise<void> => {
    isRenewing = true;
    try {
      for (const entry of entries) {
        if (isDue(entry, clock.nowMs())) await renew(entry);
      }
    } finally {
      isRenewing = false;
      schedule();
    }
  };

  return {
    keep: async (spiffeId, onRotate) => {
      const identity = await authority.identityFor(spiffeId);
      const entry: Entry = { spiffeId, onRotate, identity, dueMs: renewalMs(identity, clock.nowMs()), failures: 0 };
      if (!isClosed) entries.add(entry);
      schedule();
      return {
        current: () => entry.identity,
        close: () => {
          entries.delete(entry);
          schedule();
        },
      };
    },
    close: () => {
      isClosed = true;
      entries.clear();
      cancelTimer();
    },
  };
};
