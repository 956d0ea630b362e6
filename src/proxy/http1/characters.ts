/**
 * Byte classes of HTTP/1.1 as 256-entry tables: 1 where the byte belongs. Everything that is read from a peer goes
 * through one of these, so a byte no table allows cannot reach the other side.
 */
const table = (allows: (code: number) => boolean): Uint8Array =>
  Uint8Array.from({ length: 256 }, (_, code) => (allows(code) ? 1 : 0));

const TOKEN_CHARACTERS = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/** RFC 9110 5.6.2 tchar. */
export const TOKEN = table((code) => TOKEN_CHARACTERS.includes(String.fromCharCode(code)));

/** RFC 9110 5.5 field values: HTAB, SP, VCHAR, obs-text; no NUL, CR, LF or DEL. */
export const FIELD_VALUE = table((code) => code === 0x09 || (code >= 0x20 && code !== 0x7f));

/** Visible ASCII: what a request target may consist of here. Stricter than RFC 3986 only for what it forbids anyway. */
export const TARGET = table((code) => code > 0x20 && code < 0x7f);

/** RFC 3986 3.2 host, port and IP literals; no userinfo. */
export const AUTHORITY = table((code) => /[A-Za-z0-9._~!$&'()*+,;=:[\]%-]/.test(String.fromCharCode(code)));

/** ASCII upper case to lower case; every other byte is itself. */
export const LOWER = Uint8Array.from({ length: 256 }, (_, code) => (code >= 0x41 && code <= 0x5a ? code + 32 : code));

/** Value of a hexadecimal digit, 255 for any other byte. */
export const HEX_DIGIT = Uint8Array.from({ length: 256 }, (_, code) => {
  const digit = Number.parseInt(String.fromCharCode(code), 16);
  return Number.isNaN(digit) ? 255 : digit;
});

export const CR = 0x0d;
export const LF = 0x0a;
export const SPACE = 0x20;
export const TAB = 0x09;
export const COLON = 0x3a;
export const COMMA = 0x2c;
export const SEMICOLON = 0x3b;
