import { Fault } from '../../base/fault.ts';
import { inParallel } from '../../base/in-parallel.ts';
import type { ManifestObject } from '../../install/manifest/object.ts';
import type { Cluster } from '../cluster.ts';
import { refOf } from './objects.ts';

/** What became of objects that were to go. */
export interface Removal {
  readonly removed: readonly ManifestObject[];
  readonly failed: readonly { readonly object: ManifestObject; readonly fault: Fault }[];
}

/** Faults after which the others fail, too. */
const HOPELESS = ['interrupted', 'unreachable'];
const AT_ONCE = 4;

/** Objects in their order, those of one kind that stand together as one group. */
const byKind = (objects: readonly ManifestObject[]): readonly (readonly ManifestObject[])[] => {
  const groups: ManifestObject[][] = [];
  for (const object of objects) {
    const last = groups.at(-1);
    if (last?.[0]?.kind === object.kind) last.push(object);
    else groups.push([object]);
  }
  return groups;
};

/**
 * Removes objects in the order given, kind by kind, with what they own; one that cannot be removed does not keep the
 * others. `onRemoved` hears of each; one that was gone already counts as removed.
 */
export const removeObjects = async (
  cluster: Cluster,
  objects: readonly ManifestObject[],
  onRemoved: (object: ManifestObject) => void,
): Promise<Removal> => {
  const removed: ManifestObject[] = [];
  const failed: { object: ManifestObject; fault: Fault }[] = [];
  const isHopeless = (): boolean => failed.some(({ fault }) => HOPELESS.includes(fault.kind));
  const removeOne = async (object: ManifestObject): Promise<void> => {
    if (isHopeless()) return;
    try {
      await cluster.remove(refOf(object), { propagation: 'Foreground' });
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      failed.push({ object, fault: error });
      return;
    }
    removed.push(object);
    onRemoved(object);
  };
  for (const group of byKind(objects)) await inParallel(group, AT_ONCE, removeOne);
  return { removed, failed };
};
