import { inParallel } from '../../base/in-parallel.ts';
import type { ManifestObject } from '../../install/manifest/object.ts';
import { DEFINITIONS, OWNED_KINDS } from '../../install/owner/owned-kinds.ts';
import { OWNER_LABELS } from '../../install/owner/ownership.ts';
import type { Cluster } from '../cluster.ts';
import { fromKubernetes } from './objects.ts';

/** How many questions or changes are under way at once. */
export const AT_ONCE = 8;

/** Every object in the cluster with the label of a component, of one revision or of all, in the order of removal. */
export const ownedObjects = async (
  cluster: Cluster,
  revision: string | undefined,
): Promise<readonly ManifestObject[]> => {
  const labels = [
    OWNER_LABELS.component,
    ...(revision === undefined ? [] : [`${OWNER_LABELS.revision}=${revision}`]),
  ].join();
  const lists = await inParallel([...OWNED_KINDS, DEFINITIONS], AT_ONCE, (kind) => cluster.list(kind, { labels }));
  return lists.flatMap((list) => (list ?? []).map(fromKubernetes));
};
