import type { AccessRecord } from '../telemetry/access-record.ts';

/** How many finished requests a running mesh remembers for `curl --explain`, `logs` and `tap`. */
const CAPACITY = 4096;

/**
 * What the mesh remembers of finished requests: the last few thousand records in memory, and who wants to hear of the
 * next. Adding is on every request's path, so it only stores the reference.
 */
export interface Journal {
  add(record: AccessRecord): void;
  /** Records of one request id in the order they finished: innermost hop first. */
  ofRequest(requestId: string): readonly AccessRecord[];
  /** The last `count` records, oldest first. */
  last(count: number): readonly AccessRecord[];
  /** Calls `listener` for each record from now on; the result ends it. */
  subscribe(listener: (record: AccessRecord) => void): () => void;
}

export const createJournal = (): Journal => {
  const ring: AccessRecord[] = [];
  const listeners = new Set<(record: AccessRecord) => void>();
  let next = 0;
  const inOrder = (): readonly AccessRecord[] => [...ring.slice(next), ...ring.slice(0, next)];
  return {
    add(record) {
      ring[next] = record;
      next = (next + 1) % CAPACITY;
      if (listeners.size > 0) for (const listener of listeners) listener(record);
    },
    ofRequest: (requestId) => inOrder().filter((record) => record.requestId === requestId),
    last: (count) => (count === 0 ? [] : inOrder().slice(-count)),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
};
