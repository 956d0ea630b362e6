// Apart from ASCII, because tables of Unicode take a millisecond to make.
const PRINTABLE_ASCII = /^[ -~]$/;
const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S}]$/u;
// Needs no look at the single characters: printable ASCII but for the quote and the backslash.
const PLAIN = /^[ !#-[\]-~]*$/;
const ESCAPES = new Map([
  [0x07, '\\a'],
  [0x08, '\\b'],
  [0x09, '\\t'],
  [0x0a, '\\n'],
  [0x0b, '\\v'],
  [0x0c, '\\f'],
  [0x0d, '\\r'],
]);

/** Whether Go prints the character as itself: letters, marks, numbers, punctuation, symbols and the ASCII space. */
export const isPrint = (char: string): boolean => (char <= '\x7f' ? PRINTABLE_ASCII.test(char) : PRINTABLE.test(char));

/** A Go string literal for the text, as strconv.Quote and, with `ascii`, strconv.QuoteToASCII write it. */
export const quote = (text: string, ascii = false): string => {
  if (PLAIN.test(text)) return `"${text}"`;
  let quoted = '"';
  for (const char of text) quoted += escaped(char, '"', ascii);
  return `${quoted}"`;
};

/** A Go character literal for a code point, as strconv.QuoteRune writes it. */
export const quoteRune = (code: number, ascii = false): string => {
  const valid = code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
  return `'${escaped(String.fromCodePoint(valid ? code : 0xfffd), "'", ascii)}'`;
};

/** Whether the text can stand between backquotes as it is. */
export const canBackquote = (text: string): boolean => !/[^\t\P{Cc}]|[`\ufeff]|\p{Cs}/u.test(text.replaceAll(C1, ''));

// Go counts only the ASCII ones as control characters here.
const C1 = /[\u0080-\u009f]/g;

const escaped = (char: string, delimiter: string, ascii: boolean): string => {
  const code = char.codePointAt(0) ?? 0;
  if (code >= 0xdc80 && code <= 0xdcff) return `\\x${(code - 0xdc00).toString(16)}`;
  if (char === delimiter || char === '\\') return `\\${char}`;
  if (code < 0x7f ? code >= 0x20 : !ascii && isPrint(char)) return char;
  const short = ESCAPES.get(code);
  if (short !== undefined) return short;
  if (code < 0x20 || code === 0x7f) return `\\x${code.toString(16).padStart(2, '0')}`;
  return code < 0x10000 ? `\\u${code.toString(16).padStart(4, '0')}` : `\\U${code.toString(16).padStart(8, '0')}`;
};
