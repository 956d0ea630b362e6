import type { ManifestObject } from '../manifest/object.ts';
import { labelledComponent, labelOf, OWNER_LABELS } from '../owner/ownership.ts';
import { isControlled } from '../plan/left-over.ts';

/** What is to be removed: everything, or one control plane with its gateways and node agents. */
export type Target =
  | { readonly isPurge: true }
  | {
      readonly isPurge: false;
      readonly revision: string;
      /** Name and namespace of the IstioOperator; the empty text for any. */
      readonly name: string;
      readonly namespace: string;
    };

/**
 * The objects that go, in the order given, of those that carry the label of a component. Without a purge what all
 * revisions share (base: CustomResourceDefinitions, the reader's account) stays.
 */
export const selectOwned = (owned: readonly ManifestObject[], target: Target): readonly ManifestObject[] =>
  owned.filter((object) => {
    if (isControlled(object)) return false;
    if (target.isPurge) return true;
    const component = labelledComponent(object);
    return (
      component !== undefined &&
      component !== 'base' &&
      labelOf(object, OWNER_LABELS.revision) === target.revision &&
      (target.name === '' || labelOf(object, OWNER_LABELS.name) === target.name) &&
      (target.namespace === '' || labelOf(object, OWNER_LABELS.namespace) === target.namespace)
    );
  });
