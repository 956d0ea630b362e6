import { setTimeout as pause } from 'node:timers/promises';
import { inParallel } from '../../base/in-parallel.ts';
import type { ManifestObject } from '../../install/manifest/object.ts';
import type { Cluster } from '../cluster.ts';
import { refOf } from './objects.ts';

const PAUSE_MS = 200;
const AT_ONCE = 8;

/** Waits until deleted objects are gone, whatever was to go before them; false where some are there still. */
export const waitUntilGone = async (
  cluster: Cluster,
  objects: readonly ManifestObject[],
  timeoutMs: number,
): Promise<boolean> => {
  const began = performance.now();
  let rest = objects;
  for (;;) {
    const found = await inParallel(rest, AT_ONCE, async (object) =>
      (await cluster.get(refOf(object))) === undefined ? [] : [object],
    );
    rest = found.flat();
    if (rest.length === 0) return true;
    if (performance.now() - began > timeoutMs) return false;
    await pause(PAUSE_MS);
  }
};
