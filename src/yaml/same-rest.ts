import { loadYaml } from './load.ts';
import { isFlow, type Position, positionOf } from './located.ts';
import type { SourceText } from './source-text.ts';
import { type Range, rangeOf, type TextEdit } from './text-edit.ts';

const isContainer = (value: unknown): value is object => typeof value === 'object' && value !== null;

const isEqual = (one: unknown, other: unknown): boolean => {
  if (!isContainer(one) || !isContainer(other)) return Object.is(one, other);
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const keys = Object.keys(one);
  return (
    keys.length === Object.keys(other).length &&
    keys.every((key) => Object.hasOwn(other, key) && isEqual(Reflect.get(one, key), Reflect.get(other, key)))
  );
};

/** Edits in the order of the text, asked by stretches of it. */
class Edited {
  readonly #ranges: readonly Range[];

  constructor(ranges: readonly Range[]) {
    this.#ranges = [...ranges].sort((one, other) => one.start - other.start || one.end - other.end);
  }

  /** The first edit that reaches beyond an offset. */
  #behind(offset: number): Range | undefined {
    let low = 0;
    let high = this.#ranges.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#ranges[middle]?.end ?? 0) > offset) high = middle;
      else low = middle + 1;
    }
    return this.#ranges[low];
  }

  touches(start: number, end: number): boolean {
    return (this.#behind(start)?.start ?? end) < end;
  }

  /** One edit takes the stretch as a whole. */
  replaces(start: number, end: number): boolean {
    const found = this.#behind(start);
    return found !== undefined && found.start <= start && found.end >= end;
  }
}

/** Behind the end of the line: what is added there belongs to a container without brackets that ends in the line. */
const lineEnd = (text: string, from: number): number => {
  const rest = /[\r\n]/g;
  rest.lastIndex = from;
  return (rest.exec(text)?.index ?? text.length) + 1;
};

/** A value before and after edits, at its place before: equal but for the nodes that an edit replaces as a whole. */
const isKept = (before: unknown, after: unknown, { start, end }: Range, edited: Edited): boolean => {
  if (edited.replaces(start, end)) return true;
  const position = isContainer(before) ? positionOf(before) : undefined;
  const reach = position === undefined || isFlow(position) ? end : lineEnd(position.source.text, end);
  if (!edited.touches(start, reach)) return isEqual(before, after);
  if (!isContainer(before) || !isContainer(after)) return false;
  // An alias names another place; an edit inside its own text would leave half a name.
  if (position === undefined || position.start < start || position.end > end) return false;
  if (Array.isArray(before)) return Array.isArray(after) && areItemsKept(before, after, position, edited);
  return !Array.isArray(after) && areEntriesKept(before, after, position, edited);
};

const rangeAt = ({ offsets }: Position, at: number): Range => ({ start: offsets[at] ?? 0, end: offsets[at + 1] ?? 0 });

/** Items that no edit replaces are there, in their order. */
const areItemsKept = (
  before: readonly unknown[],
  after: readonly unknown[],
  position: Position,
  edited: Edited,
): boolean => {
  let at = 0;
  for (const [index, item] of before.entries()) {
    const range = rangeAt(position, index * 2);
    if (edited.replaces(range.start, range.end)) continue;
    while (at < after.length && !isKept(item, after[at], range, edited)) at++;
    if (at++ >= after.length) return false;
  }
  return after.length > 0 && after.length <= before.length;
};

const areEntriesKept = (before: object, after: object, position: Position, edited: Edited): boolean => {
  const written = new Map((position.keys ?? []).map((key, index) => [key, index * 4]));
  const added = Object.keys(after).filter((key) => !Object.hasOwn(before, key));
  const isSameAt = (from: string, to: string, range: Range): boolean =>
    isKept(Reflect.get(before, from), Reflect.get(after, to), range, edited);
  for (const key of Object.keys(before)) {
    const at = written.get(key);
    if (at === undefined) {
      if (!isEqual(Reflect.get(before, key), Reflect.get(after, key))) return false;
      continue;
    }
    const [name, value] = [rangeAt(position, at), rangeAt(position, at + 2)];
    if (edited.replaces(name.start, value.end)) continue;
    if (edited.replaces(name.start, name.end)) {
      if (!added.some((other) => isSameAt(key, other, value))) return false;
    } else if (edited.touches(name.start, name.end)) return false;
    else if (!Object.hasOwn(after, key) || !isSameAt(key, key, value)) return false;
  }
  return Object.keys(after).length > 0;
};

/**
 * Whether a text still loads after edits, and reads as before but for the keys and values that an edit replaces or
 * removes as a whole, and for new keys beside them. A container may not lose its last entry.
 */
export const keepsTheRest = (before: SourceText, after: SourceText, edits: readonly TextEdit[]): boolean => {
  const [old, fresh] = [loadYaml(before), loadYaml(after)];
  if (fresh.problems.length > old.problems.length || fresh.documents.length !== old.documents.length) return false;
  const edited = new Edited(edits.map(({ span }) => rangeOf(before, span)));
  return old.documents.every((document, index) =>
    isKept(document.value, fresh.documents[index]?.value, rangeOf(before, document.span), edited),
  );
};
