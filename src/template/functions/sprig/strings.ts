import { byteLength, sliceBytes } from '../../bytes.ts';
import { printValue } from '../../fmt/printer.ts';
import { quote } from '../../fmt/quote.ts';
import { FunctionError, fixed, type TemplateFunction, variadic } from '../../functions.ts';
import { ANY, INT, mapOf, STRING } from '../../type.ts';
import type { GoMap, GoValue } from '../../value.ts';
import { lowerCase, titleCase, trimSpace, trimWhere, upperCase } from './characters.ts';
import { goMap, goStrings } from './make.ts';
import { stringOf, stringsOf } from './text.ts';

/** strings.SplitN; fewer than 0 pieces means all, and an empty separator stands between characters. */
const splitText = (text: string, separator: string, limit = -1): readonly string[] => {
  const parts = separator === '' ? Array.from(text) : text.split(separator);
  if (limit < 0 || parts.length <= limit) return parts;
  if (limit === 0) return [];
  return [...parts.slice(0, limit - 1), parts.slice(limit - 1).join(separator)];
};

/** Go's error for a slice of a string outside its bounds, or the piece. */
const substring = (text: string, start: number | undefined, end: number | undefined): string => {
  const length = byteLength(text);
  const bounds = 'runtime error: slice bounds out of range';
  if (end !== undefined && end < 0) throw new FunctionError(`${bounds} [:${end}]`);
  if (end !== undefined && end > length) throw new FunctionError(`${bounds} [:${end}] with length ${length}`);
  if (start !== undefined && start > (end ?? length)) throw new FunctionError(`${bounds} [${start}:${end ?? length}]`);
  return sliceBytes(text, start ?? 0, end ?? length);
};

const substr = (start: number, end: number, text: string): string => {
  if (start < 0) return substring(text, undefined, end);
  return substring(text, start, end < 0 || end > byteLength(text) ? undefined : end);
};

const truncate = (count: number, text: string): string => {
  const length = byteLength(text);
  if (count < 0) return length + count > 0 ? sliceBytes(text, length + count) : text;
  return length > count ? sliceBytes(text, 0, count) : text;
};

/** strings.Repeat. */
const repeat = (text: string, count: number): string => {
  if (count < 0) throw new FunctionError('strings: negative Repeat count');
  return text.repeat(count);
};

const indent = (spaces: number, text: string): string => {
  const pad = repeat(' ', spaces);
  return pad + text.replaceAll('\n', `\n${pad}`);
};

const lineCount = (text: string): number => text.split('\n').length;

const numbered = (parts: readonly string[]): GoMap =>
  goMap(
    parts.map((part, index) => [`_${index}`, part]),
    mapOf(STRING),
  );

const present = (values: readonly GoValue[]): readonly GoValue[] => values.filter((value) => value !== null);

const trimAll = (cutset: string, text: string): string => {
  const cut = new Set(cutset);
  return trimWhere(text, (char) => cut.has(char));
};

/** strings.ReplaceAll; an empty text to replace stands between all characters and at both ends. */
const replaceAll = (from: string, to: string, text: string): string =>
  from === '' ? `${to}${Array.from(text, (char) => char + to).join('')}` : text.split(from).join(to);

const occurrences = (text: string, part: string): number =>
  part === '' ? text.length + 1 : text.split(part).length - 1;

const trimming: readonly TemplateFunction[] = [
  fixed('trim', [STRING], trimSpace),
  fixed('trimall', [STRING, STRING], trimAll),
  fixed('trimAll', [STRING, STRING], trimAll),
  fixed('trimSuffix', [STRING, STRING], (suffix, text) =>
    suffix !== '' && text.endsWith(suffix) ? text.slice(0, -suffix.length) : text,
  ),
  fixed('trimPrefix', [STRING, STRING], (prefix, text) => (text.startsWith(prefix) ? text.slice(prefix.length) : text)),
  fixed('trunc', [INT, STRING], (count, text) => truncate(Number(count.value), text)),
  fixed('substr', [INT, INT, STRING], (start, end, text) => substr(Number(start.value), Number(end.value), text)),
];

const making: readonly TemplateFunction[] = [
  fixed('repeat', [INT, STRING], (count, text, runtime) => {
    runtime.spend(Math.max(0, Number(count.value)) * text.length);
    return repeat(text, Number(count.value));
  }),
  fixed('indent', [INT, STRING], (spaces, text, runtime) => {
    runtime.spend(Math.max(0, Number(spaces.value)) * lineCount(text) + text.length);
    return indent(Number(spaces.value), text);
  }),
  fixed('nindent', [INT, STRING], (spaces, text, runtime) => {
    runtime.spend(Math.max(0, Number(spaces.value)) * lineCount(text) + text.length);
    return `\n${indent(Number(spaces.value), text)}`;
  }),
  fixed('replace', [STRING, STRING, STRING], (from, to, text, runtime) => {
    runtime.spend(text.length + occurrences(text, from) * to.length);
    return replaceAll(from, to, text);
  }),
  fixed('plural', [STRING, STRING, INT], (one, many, count) => (count.value === 1n ? one : many)),
  fixed('hello', [], () => 'Hello!'),
];

/** sprig's functions that cut, join, compare and lay out text. */
export const stringFunctions: readonly TemplateFunction[] = [
  ...trimming,
  ...making,
  fixed('upper', [STRING], upperCase),
  fixed('lower', [STRING], lowerCase),
  fixed('title', [STRING], titleCase),
  fixed('contains', [STRING, STRING], (part, text) => text.includes(part)),
  fixed('hasPrefix', [STRING, STRING], (part, text) => text.startsWith(part)),
  fixed('hasSuffix', [STRING, STRING], (part, text) => text.endsWith(part)),
  variadic('quote', [], ANY, (values) =>
    present(values)
      .map((value) => quote(stringOf(value)))
      .join(' '),
  ),
  variadic('squote', [], ANY, (values) =>
    present(values)
      .map((value) => `'${printValue(value)}'`)
      .join(' '),
  ),
  variadic('cat', [], ANY, (values) =>
    present(values)
      .map((value) => printValue(value))
      .join(' '),
  ),
  fixed('toString', [ANY], stringOf),
  fixed('toStrings', [ANY], (value) => goStrings(stringsOf(value))),
  fixed('join', [STRING, ANY], (separator, value, runtime) => {
    const parts = stringsOf(value);
    runtime.spend(separator.length * parts.length);
    return parts.join(separator);
  }),
  fixed('split', [STRING, STRING], (separator, text) => numbered(splitText(text, separator))),
  fixed('splitn', [STRING, INT, STRING], (separator, limit, text) =>
    numbered(splitText(text, separator, Number(limit.value))),
  ),
  fixed('splitList', [STRING, STRING], (separator, text) => goStrings(splitText(text, separator))),
];
