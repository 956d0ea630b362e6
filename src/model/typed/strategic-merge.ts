import { createPlain, type Plain } from '../../yaml/plain.ts';
import { isObject } from '../value.ts';
import type { GoStructs } from './descriptor.ts';
import { findJsonField, type GoType, jsonKind, pointedTo } from './go-type.ts';
import { fail, itemOrder, keyOf, type Merging, mergeItems, mergeScalars, reorder } from './strategic-list.ts';

/** What a patch gives: the merged object, or why the patch cannot be applied. */
export type Merged =
  | { readonly value: Plain; readonly failure?: undefined }
  | { readonly value?: undefined; readonly failure: string };

/**
 * Applies a strategic merge patch to an object of a Go struct, as the API server does: maps merge, null deletes, lists
 * are replaced unless the struct gives them a merge key, and the directives `$patch`, `$retainKeys`,
 * `$setElementOrder/LIST` and `$deleteFromPrimitiveList/LIST` are obeyed. Neither argument is changed.
 */
export const strategicMerge = (structs: GoStructs, type: string, original: Plain, patch: Plain): Merged => {
  const merging: Merging = { structs, failure: undefined };
  const value = mergeMap(merging, { kind: 'struct', name: type }, original, patch);
  return merging.failure === undefined ? { value } : { failure: merging.failure };
};

const DIRECTIVE = '$patch';
const RETAIN = '$retainKeys';
const ORDER = '$setElementOrder/';
const DELETE = '$deleteFromPrimitiveList/';

/** Merges one map of a patch into the one that stands at its place; `type` is that of the map, or of its items. */
const mergeMap = (merging: Merging, type: GoType, original: Plain, patch: Plain): Plain => {
  if (Object.hasOwn(patch, DIRECTIVE)) return obeyDirective(merging, patch);
  const result = retainKeys(merging, original, patch);
  const done = new Set<string>([RETAIN]);
  for (const key of Object.keys(patch).filter((name) => name.startsWith(ORDER))) {
    done.add(key);
    mergeOrdered(merging, type, result, patch, key.slice(ORDER.length), done);
  }
  for (const [key, value] of Object.entries(patch)) {
    if (!done.has(key)) mergeField(merging, type, result, key, value);
  }
  return result;
};

const obeyDirective = (merging: Merging, patch: Plain): Plain => {
  const { [DIRECTIVE]: directive, ...rest } = patch;
  if (directive === 'replace') return copyOf(rest);
  if (directive !== 'delete') fail(merging, `${DIRECTIVE} of a map is "replace" or "delete", not "${directive}"`);
  return createPlain();
};

const copyOf = (source: Plain): Plain => Object.assign(createPlain(), source);

/** A copy of the original without what the patch's `$retainKeys` leaves out. */
const retainKeys = (merging: Merging, original: Plain, patch: Plain): Plain => {
  const kept = patch[RETAIN];
  if (!Object.hasOwn(patch, RETAIN)) return copyOf(original);
  if (!Array.isArray(kept)) {
    fail(merging, `${RETAIN} must be a list of keys`);
    return copyOf(original);
  }
  const keys = new Set<unknown>(kept);
  for (const [key, value] of Object.entries(patch)) {
    const isDirective = key === RETAIN || key.startsWith(DELETE) || key.startsWith(ORDER);
    if (value !== null && !isDirective && !keys.has(key)) fail(merging, `${RETAIN} leaves out "${key}", which is set`);
  }
  return copyOf(Object.fromEntries(Object.entries(original).filter(([key]) => keys.has(key))));
};

const mergeField = (merging: Merging, type: GoType, result: Plain, name: string, value: unknown): void => {
  const isDeletion = name.startsWith(DELETE);
  const key = isDeletion ? name.slice(DELETE.length) : name;
  if (value === null) {
    delete result[key];
    return;
  }
  const before = result[key];
  const kind = jsonKind(value);
  if (!Object.hasOwn(result, key) || jsonKind(before) !== kind) {
    if (!isDeletion) addValue(result, key, withoutNulls(value));
  } else if (isObject(before) && isObject(value)) {
    const field = lookUp(merging, type, key);
    if (field !== undefined) {
      result[key] = field.strategy === 'replace' ? value : mergeMap(merging, field.type, before, value);
    }
  } else if (Array.isArray(before) && Array.isArray(value)) {
    const field = lookUpList(merging, type, key);
    if (field !== undefined) result[key] = mergeList(merging, field, before, value, isDeletion);
  } else {
    result[key] = value;
  }
};

/** Takes over a value that has no counterpart; one that is only a directive leaves nothing. */
const addValue = (result: Plain, key: string, value: unknown): void => {
  const kept = withoutDirectives(value);
  if (kept === undefined) delete result[key];
  else result[key] = kept;
};

const holdsNull = (value: unknown): boolean => {
  if (Array.isArray(value)) return value.some(holdsNull);
  return isObject(value) && Object.values(value).some((entry) => entry === null || holdsNull(entry));
};

/** The value without null entries of maps; itself where there are none, so that what is shared stays so. */
const withoutNulls = (value: unknown): unknown => {
  if (!holdsNull(value)) return value;
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isObject(value)) return value;
  const kept = createPlain();
  for (const key of Object.keys(value)) if (value[key] !== null) kept[key] = withoutNulls(value[key]);
  return kept;
};

const holdsDirective = (value: unknown): boolean => {
  if (Array.isArray(value)) return value.some(holdsDirective);
  return isObject(value) && (Object.hasOwn(value, DIRECTIVE) || Object.values(value).some(holdsDirective));
};

/** The value without maps that hold `$patch`, itself where there are none; undefined when it is such a map itself. */
const withoutDirectives = (value: unknown): unknown => {
  if (!holdsDirective(value)) return value;
  if (Array.isArray(value)) return value.map(withoutDirectives).filter((item) => item !== undefined);
  if (!isObject(value) || Object.hasOwn(value, DIRECTIVE)) return undefined;
  const kept = createPlain();
  for (const key of Object.keys(value)) addValue(kept, key, value[key]);
  return kept;
};

/** How a field merges: the type of its value (of a list: of its items), `merge`, `replace` or nothing, and the key. */
interface Place {
  readonly type: GoType;
  readonly strategy: string;
  readonly mergeKey: string;
}

const lookUp = (merging: Merging, type: GoType, key: string): Place | undefined => {
  const struct = pointedTo(type);
  if (struct.kind !== 'struct') {
    fail(merging, `"${key}" cannot be merged: it stands in a ${struct.kind}, not in a struct`);
    return undefined;
  }
  const found = findJsonField(merging.structs, struct.name, key);
  if (found === undefined) {
    fail(merging, `"${key}" cannot be merged: ${struct.name} has no such field`);
    return undefined;
  }
  const strategies = (found.field.patchStrategy ?? '').split(',').filter((strategy) => strategy !== 'retainKeys');
  return { type: found.type, strategy: strategies[0] ?? '', mergeKey: found.field.patchMergeKey ?? '' };
};

const lookUpList = (merging: Merging, type: GoType, key: string): Place | undefined => {
  const place = lookUp(merging, type, key);
  if (place === undefined) return undefined;
  const { type: list } = place;
  if (list.kind === 'list') return { ...place, type: list.of };
  if (list.kind === 'pointer') return { ...place, type: list.of.kind === 'list' ? list.of.of : list.of };
  fail(merging, `"${key}" cannot be merged: it is not a list`);
  return undefined;
};

const mergeList = (
  merging: Merging,
  { type, strategy, mergeKey }: Place,
  original: readonly unknown[],
  patch: readonly unknown[],
  isDeletion: boolean,
): readonly unknown[] => {
  if (strategy !== 'merge' && !isDeletion) return patch;
  if (original.length === 0 && patch.length === 0) return original;
  const kind = itemKind(merging, original, patch);
  if (kind !== 'map') {
    if (isDeletion) return original.filter((item) => !patch.includes(item));
    if (mergeKey !== '') fail(merging, `items that merge by "${mergeKey}" must be mappings`);
    return reorder(mergeScalars(original, patch), itemOrder(merging, '', original, patch));
  }
  if (mergeKey === '') {
    fail(merging, 'a list of mappings without a merge key cannot be merged');
    return original;
  }
  const mergeOne = (before: Plain, change: Plain): Plain => mergeMap(merging, type, before, change);
  const items = mergeItems(merging, mergeKey, original, patch, mergeOne);
  return reorder(items.merged, itemOrder(merging, mergeKey, items.original, items.patch));
};

const itemKind = (merging: Merging, ...lists: readonly (readonly unknown[])[]): string => {
  const kinds = new Set(lists.flat().map(jsonKind));
  if (kinds.size > 1) fail(merging, 'all items of a merged list must be of one type');
  if (kinds.has('list')) fail(merging, 'a list of lists cannot be merged');
  if (kinds.has('null')) fail(merging, 'a merged list cannot hold null');
  return [...kinds][0] ?? 'null';
};

/** Merges the list that `$setElementOrder/KEY` is about and puts its items into that order. */
const mergeOrdered = (
  merging: Merging,
  type: GoType,
  result: Plain,
  patch: Plain,
  key: string,
  done: Set<string>,
): void => {
  const isInOriginal = Object.hasOwn(result, key);
  const isInPatch = Object.hasOwn(patch, key);
  const order = patch[ORDER + key];
  const before = isInOriginal ? result[key] : [];
  const change = isInPatch ? patch[key] : [];
  if (!Array.isArray(order) || !Array.isArray(before) || !Array.isArray(change)) {
    fail(merging, `${ORDER}${key} and the list it orders must be lists`);
    return;
  }
  const place = lookUpList(merging, type, key);
  if (place === undefined) return;
  checkOrder(merging, place.mergeKey, change, order);
  if (!isInPatch && !isInOriginal) return;
  done.add(key);
  if (before.length === 0 && change.length === 0) fail(merging, `${ORDER}${key} orders an empty list`);
  itemKind(merging, before, change);
  let merged: readonly unknown[] = before;
  if (isInPatch && isInOriginal) merged = mergeList(merging, place, before, change, false);
  else if (isInPatch) merged = change.map(withoutDirectives).filter((item) => item !== undefined);
  if (place.mergeKey === '' && [...merged, ...order].some((item) => typeof item === 'object' && item !== null)) {
    fail(merging, `${ORDER}${key} orders mappings, which have no merge key there`);
  }
  result[key] = reorder(merged, itemOrder(merging, place.mergeKey, before, order));
};

/** The items of the patch must stand in the order that `$setElementOrder` gives, and all be named there. */
const checkOrder = (merging: Merging, mergeKey: string, patch: readonly unknown[], order: readonly unknown[]): void => {
  if (order.length === 0) return;
  const isDeletion = (item: unknown): boolean => mergeKey !== '' && isObject(item) && item[DIRECTIVE] === 'delete';
  let at = 0;
  for (const item of patch.filter((each) => !isDeletion(each))) {
    if (at < order.length && isObject(item) && Object.hasOwn(item, DIRECTIVE)) continue;
    const key = keyOf(merging, mergeKey, item);
    while (at < order.length && keyOf(merging, mergeKey, order[at]) !== key) at++;
    if (at >= order.length) fail(merging, 'the order of a list in the patch does not match its $setElementOrder');
    at++;
  }
};
