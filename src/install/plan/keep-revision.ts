import type { ManifestObject } from '../manifest/object.ts';
import { labelledComponent, labelOf, OWNER_LABELS, withLabels } from '../owner/ownership.ts';

/**
 * An object of base as it is to be applied over the one in the cluster. All revisions share it, and it carries the label of
 * the last one to come: one that is among the `revisions` of the cluster already leaves the label alone, or each of them
 * would find a change as often as another was installed again.
 */
export const keepRevision = (
  wanted: ManifestObject,
  live: ManifestObject | undefined,
  revisions: readonly string[],
): ManifestObject => {
  const isShared = [wanted, live].every((each) => each && labelledComponent(each) === 'base');
  if (live === undefined || !isShared || !revisions.includes(labelOf(wanted, OWNER_LABELS.revision))) return wanted;
  return withLabels(wanted, { [OWNER_LABELS.revision]: labelOf(live, OWNER_LABELS.revision) });
};
