import { toBytes } from '../bytes.ts';
import { isPrint } from '../fmt/quote.ts';

const HTML = new Map([
  ['\0', '\ufffd'],
  ['"', '&#34;'],
  ["'", '&#39;'],
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
]);

/** Text for HTML, as Go's `html` escapes it. */
export const escapeHtml = (text: string): string => text.replace(/["'&<>]|\0/g, (char) => HTML.get(char) ?? char);

const hex = (code: number): string => `\\u${code.toString(16).toUpperCase().padStart(4, '0')}`;

/** Text for a JavaScript string, as Go's `js` escapes it. */
export const escapeJs = (text: string): string =>
  text.replace(/[\\'"<>&=]|[^ -~]/gu, (char) => {
    const code = char.codePointAt(0) ?? 0;
    if (/[\\'"]/.test(char)) return `\\${char}`;
    if (code < 0x7f) return hex(code);
    // DEL is no special character to Go, and an invalid byte stays what it is.
    return code === 0x7f || isPrint(char) || (code >= 0xdc80 && code <= 0xdcff) ? char : hex(code);
  });

/** Text for the query of a URL. */
export const escapeQuery = (text: string): string => {
  if (/^[\w.~-]*$/.test(text)) return text;
  return Array.from(toBytes(text), (byte) => {
    const char = String.fromCharCode(byte);
    if (/[\w.~-]/.test(char)) return char;
    return byte === 0x20 ? '+' : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }).join('');
};
