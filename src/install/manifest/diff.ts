import { isObject } from '../../model/value.ts';
import { identityOf, type ManifestObject } from './object.ts';

/** One field that two manifests have different: `undefined` where one of them has none. */
export interface FieldChange {
  /** `spec.template.spec.containers[name=discovery].env[name=A].value` */
  readonly path: string;
  readonly before: unknown;
  readonly after: unknown;
}

export interface ObjectChange {
  /** `Deployment istio-system/istiod (apps/v1)` */
  readonly object: string;
  readonly change: 'added' | 'removed' | 'changed';
  /** Of a changed object. */
  readonly fields: readonly FieldChange[];
}

/** What differs between two manifests, objects by identity in the order of the first, then those only the second has. */
export const diffManifests = (
  before: readonly ManifestObject[],
  after: readonly ManifestObject[],
): readonly ObjectChange[] => {
  const old = byIdentity(before);
  const now = byIdentity(after);
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((object): readonly ObjectChange[] => {
    const [left, right] = [old.get(object), now.get(object)];
    if (left === undefined) return [{ object, change: 'added', fields: [] }];
    if (right === undefined) return [{ object, change: 'removed', fields: [] }];
    const fields = diffValues(left.value, right.value, '');
    return fields.length === 0 ? [] : [{ object, change: 'changed', fields }];
  });
};

const byIdentity = (objects: readonly ManifestObject[]): ReadonlyMap<string, ManifestObject> =>
  new Map(objects.map((object) => [identityOf(object), object]));

/** Fields in which two values differ; list items that have a name are compared by it. */
export const diffValues = (before: unknown, after: unknown, path: string): readonly FieldChange[] => {
  if (isObject(before) && isObject(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted();
    return keys.flatMap((key) => diffValues(before[key], after[key], below(path, key)));
  }
  if (Array.isArray(before) && Array.isArray(after)) return diffLists(before, after, path);
  return before === after ? [] : [{ path, before, after }];
};

const below = (path: string, key: string): string => {
  const name = /^[\w-]+$/.test(key) ? key : JSON.stringify(key);
  return path === '' ? name : `${path}.${name}`;
};

const diffLists = (before: readonly unknown[], after: readonly unknown[], path: string): readonly FieldChange[] => {
  const names = namesOf(before);
  const others = namesOf(after);
  if (names !== undefined && others !== undefined) {
    return [...new Set([...names.keys(), ...others.keys()])].flatMap((name) =>
      diffValues(names.get(name), others.get(name), `${path}[name=${name}]`),
    );
  }
  return Array.from({ length: Math.max(before.length, after.length) }, (_, at) =>
    diffValues(before[at], after[at], `${path}[${at}]`),
  ).flat();
};

/** The items by their names; undefined where one has none, or two the same. */
const namesOf = (list: readonly unknown[]): ReadonlyMap<string, unknown> | undefined => {
  const named = new Map<string, unknown>();
  for (const item of list) {
    const name = isObject(item) ? item['name'] : undefined;
    if (typeof name !== 'string' || named.has(name)) return undefined;
    named.set(name, item);
  }
  return named;
};
