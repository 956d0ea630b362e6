import type { Span } from '../base/span.ts';
import { type SourceText, spanAt } from './source-text.ts';

/**
 * Where one container and its entries stand in the text. `offsets` holds four numbers a mapping entry (key start, key end,
 * value start, value end) or two a sequence item; `keys` is undefined for sequences and may name a key twice.
 */
export interface Position {
  readonly source: SourceText;
  readonly start: number;
  readonly end: number;
  readonly keys: readonly string[] | undefined;
  readonly offsets: readonly number[];
}

const MAPPING_STRIDE = 4;
const SEQUENCE_STRIDE = 2;
/** Above this many keys a search per lookup would add up, and an index is made at the first lookup. */
const INDEX_FROM_KEYS = 16;

const indexes = new WeakMap<Position, ReadonlyMap<string, number>>();

/** A constructor that answers the object it is given, so that a subclass adds its private field to that object. */
const Given = function (this: unknown, target: object) {
  return target;
} as unknown as new (
  target: object,
) => object;

/**
 * Positions as a private field stamped on containers from outside: invisible to everyone else, and a third of the cost
 * of a WeakMap, which the garbage collector has to walk again and again.
 */
class Positioned extends Given {
  #position: Position;

  private constructor(target: object, position: Position) {
    super(target);
    this.#position = position;
  }

  static set(target: object, position: Position): void {
    if (#position in target) target.#position = position;
    else new Positioned(target, position);
  }

  static get(target: object): Position | undefined {
    return #position in target ? target.#position : undefined;
  }
}

/** Records where a container stands; only the loader calls this, decoders use `copyPosition`. */
export const setPosition = (container: object, position: Position): void => {
  Positioned.set(container, position);
};

const indexOfKey = (position: Position, keys: readonly string[], key: string): number => {
  if (keys.length < INDEX_FROM_KEYS) return keys.lastIndexOf(key);
  let index = indexes.get(position);
  if (index === undefined) {
    index = new Map(keys.map((name, at) => [name, at]));
    indexes.set(position, index);
  }
  return index.get(key) ?? -1;
};

const entryOffset = (position: Position, key: string | number, part: 'key' | 'value'): number => {
  if (position.keys === undefined) {
    const index = typeof key === 'number' ? key : Number(key);
    return Number.isInteger(index) && index >= 0 ? index * SEQUENCE_STRIDE : -1;
  }
  const index = indexOfKey(position, position.keys, String(key));
  return index < 0 ? -1 : index * MAPPING_STRIDE + (part === 'value' ? 2 : 0);
};

/**
 * Where a container, or one entry of it, was written; quotes are part of a scalar's span, tags and anchors are not.
 * A key that is not in the text (a default, a merged key) answers with the container's span; undefined when the container did not come from a text.
 * For a key written twice this is the last one, whose value won.
 */
export const spanOf = (container: object, key?: string | number, part: 'key' | 'value' = 'value'): Span | undefined => {
  const position = Positioned.get(container);
  if (position === undefined) return undefined;
  const at = key === undefined ? -1 : entryOffset(position, key, part);
  const start = at < 0 ? undefined : position.offsets[at];
  const end = at < 0 ? undefined : position.offsets[at + 1];
  return spanAt(position.source, start ?? position.start, end ?? position.end);
};

/** Where a container and its entries stand, in offsets, for who edits the text; undefined when it did not come from one. */
export const positionOf = (container: object): Position | undefined => Positioned.get(container);

/** Whether a container is written in brackets. */
export const isFlow = ({ source, start }: Position): boolean => '{['.includes(source.text.charAt(start));

/** Lets a container derived from another (defaults added, renamed, merged) answer `spanOf` like the original. */
export const copyPosition = (from: object, to: object): void => {
  const position = Positioned.get(from);
  if (position !== undefined) Positioned.set(to, position);
};
