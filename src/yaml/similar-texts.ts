import type { Problem } from '../base/problem.ts';
import { loadYaml } from './load.ts';
import { positionOf } from './located.ts';
import { createPlain, type Plain } from './plain.ts';
import { resolvePlain } from './scalar.ts';

/** The first document of a text, and the problems of the whole. */
export interface LoadedText {
  /** Shares containers with what was loaded before, and must not be changed; `spanOf` does not hold for it. */
  readonly value: unknown;
  readonly problems: readonly Problem[];
}

type Container = Plain | unknown[];

/** A container of a document and the way to it. */
interface Place {
  readonly container: Container;
  readonly parent: Place | undefined;
  readonly key: string | number;
}

/** A text value on one line, bare or in double quotes: where another stands instead, nothing else reads differently. */
interface Slot {
  /** Offsets of what is written, quotes excluded. */
  readonly start: number;
  readonly end: number;
  readonly isQuoted: boolean;
  readonly place: Place;
  readonly key: string | number;
}

/** A text loaded before. */
interface Model {
  readonly text: string;
  readonly root: Place;
  /** In the order of the text. */
  readonly slots: readonly Slot[];
}

/** Escapes that mean the same in JSON. */
const QUOTED = /(?:[ !#-[\]-~]|\\["\\nt])*/y;
/** Nothing that could be an indicator, and no blank behind a colon. */
const BARE = /[\w/.](?:[\w/.-]|:(?=[\w/.-]))*/y;
/** With aliases, tags or merges a value is not at one place, or not what is written there. */
const UNUSUAL = /[&!]|<</;
/** Far below what the loader's limits allow. */
const LONGEST = 200_000;
/** Texts of as many kinds are told apart. */
const MODELS = 8;

/** What is written from an offset on as the kind of slot it has; undefined where that is no text. */
const readSlot = (
  text: string,
  start: number,
  isQuoted: boolean,
): { readonly value: string; readonly end: number } | undefined => {
  const pattern = isQuoted ? QUOTED : BARE;
  pattern.lastIndex = start;
  const written = pattern.exec(text)?.[0];
  if (written === undefined) return undefined;
  const isEscaped = isQuoted && written.includes('\\');
  const value: unknown = isQuoted ? (isEscaped ? JSON.parse(`"${written}"`) : written) : resolvePlain(written);
  return typeof value === 'string' ? { value, end: start + written.length } : undefined;
};

const slotAt = (text: string, start: number, end: number, place: Place, key: string | number): Slot | undefined => {
  const isQuoted = text.charCodeAt(start) === 34;
  const own = { start: isQuoted ? start + 1 : start, end: isQuoted ? end - 1 : end, isQuoted, place, key };
  // A text on several lines, or in single quotes, does not end where its pattern does.
  return readSlot(text, own.start, isQuoted)?.end === own.end ? own : undefined;
};

const addSlots = (text: string, place: Place, slots: Slot[]): void => {
  const { container } = place;
  const position = positionOf(container);
  if (position === undefined) return;
  const keys = position.keys ?? (container as unknown[]).keys();
  const [stride, before] = position.keys === undefined ? [2, 0] : [4, 2];
  let at = before;
  for (const key of keys) {
    const value = (container as Plain)[key];
    const [start = 0, end = 0] = [position.offsets[at], position.offsets[at + 1]];
    if (typeof value === 'string') {
      const slot = slotAt(text, start, end, place, key);
      if (slot !== undefined) slots.push(slot);
    } else if (typeof value === 'object' && value !== null) {
      addSlots(text, { container: value as Container, parent: place, key }, slots);
    }
    at += stride;
  }
};

const modelOf = (text: string, value: unknown): Model | undefined => {
  if (typeof value !== 'object' || value === null) return undefined;
  const root: Place = { container: value as Container, parent: undefined, key: '' };
  const slots: Slot[] = [];
  addSlots(text, root, slots);
  return { text, root, slots };
};

/** The slots in which a text differs from the model, with what stands there; undefined where it differs elsewhere too. */
const differences = ({ text: known, slots }: Model, text: string): readonly (readonly [Slot, string])[] | undefined => {
  const found: [Slot, string][] = [];
  let from = 0;
  let at = 0;
  let next = 0;
  for (;;) {
    while (from < known.length && known.charCodeAt(from) === text.charCodeAt(at)) {
      from++;
      at++;
    }
    if (from === known.length && at === text.length) return found;
    while ((slots[next]?.end ?? from) < from) next++;
    const slot = slots[next++];
    if (slot === undefined || slot.start > from) return undefined;
    const written = readSlot(text, slot.start + at - from, slot.isQuoted);
    if (written === undefined) return undefined;
    found.push([slot, written.value]);
    from = slot.end;
    at = written.end;
  }
};

/** The model's value with other texts; what holds none of them is the model's own. */
const fill = ({ root }: Model, found: readonly (readonly [Slot, string])[]): unknown => {
  const copies = new Map<Place, Container>();
  const copyOf = (place: Place): Container => {
    let copy = copies.get(place);
    if (copy === undefined) {
      const { container, parent, key } = place;
      copy = Array.isArray(container) ? [...container] : Object.assign(createPlain(), container);
      copies.set(place, copy);
      if (parent !== undefined) (copyOf(parent) as Plain)[key] = copy;
    }
    return copy;
  };
  for (const [{ place, key }, value] of found) (copyOf(place) as Plain)[key] = value;
  return copies.get(root) ?? root.container;
};

/**
 * A loader for texts that resemble one another, such as a template rendered for many pods: of one that differs from one
 * of the last in nothing but texts on one line, only those are read.
 */
export const createSimilarLoader = (): ((text: string) => LoadedText) => {
  const models: Model[] = [];
  return (text) => {
    const isUsual = text.length <= LONGEST && !UNUSUAL.test(text);
    for (const model of isUsual ? models : []) {
      const found = differences(model, text);
      if (found !== undefined) return { value: fill(model, found), problems: [] };
    }
    const { documents, problems } = loadYaml({ name: 'text', text });
    const value = documents[0]?.value;
    const isWhole = documents.length === 1 && problems.length === 0;
    const model = isUsual && isWhole ? modelOf(text, value) : undefined;
    if (model !== undefined) models.unshift(model);
    if (models.length > MODELS) models.pop();
    return { value, problems };
  };
};
