import type { JsonValue } from './json-value.ts';

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '\\"'],
  ['\\', '\\\\'],
  ['\b', '\\b'],
  ['\f', '\\f'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
]);

const ALWAYS = /["\\\p{Cc}\p{Cs}\u2028\u2029]/gu;
const WITH_HTML = /["\\\p{Cc}\p{Cs}\u2028\u2029<>&]/gu;

const escapeCharacter = (char: string): string => {
  const code = char.charCodeAt(0);
  // Only the control characters of ASCII are escaped.
  if (code >= 0x7f && code < 0xa0) return char;
  // A byte that is no part of a character.
  if (code >= 0xd800 && code < 0xe000) return '\\ufffd';
  return ESCAPES.get(char) ?? `\\u${code.toString(16).padStart(4, '0')}`;
};

/** How JSON is written: on one line or in indented lines, and whether `<`, `>` and `&` are escaped. */
export interface JsonStyle {
  /** Spaces for each level; 0 is one line without any space. */
  readonly indent: number;
  readonly html: boolean;
}

const writeNumber = (value: number): string => (Object.is(value, -0) ? '-0' : String(value));

/** JSON as encoding/json writes it. */
export const writeJson = (value: JsonValue, style: JsonStyle, level = 0): string => {
  const text = (one: string): string => `"${one.replace(style.html ? WITH_HTML : ALWAYS, escapeCharacter)}"`;
  const enclose = (open: string, items: readonly string[], close: string): string => {
    if (items.length === 0) return open + close;
    if (style.indent === 0) return open + items.join(',') + close;
    const lineBreak = `\n${' '.repeat(style.indent * (level + 1))}`;
    return `${open}${lineBreak}${items.join(`,${lineBreak}`)}\n${' '.repeat(style.indent * level)}${close}`;
  };
  if (typeof value === 'string') return text(value);
  if (typeof value === 'number') return writeNumber(value);
  if (value === null || typeof value !== 'object') return String(value);
  if (value instanceof Map) {
    const members = Array.from(
      value as ReadonlyMap<string, JsonValue>,
      ([key, item]) => `${text(key)}:${style.indent === 0 ? '' : ' '}${writeJson(item, style, level + 1)}`,
    );
    return enclose('{', members, '}');
  }
  return enclose(
    '[',
    (value as readonly JsonValue[]).map((item) => writeJson(item, style, level + 1)),
    ']',
  );
};
