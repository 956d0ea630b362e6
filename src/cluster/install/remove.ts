import { Fault } from '../../base/fault.ts';
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

/**
 * Removes objects one by one in the order given, what they own included; one that cannot be removed does not keep the
 * others. `onRemoved` hears of each; one that was gone already counts as removed.
 */
export const removeObjects = async (
  cluster: Cluster,
  objects: readonly ManifestObject[],
  onRemoved: (object: ManifestObject) => void,
): Promise<Removal> => {
  const removed: ManifestObject[] = [];
  const failed: { object: ManifestObject; fault: Fault }[] = [];
  for (const object of objects) {
    try {
      await cluster.remove(refOf(object), { propagation: 'Foreground' });
      removed.push(object);
      onRemoved(object);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      failed.push({ object, fault: error });
      if (HOPELESS.includes(error.kind)) break;
    }
  }
  return { removed, failed };
};
