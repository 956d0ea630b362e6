import { fromBytes } from '../bytes.ts';

const SIMPLE = new Map([
  ['a', 0x07],
  ['b', 0x08],
  ['f', 0x0c],
  ['n', 0x0a],
  ['r', 0x0d],
  ['t', 0x09],
  ['v', 0x0b],
  ['\\', 0x5c],
]);
const HEX_DIGITS = new Map([
  ['x', 2],
  ['u', 4],
  ['U', 8],
]);

/** One character of a literal: a code point, or a byte as `\x` and octal escapes give it, and the text behind it. */
interface Unquoted {
  readonly code: number;
  readonly isByte: boolean;
  readonly rest: string;
}

/** The text that a Go string literal, "..." or `...`, stands for; undefined where it is no valid literal. */
export const unquote = (literal: string): string | undefined => {
  const delimiter = literal[0] ?? '';
  let rest = literal.slice(1, -1);
  if (literal.length < 2 || !literal.endsWith(delimiter)) return undefined;
  if (delimiter === '`') return rest.includes('`') ? undefined : rest.replaceAll('\r', '');
  if (delimiter !== '"' || rest.includes('\n')) return undefined;
  if (!rest.includes('\\')) return rest.includes('"') ? undefined : rest;
  const bytes: number[] = [];
  const encoder = new TextEncoder();
  while (rest !== '') {
    const one = unquoteChar(rest, delimiter);
    if (one === undefined) return undefined;
    if (one.isByte) bytes.push(one.code);
    else bytes.push(...encoder.encode(String.fromCodePoint(one.code)));
    rest = one.rest;
  }
  return fromBytes(Uint8Array.from(bytes));
};

/** The first character of the inside of a literal; undefined where there is none or its escape is wrong. */
export const unquoteChar = (text: string, delimiter: string): Unquoted | undefined => {
  const code = text.codePointAt(0);
  if (code === undefined || text[0] === delimiter) return undefined;
  if (text[0] !== '\\') return { code, isByte: false, rest: text.slice(code > 0xffff ? 2 : 1) };
  const letter = text[1] ?? '';
  const simple = SIMPLE.get(letter);
  if (simple !== undefined) return { code: simple, isByte: false, rest: text.slice(2) };
  if (letter === delimiter) return { code: letter.charCodeAt(0), isByte: false, rest: text.slice(2) };
  const count = HEX_DIGITS.get(letter);
  if (count !== undefined) return numeric(text.slice(2, 2 + count), 16, count, letter === 'x', text.slice(2 + count));
  return numeric(text.slice(1, 4), 8, 3, true, text.slice(4));
};

const numeric = (digits: string, base: 8 | 16, count: number, isByte: boolean, rest: string): Unquoted | undefined => {
  if (digits.length !== count || !(base === 16 ? /^[0-9a-fA-F]+$/ : /^[0-7]+$/).test(digits)) return undefined;
  const code = Number.parseInt(digits, base);
  if (isByte) return code > 255 ? undefined : { code, isByte, rest };
  if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return undefined;
  return { code, isByte, rest };
};
