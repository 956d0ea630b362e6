import { isObject } from '../../model/value.ts';
import { groupOf, type ManifestObject } from '../manifest/object.ts';
import { labelledComponent, labelOf, OWNER_LABELS, type Ownership } from '../owner/ownership.ts';
import { read } from '../values/path.ts';

/** What an API server knows an object by, whatever version it was written in. */
export const objectKey = (object: ManifestObject): string =>
  `${groupOf(object)}/${object.kind}/${object.namespace}/${object.name}`;

/** Whether a controller made the object and takes it away by itself, as a ReplicaSet does with Pods. */
export const isControlled = ({ value }: ManifestObject): boolean => {
  const owners = read(value, 'metadata.ownerReferences');
  return Array.isArray(owners) && owners.some((owner) => isObject(owner) && owner['controller'] === true);
};

/**
 * The objects in a cluster that an installation had and has no more. Labels decide, those of another release of Istio
 * included; CustomResourceDefinitions stay, and so does what is marked as not pruned.
 */
export const leftOver = (
  live: readonly ManifestObject[],
  wanted: readonly ManifestObject[],
  ownership: Ownership,
): readonly ManifestObject[] => {
  const kept = new Set(wanted.map(objectKey));
  return live.filter(
    (object) =>
      object.kind !== 'CustomResourceDefinition' &&
      !kept.has(objectKey(object)) &&
      !isControlled(object) &&
      labelledComponent(object) !== undefined &&
      labelOf(object, OWNER_LABELS.managed) === 'Reconcile' &&
      labelOf(object, OWNER_LABELS.notPruned) !== 'true' &&
      isOf(object, ownership),
  );
};

const isOf = (object: ManifestObject, { revision, name, namespace }: Ownership): boolean =>
  labelOf(object, OWNER_LABELS.revision) === revision &&
  (name === '' || labelOf(object, OWNER_LABELS.name) === name) &&
  (namespace === '' || labelOf(object, OWNER_LABELS.namespace) === namespace);
