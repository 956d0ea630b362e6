import type { AccessRecord } from '../telemetry/access-record.ts';
import type { Journal } from './journal.ts';

/** What a slow reader may leave unread before records are dropped. */
const MAX_UNREAD = 10_000;

export interface LiveQuery {
  readonly follow: boolean;
  /** Records of the past, newest kept; undefined = all that is remembered. */
  readonly tail: number | undefined;
  readonly isWanted: (record: AccessRecord) => boolean;
}

/** Records of the past, then each new one as it comes; ends after the past unless `follow`, always with the signal. */
export async function* liveRecords(
  journal: Journal,
  { follow, tail, isWanted }: LiveQuery,
  signal: AbortSignal,
): AsyncIterable<AccessRecord> {
  const queue: AccessRecord[] = [];
  let wake = (): void => {};
  // Subscribed before the past is read, so that no record falls between.
  const unsubscribe = follow
    ? journal.subscribe((record) => {
        if (queue.length < MAX_UNREAD) queue.push(record);
        wake();
      })
    : () => {};
  signal.addEventListener('abort', () => wake(), { once: true });
  try {
    const past = journal.last(Number.POSITIVE_INFINITY).filter(isWanted);
    yield* tail === undefined ? past : past.slice(Math.max(0, past.length - tail));
    while (follow && !signal.aborted) {
      for (const record of queue.splice(0)) if (isWanted(record)) yield record;
      if (queue.length === 0 && !signal.aborted)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  } finally {
    unsubscribe();
  }
}
