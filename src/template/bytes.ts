/**
 * Go strings are bytes. Ours are JavaScript strings: text is text, and a byte that is no part of valid UTF-8 is a lone
 * surrogate U+DC00 + byte, so cutting a character in two loses nothing.
 */
const RAW = 0xdc00;
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

const ASCII = /^[\0-\x7f]*$/;
const LONE = /(?<![\ud800-\udbff])[\udc00-\udfff]/g;
const RAW_BYTE = /[\udc80-\udcff]/;
const LONE_RAW = /(?<![\ud800-\udbff])[\udc80-\udcff]/;

/** Whether every byte of the string is one character of it. */
export const isAscii = (text: string): boolean => ASCII.test(text);

/** The bytes of a string. */
export const toBytes = (text: string): Uint8Array => {
  if (!LONE_RAW.test(text)) return encoder.encode(text);
  const bytes: number[] = [];
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    if (isRaw(code)) bytes.push(code - RAW);
    else bytes.push(...encoder.encode(char));
  }
  return Uint8Array.from(bytes);
};

/** The string with these bytes. */
export const fromBytes = (bytes: Uint8Array): string => {
  try {
    return decoder.decode(bytes);
  } catch {
    return decodeSome(bytes);
  }
};

/** Length in bytes: what Go's `len` says of a string. */
export const byteLength = (text: string): number => (isAscii(text) ? text.length : toBytes(text).length);

/** `text[from:to]` by bytes. */
export const sliceBytes = (text: string, from: number, to?: number): string =>
  isAscii(text) ? text.slice(from, to) : fromBytes(toBytes(text).subarray(from, to));

/** The string as text for the world outside, where invalid bytes become U+FFFD each; bytes that met become characters. */
export const toText = (text: string): string =>
  RAW_BYTE.test(text) ? fromBytes(toBytes(text)).replace(LONE, '\ufffd') : text;

/** Joins what cutting has torn apart: the one form of a string, for comparing. */
export const normalize = (text: string): string => (LONE_RAW.test(text) ? fromBytes(toBytes(text)) : text);

const isRaw = (code: number): boolean => code >= 0xdc80 && code <= 0xdcff;

const isSurrogate = (code: number): boolean => code >= 0xd800 && code <= 0xdfff;

/** Text with some bytes that are none: decodes character by character, as Go's utf8.DecodeRune does. */
const decodeSome = (bytes: Uint8Array): string => {
  let text = '';
  let at = 0;
  while (at < bytes.length) {
    const size = sequenceLength(bytes[at] ?? 0);
    const char = size > 0 && at + size <= bytes.length ? decodeOne(bytes.subarray(at, at + size)) : undefined;
    text += char ?? String.fromCharCode(RAW + (bytes[at] ?? 0));
    at += char === undefined ? 1 : size;
  }
  return text;
};

const sequenceLength = (first: number): number => {
  if (first < 0x80) return 1;
  if (first < 0xc2) return 0;
  if (first < 0xe0) return 2;
  if (first < 0xf0) return 3;
  return first < 0xf5 ? 4 : 0;
};

const decodeOne = (bytes: Uint8Array): string | undefined => {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
};

/** Order of the bytes, which is that of code points; UTF-16 differs where surrogates meet characters above them. */
export const compareStrings = (a: string, b: string): number => {
  if (a === b) return 0;
  const end = Math.min(a.length, b.length);
  let at = 0;
  while (at < end && a.charCodeAt(at) === b.charCodeAt(at)) at++;
  if (at === end) return a.length - b.length;
  const left = a.charCodeAt(at);
  const right = b.charCodeAt(at);
  return isSurrogate(left) || isSurrogate(right) ? compareBytes(toBytes(a), toBytes(b)) : left - right;
};

const compareBytes = (a: Uint8Array, b: Uint8Array): number => {
  const at = a.findIndex((byte, index) => byte !== b[index]);
  if (at < 0) return a.length - b.length;
  return at >= b.length ? 1 : (a[at] ?? 0) - (b[at] ?? 0);
};
