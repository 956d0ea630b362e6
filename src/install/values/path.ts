import { isObject } from '../../model/value.ts';
import { createPlain, type Plain } from '../../yaml/plain.ts';

/** One step into a value: a key, an index of a list, or the item of a list whose `key` is `value` (or that is `value`). */
export type Step =
  | { readonly kind: 'key'; readonly key: string }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'item'; readonly key: string; readonly value: string };

const INDEX = /^[+-]?\d+$/;

const bracketStep = (text: string): Step => {
  const inner = text.slice(1, text.endsWith(']') ? -1 : undefined);
  if (INDEX.test(inner)) return { kind: 'index', index: Number(inner) };
  const colon = inner.indexOf(':');
  if (colon < 0) return { kind: 'item', key: '', value: inner };
  return { kind: 'item', key: inner.slice(0, colon), value: inner.slice(colon + 1) };
};

/** The steps of `a.b[0].c.[name:x].d\.e`: a dot behind a backslash belongs to the key. */
export const parsePath = (text: string): readonly Step[] => {
  const parts = text.split(/(?<!\\)\./).map((part) => part.replaceAll('\\.', '.'));
  return parts.flatMap((part): readonly Step[] => {
    const bracket = part.indexOf('[');
    if (part === '') return [];
    if (bracket < 0) return [{ kind: 'key', key: part }];
    const step = bracketStep(part.slice(bracket));
    return bracket === 0 ? [step] : [{ kind: 'key', key: part.slice(0, bracket) }, step];
  });
};

/** The path as it is written. */
export const formatPath = (steps: readonly Step[]): string =>
  steps
    .map((step) => {
      if (step.kind === 'key') return `.${step.key.replaceAll('.', '\\.')}`;
      return step.kind === 'index' ? `[${step.index}]` : `.[${step.key}:${step.value}]`;
    })
    .join('')
    .replace(/^\./, '');

/** Where a step leads in a list; -1 for nowhere. */
const indexIn = (list: readonly unknown[], step: Step): number => {
  if (step.kind === 'index') return step.index < list.length ? step.index : -1;
  if (step.kind === 'key') return -1;
  return list.findIndex((item) =>
    isObject(item) ? String(item[step.key] ?? '<nil>') === step.value : step.key === '' && String(item) === step.value,
  );
};

/** The value a path leads to; undefined where there is none. */
export const readPath = (root: unknown, path: readonly Step[]): unknown => {
  let value = root;
  for (const step of path) {
    if (step.kind === 'key') value = isObject(value) ? value[step.key] : undefined;
    else value = Array.isArray(value) ? value[indexIn(value, step)] : undefined;
  }
  return value;
};

/** `readPath` of keys: `a.b`, none of which has a dot. */
export const read = (root: unknown, keys: string): unknown => {
  let value = root;
  for (const key of keys.split('.')) value = isObject(value) ? value[key] : undefined;
  return value;
};

/** The map at `a.b`; undefined where there is none. */
export const readMap = (root: unknown, keys: string): Plain | undefined => {
  const value = read(root, keys);
  return isObject(value) ? value : undefined;
};

/**
 * Sets the value at a path, making what is missing on the way; an index behind the end of a list appends. Changes `root`.
 * Gives the end of a sentence (`...: MESSAGE`) where the path cannot be gone.
 */
export const writePath = (root: Plain, path: readonly Step[], value: unknown): string | undefined => {
  let place: unknown = root;
  for (const [at, step] of path.entries()) {
    const next = path[at + 1];
    const made = (): unknown => (next === undefined ? value : next.kind === 'key' ? createPlain() : []);
    if (step.kind === 'key') {
      if (!isObject(place)) return `${formatPath(path.slice(0, at))} is no mapping`;
      place[step.key] = next === undefined ? value : (place[step.key] ?? made());
      place = place[step.key];
    } else {
      if (!Array.isArray(place)) return `${formatPath(path.slice(0, at))} is no list`;
      const found = indexIn(place, step);
      if (found < 0 && step.kind === 'item') return `${formatPath(path.slice(0, at))} has no item ${itemWords(step)}`;
      const index = found < 0 ? place.length : found;
      place[index] = next === undefined ? value : (place[index] ?? made());
      place = place[index];
    }
  }
  return undefined;
};

const itemWords = ({ key, value }: Step & { readonly kind: 'item' }): string =>
  key === '' ? JSON.stringify(value) : `whose ${key} is "${value}"`;
