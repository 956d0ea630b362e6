import type { Plain } from '../../yaml/plain.ts';
import { isObject } from '../value.ts';
import type { GoStructs } from './descriptor.ts';

/** A merge in progress: the first reason why the patch cannot be applied stays, and the merge runs to its end. */
export interface Merging {
  readonly structs: GoStructs;
  failure: string | undefined;
}

/** Remembers the first reason why the patch cannot be applied. */
export const fail = (merging: Merging, failure: string): void => {
  merging.failure ??= failure;
};

/** Where items stand: -1 for one that is not in the list. */
interface ItemOrder {
  readonly inPatch: (item: unknown) => number;
  readonly inOriginal: (item: unknown) => number;
}

/**
 * The places of items in the original list and in the patch (or in the order the patch gives), told apart by their
 * merge key; by themselves when the key is empty. An item without the key is a failure.
 */
export const itemOrder = (
  merging: Merging,
  mergeKey: string,
  original: readonly unknown[],
  patch: readonly unknown[],
): ItemOrder => {
  const places = (list: readonly unknown[]): ((item: unknown) => number) => {
    const first = new Map<unknown, number>();
    for (const [index, item] of list.entries()) {
      const key = keyOf(merging, mergeKey, item);
      if (!first.has(key)) first.set(key, index);
    }
    return (item) => first.get(keyOf(merging, mergeKey, item)) ?? -1;
  };
  return { inPatch: places(patch), inOriginal: places(original) };
};

/** What an item is told apart by; a failure when a mapping lacks its merge key. */
export const keyOf = (merging: Merging, mergeKey: string, item: unknown): unknown => {
  if (mergeKey === '') return item;
  if (isObject(item) && Object.hasOwn(item, mergeKey)) return item[mergeKey];
  fail(merging, `an item of a list that merges by "${mergeKey}" has no "${mergeKey}"`);
  return undefined;
};

/**
 * Orders merged items: those of the patch in its order, the others in the original one. Where both wait, an item that
 * already stood before the patch's goes first, so new items come before the ones that follow.
 */
export const reorder = (merged: readonly unknown[], { inPatch, inOriginal }: ItemOrder): readonly unknown[] => {
  const by = (place: (item: unknown) => number) => (left: unknown, right: unknown) => place(left) - place(right);
  const patched = merged.filter((item) => inPatch(item) >= 0).sort(by(inPatch));
  const others = merged.filter((item) => inPatch(item) < 0).sort(by(inOriginal));
  const ordered: unknown[] = [];
  let next = 0;
  for (const item of patched) {
    const place = inOriginal(item);
    for (; next < others.length; next++) {
      const other = inOriginal(others[next]);
      if (other < 0 || place < 0 || other > place) break;
      ordered.push(others[next]);
    }
    ordered.push(item);
  }
  return [...ordered, ...others.slice(next)];
};

/** Two lists of scalars as one without duplicates; a duplicate's place is taken by the last item, as in Go. */
export const mergeScalars = (original: readonly unknown[], patch: readonly unknown[]): readonly unknown[] => {
  const all = [...original, ...patch];
  for (let at = 0; at < all.length; at++) {
    for (let later = at + 1; later < all.length; later++) {
      if (all[at] !== all[later]) continue;
      all[later] = all[all.length - 1];
      all.pop();
      later--;
    }
  }
  return all;
};

interface MergedItems {
  readonly merged: readonly unknown[];
  /** What is left of the original items, in their order; with `$patch: replace` the patch's items. */
  readonly original: readonly unknown[];
  /** The items of the patch that are no directives. */
  readonly patch: readonly unknown[];
}

/** Merges mappings that have the same merge key and appends the others, after the patch's `$patch` items are obeyed. */
export const mergeItems = (
  merging: Merging,
  mergeKey: string,
  original: readonly unknown[],
  patch: readonly unknown[],
  mergeOne: (original: Plain, patch: Plain) => Plain,
): MergedItems => {
  const { kept, items, replaces } = obeyItems(merging, mergeKey, original, patch);
  if (replaces) return { merged: items, original: items, patch: [] };
  const merged = [...kept];
  const places = new Map<unknown, number>();
  for (const [index, item] of merged.entries()) {
    const key = isObject(item) ? item[mergeKey] : undefined;
    if (isObject(item) && Object.hasOwn(item, mergeKey) && !places.has(key)) places.set(key, index);
  }
  for (const item of items) {
    const key = keyOf(merging, mergeKey, item);
    const place = places.get(key);
    const before = place === undefined ? undefined : merged[place];
    if (place !== undefined && isObject(before) && isObject(item)) merged[place] = mergeOne(before, item);
    else places.set(key, merged.push(item) - 1);
  }
  return { merged, original: merged.slice(0, kept.length), patch: items };
};

const obeyItems = (merging: Merging, mergeKey: string, original: readonly unknown[], patch: readonly unknown[]) => {
  const items: unknown[] = [];
  const deleted = new Set<unknown>();
  let replaces = false;
  for (const item of patch) {
    const directive = isObject(item) && Object.hasOwn(item, '$patch') ? item['$patch'] : undefined;
    if (directive === undefined) items.push(item);
    else if (directive === 'replace') replaces = true;
    else if (directive === 'delete') deleted.add(keyOf(merging, mergeKey, item));
    else fail(merging, `$patch of an item is "delete" or "replace", not "${String(directive)}"`);
  }
  const isDeleted = (item: unknown): boolean =>
    isObject(item) && Object.hasOwn(item, mergeKey) && deleted.has(item[mergeKey]);
  return { kept: original.filter((item) => !isDeleted(item)), items, replaces };
};
