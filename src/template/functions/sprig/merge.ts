import { FunctionError } from '../../functions.ts';
import { GoMap, GoPointer, GoSlice, type GoValue } from '../../value.ts';
import { isEmpty } from './empty.ts';

/** mergo looks through pointers for what is empty. */
const isUnset = (value: GoValue): boolean =>
  value instanceof GoPointer && value.target !== undefined ? isUnset(value.target) : isEmpty(value);

const put = (target: GoMap, key: string, value: GoValue): void => {
  const elem = target.type.elem;
  if (elem?.kind === 'string' && typeof value !== 'string') {
    throw new FunctionError('reflect.Value.SetMapIndex: value of type interface {} is not assignable to type string');
  }
  target.entries?.set(key, value);
};

const isKept = (present: GoValue | undefined, value: GoValue): boolean =>
  present !== undefined &&
  !isUnset(present) &&
  (value instanceof GoSlice || (value instanceof GoMap && present instanceof GoMap));

const mergeEntry = (target: GoMap, key: string, value: GoValue, overwrite: boolean): void => {
  const present = target.entries?.get(key);
  if (value === null) {
    if (overwrite) put(target, key, null);
    return;
  }
  if (value instanceof GoMap && present instanceof GoMap) mergeMaps(present, value, overwrite);
  if (value instanceof GoSlice && present !== undefined && overwrite) put(target, key, value);
  if (isKept(present, value)) return;
  if ((overwrite && !(value instanceof GoPointer)) || present === undefined || isUnset(present))
    put(target, key, value);
};

/**
 * Merges a map into another, in place, as mergo does: nested maps are merged, a list or a scalar is taken where the target
 * has nothing or only an empty value, or `overwrite` is asked for.
 */
export const mergeMaps = (target: GoMap, source: GoMap, overwrite: boolean): void => {
  if (target.entries === undefined) return;
  for (const [key, value] of source.entries ?? []) mergeEntry(target, key, value, overwrite);
};
