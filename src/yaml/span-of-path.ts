import type { Span } from '../base/span.ts';
import { spanOf } from './located.ts';

/** Where the key of an entry was written, or an item, at keys and indexes from a value; undefined where no text has it. */
export const spanOfPath = (root: unknown, path: readonly (string | number)[]): Span | undefined => {
  const holder = path.slice(0, -1).reduce<unknown>((at, part) => entry(at, part), root);
  const last = path.at(-1);
  if (typeof holder !== 'object' || holder === null || last === undefined || !Object.hasOwn(holder, last))
    return undefined;
  return spanOf(holder, last, 'key') ?? spanOf(holder, last);
};

const entry = (holder: unknown, part: string | number): unknown =>
  typeof holder === 'object' && holder !== null && Object.hasOwn(holder, part)
    ? (holder as Readonly<Record<string | number, unknown>>)[part]
    : undefined;
