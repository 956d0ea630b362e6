import { isFlow, type Position, positionOf } from './located.ts';
import { resolvePlain } from './scalar.ts';
import { spanAt } from './source-text.ts';
import type { TextEdit } from './text-edit.ts';

/** What an edit can write: JSON, which is YAML in brackets. */
export type Written = string | number | boolean | readonly Written[] | { readonly [key: string]: Written };

/** One entry of a container in offsets; the key of a sequence's item is empty and stands at its value. */
interface Entry {
  readonly position: Position;
  readonly index: number;
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly start: number;
  readonly end: number;
}

const entryAt = (position: Position, index: number): Entry | undefined => {
  const stride = position.keys === undefined ? 2 : 4;
  const offsets = position.offsets.slice(index * stride, (index + 1) * stride);
  const [first, second, third = first, fourth = second] = offsets;
  if (first === undefined || second === undefined || third === undefined || fourth === undefined) return undefined;
  const keyEnd = position.keys === undefined ? first : second;
  return { position, index, keyStart: first, keyEnd, start: third, end: fourth };
};

/** An entry by its key, if it is written in this very container and once. */
const entryOf = (container: object, key: string | number): Entry | undefined => {
  const position = positionOf(container);
  if (position?.keys === undefined) {
    return position === undefined || typeof key === 'string' || key < 0 ? undefined : entryAt(position, key);
  }
  const index = position.keys.indexOf(String(key));
  return index < 0 || index !== position.keys.lastIndexOf(String(key)) ? undefined : entryAt(position, index);
};

const countOf = ({ keys, offsets }: Position): number => keys?.length ?? offsets.length / 2;

const editAt = ({ source }: Position, start: number, end: number, text: string): TextEdit => ({
  span: spanAt(source, start, end),
  text,
});

// What is a word and nothing else wherever it stands, inside brackets too.
const WORD = /^[A-Za-z0-9_./][A-Za-z0-9_./-]*$/;

const plainOrQuoted = (text: string): string =>
  WORD.test(text) && resolvePlain(text) === text ? text : JSON.stringify(text);

/** A text in the quotes of the one it replaces. */
const likeBefore = (before: string, text: string): string => {
  if (before.startsWith('"')) return JSON.stringify(text);
  if (before.startsWith("'")) return `'${text.replaceAll("'", "''")}'`;
  return plainOrQuoted(text);
};

const writtenText = (value: Written, isJson: boolean): string => {
  if (typeof value === 'string') return isJson ? JSON.stringify(value) : plainOrQuoted(value);
  if (typeof value !== 'object') return String(value);
  if (Array.isArray(value)) return `[${value.map((item: Written) => writtenText(item, isJson)).join(', ')}]`;
  const entries = Object.entries(value).map(
    ([key, item]) => `${writtenText(key, isJson)}: ${writtenText(item, isJson)}`,
  );
  return `{ ${entries.join(', ')} }`;
};

/** Whether the text is one scalar in one line: not a container, a block of text, or an alias. */
const isOneLine = (text: string): boolean => text !== '' && !/^[|>{[*]|[\r\n]/.test(text);

/**
 * Writes another text in place of a scalar, in its quotes; undefined where the scalar is not written in this container,
 * or not in one line. Anchors and tags before it stay.
 */
export const setText = (container: object, key: string | number, text: string): TextEdit | undefined => {
  const entry = entryOf(container, key);
  if (entry === undefined || typeof Reflect.get(container, key) === 'object') return undefined;
  const { position, start, end } = entry;
  const before = position.source.text.slice(start, end);
  return isOneLine(before) ? editAt(position, start, end, likeBefore(before, text)) : undefined;
};

/** Gives an entry of a mapping another name; undefined where that is taken, or the key is not written in this mapping. */
export const renameKey = (mapping: object, key: string, name: string): TextEdit | undefined => {
  const entry = entryOf(mapping, key);
  if (entry === undefined || Object.hasOwn(mapping, name)) return undefined;
  const { position, keyStart, keyEnd } = entry;
  const before = position.source.text.slice(keyStart, keyEnd);
  return isOneLine(before) ? editAt(position, keyStart, keyEnd, likeBefore(before, name)) : undefined;
};

/** Writes another entry, key and value, in place of one; undefined where a comment would be lost with it. */
export const replaceEntry = (mapping: object, key: string, name: string, value: Written): TextEdit | undefined => {
  const entry = entryOf(mapping, key);
  if (entry === undefined || (name !== key && Object.hasOwn(mapping, name))) return undefined;
  const { position, keyStart, keyEnd, end } = entry;
  const { text } = position.source;
  if (text.slice(keyEnd, end).includes('#')) return undefined;
  const before = text.slice(keyStart, keyEnd);
  return editAt(position, keyStart, end, `${likeBefore(before, name)}: ${writtenText(value, before.startsWith('"'))}`);
};

const lineStart = (text: string, at: number): number => Math.max(text.lastIndexOf('\n', at - 1) + 1, bom(text));

const bom = (text: string): number => (text.startsWith('\uFEFF') ? 1 : 0);

/** The end of the line, a comment included and its break left out; undefined where something else stands there. */
const lineEnd = (text: string, at: number): number | undefined => {
  const rest = /[ \t]*(?:[ \t]#[^\r\n]*)?(?=[\r\n]|$)/y;
  rest.lastIndex = at;
  return rest.test(text) ? rest.lastIndex : undefined;
};

const removeFromFlow = ({ position, index, keyStart, end }: Entry): TextEdit | undefined => {
  const next = entryAt(position, index + 1);
  const previous = entryAt(position, index - 1);
  const from = next === undefined ? previous?.end : keyStart;
  const to = next?.keyStart ?? end;
  if (from === undefined || position.source.text.slice(from, to).includes('#')) return undefined;
  return editAt(position, from, to, '');
};

/** An item's text before its value: its dash, with an anchor or a tag. */
const DASH = /^[ \t]*-[ \t]+(?:[&!]\S*[ \t]+)*$/;

const removeFromBlock = ({ position, index, keyStart, end }: Entry): TextEdit | undefined => {
  const { text } = position.source;
  const from = lineStart(text, keyStart);
  const before = text.slice(from, keyStart);
  const to = lineEnd(text, end);
  if (to === undefined) return undefined;
  const isOwnLine = position.keys === undefined ? DASH.test(before) : before.trim() === '';
  if (isOwnLine)
    return editAt(position, from, to + (/^\r\n|^[\r\n]/.exec(text.slice(to, to + 2))?.[0].length ?? 0), '');
  // The first key behind a dash gives its place to the second.
  const next = entryAt(position, index + 1);
  if (position.keys === undefined || next === undefined || text.slice(end, next.keyStart).trim() !== '')
    return undefined;
  return editAt(position, keyStart, next.keyStart, '');
};

/**
 * Takes an entry out, with its line and the comment on it where it has a line of its own. Undefined for the last entry
 * that a container has, as an empty container may mean something else, and where a comment of others would be lost.
 */
export const removeEntry = (container: object, key: string | number): TextEdit | undefined => {
  const entry = entryOf(container, key);
  if (entry === undefined || countOf(entry.position) < 2) return undefined;
  return isFlow(entry.position) ? removeFromFlow(entry) : removeFromBlock(entry);
};

/** Adds an entry behind the last one of a mapping, indented like it; undefined where there is none, or the key is taken. */
export const insertEntry = (mapping: object, key: string, value: Written): TextEdit | undefined => {
  const position = positionOf(mapping);
  const last = position?.keys === undefined ? undefined : entryAt(position, position.keys.length - 1);
  if (position === undefined || last === undefined || Object.hasOwn(mapping, key)) return undefined;
  const { text } = position.source;
  const isJson = text.charAt(last.keyStart) === '"';
  const added = `${writtenText(key, isJson)}: ${writtenText(value, isJson)}`;
  const from = lineStart(text, last.keyStart);
  const before = text.slice(from, last.keyStart);
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  if (isFlow(position)) {
    return editAt(position, last.end, last.end, before.trim() === '' ? `,${newline}${before}${added}` : `, ${added}`);
  }
  const at = lineEnd(text, last.end);
  if (at === undefined || /[^ \t-]/.test(before)) return undefined;
  return editAt(position, at, at, newline + ' '.repeat(before.length) + added);
};
