import { isObject } from '../../model/value.ts';
import type { Plain } from '../../yaml/plain.ts';
import { diffValues, type FieldChange } from '../manifest/diff.ts';
import type { ManifestObject } from '../manifest/object.ts';

/** What an API server keeps of its own in every object. */
const SERVERS_OWN = ['managedFields', 'resourceVersion', 'uid', 'generation', 'creationTimestamp', 'selfLink'];

const withoutServers = (value: Plain): Plain => {
  const { status: _, metadata, ...rest } = value;
  if (!isObject(metadata)) return rest;
  return {
    ...rest,
    metadata: Object.fromEntries(Object.entries(metadata).filter(([key]) => !SERVERS_OWN.includes(key))),
  };
};

/** What an API server said that applying would change: its own answer compared with what it has. */
export const exactChanges = (live: ManifestObject, applied: ManifestObject): readonly FieldChange[] =>
  diffValues(withoutServers(live.value), withoutServers(applied.value), '');

/**
 * What applying would change as far as one can tell without the API server: fields of the manifest that the object has
 * otherwise or not at all. What others added to the object is left aside, and so are fields that would be dropped.
 */
export const likelyChanges = (live: ManifestObject, wanted: ManifestObject): readonly FieldChange[] =>
  diffValues(restrict(live.value, wanted.value), wanted.value, '');

/** The part of a value that another one speaks of; items of lists by their names, else by their places. */
const restrict = (value: unknown, to: unknown): unknown => {
  if (isObject(value) && isObject(to)) {
    const keys = Object.keys(to).filter((key) => Object.hasOwn(value, key));
    return Object.fromEntries(keys.map((key) => [key, restrict(value[key], to[key])]));
  }
  if (!Array.isArray(value) || !Array.isArray(to)) return value;
  return value.map((item: unknown, at) => {
    const name = isObject(item) ? item['name'] : undefined;
    const same = typeof name === 'string' ? to.find((each) => isObject(each) && each['name'] === name) : to[at];
    return restrict(item, same);
  });
};
