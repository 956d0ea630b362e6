import { Fault } from '../../base/fault.ts';
import { inParallel } from '../../base/in-parallel.ts';
import type { ArchivedFile } from './tar.ts';

/** Something that belongs in a report. */
export interface Item {
  /** The file, or what begins the paths of several. */
  readonly path: string;
  /** Its files, without secrets. */
  read(signal: AbortSignal): Promise<readonly ArchivedFile[]>;
}

/** What could not be had, and why. */
interface Missing {
  readonly path: string;
  readonly reason: string;
}

export interface Collected {
  readonly files: readonly ArchivedFile[];
  readonly missing: readonly Missing[];
}

interface CollectLimits {
  /** Of one item. */
  readonly itemMs: number;
  /** Of all of them; what has not begun by then is missing. */
  readonly totalMs: number;
  readonly atOnce: number;
  readonly signal: AbortSignal;
}

/** Rejects when a signal aborts, as not everything that is read listens to one. */
const whenAborted = (signal: AbortSignal, reason: string): Promise<never> =>
  new Promise((_, reject) => {
    const stop = (): void => reject(new Fault(reason, { kind: 'timeout', code: 'ITEM_TIMEOUT' }));
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
  });

/** Reads all items within their limits; nothing that fails keeps the others. Throws a Fault only when interrupted. */
export const collect = async (
  items: readonly Item[],
  { itemMs, totalMs, atOnce, signal }: CollectLimits,
): Promise<Collected> => {
  const missing: Missing[] = [];
  const endsAt = performance.now() + totalMs;
  const readOne = async ({ path, read }: Item): Promise<readonly ArchivedFile[]> => {
    if (signal.aborted) throw new Fault('interrupted: bug-report', { kind: 'interrupted', code: 'INTERRUPTED' });
    const remainingMs = Math.min(itemMs, endsAt - performance.now());
    if (remainingMs <= 0) {
      missing.push({ path, reason: `the ${totalMs / 1000}s of --timeout were over` });
      return [];
    }
    const limit = AbortSignal.any([signal, AbortSignal.timeout(Math.ceil(remainingMs))]);
    try {
      return await Promise.race([
        read(limit),
        whenAborted(limit, `nothing came within ${Math.ceil(remainingMs) / 1000}s`),
      ]);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      if (!signal.aborted) missing.push({ path, reason: error.message });
      return [];
    }
  };
  const files = (await inParallel(items, atOnce, readOne)).flat();
  if (signal.aborted) throw new Fault('interrupted: bug-report', { kind: 'interrupted', code: 'INTERRUPTED' });
  return { files, missing };
};
