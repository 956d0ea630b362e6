import { isAscii, toBytes } from '../bytes.ts';
import type { Flags } from './flags.ts';
import { type FloatFormat, formatFloat } from './float.ts';
import { canBackquote, isPrint, quote, quoteRune } from './quote.ts';

/** The text padded to the width, in characters. */
export const pad = (text: string, flags: Flags, zero = flags.zero): string => {
  if (flags.width <= 0) return text;
  const missing = flags.width - (isAscii(text) ? text.length : [...text].length);
  if (missing <= 0) return text;
  if (flags.minus) return text + ' '.repeat(missing);
  return (zero ? '0' : ' ').repeat(missing) + text;
};

/** The first `precision` characters. */
const truncate = (text: string, precision: number): string => {
  if (precision < 0 || text.length <= precision) return text;
  return isAscii(text) ? text.slice(0, precision) : [...text].slice(0, precision).join('');
};

/** `%s`. */
export const formatString = (text: string, flags: Flags): string => pad(truncate(text, flags.precision), flags);

/** `%q` of a string. */
export const formatQuoted = (text: string, flags: Flags): string => {
  const shown = truncate(text, flags.precision);
  return pad(flags.sharp && canBackquote(shown) ? `\`${shown}\`` : quote(shown, flags.plus), flags);
};

/** `%x` and `%X` of a string or bytes. */
export const formatHex = (content: string | Uint8Array, flags: Flags, upper: boolean): string => {
  const all = typeof content === 'string' ? toBytes(content) : content;
  const bytes = flags.precision >= 0 ? all.subarray(0, flags.precision) : all;
  // An empty one is padded with spaces or zeros, whatever the side.
  if (bytes.length === 0) return (flags.zero && !flags.minus ? '0' : ' ').repeat(Math.max(flags.width, 0));
  const pairs = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0'));
  const prefix = flags.sharp ? '0x' : '';
  const text = flags.space ? pairs.map((pair) => prefix + pair).join(' ') : prefix + pairs.join('');
  return pad(upper ? text.toUpperCase() : text, flags);
};

/** Integers in base 2, 8, 10 or 16; `prefix` is what verb O puts before the digits. */
export const formatInteger = (
  value: bigint,
  base: 2 | 8 | 10 | 16,
  flags: Flags,
  upper = false,
  prefix = '',
): string => {
  const negative = value < 0n;
  const size = negative ? -value : value;
  let least = flags.precision;
  if (least === 0 && size === 0n) return ' '.repeat(Math.max(flags.width, 0));
  if (least < 0 && flags.zero && !flags.minus && flags.width >= 0) {
    least = negative || flags.plus || flags.space ? flags.width - 1 : flags.width;
  }
  let digits = size.toString(base).padStart(Math.max(least, 0), '0');
  if (flags.sharp) {
    if (base === 2) digits = `0b${digits}`;
    if (base === 8 && !digits.startsWith('0')) digits = `0${digits}`;
    if (base === 16) digits = `0x${digits}`;
  }
  const sign = negative ? '-' : flags.plus ? '+' : flags.space ? ' ' : '';
  return pad(sign + prefix + (upper ? digits.toUpperCase() : digits), flags, false);
};

const MAX_RUNE = 0x10ffffn;

/** An integer as an unsigned 64-bit one, as Go converts it for verbs about characters. */
const asRune = (value: bigint): number => {
  const code = BigInt.asUintN(64, value);
  return code > MAX_RUNE ? 0xfffd : Number(code);
};

/** `%c`. */
export const formatChar = (value: bigint, flags: Flags): string => {
  const code = asRune(value);
  return pad(String.fromCodePoint(code >= 0xd800 && code <= 0xdfff ? 0xfffd : code), flags);
};

/** `%q` of an integer. */
export const formatQuotedChar = (value: bigint, flags: Flags): string =>
  pad(quoteRune(asRune(value), flags.plus), flags);

/** `%U`. */
export const formatUnicode = (value: bigint, flags: Flags): string => {
  const code = BigInt.asUintN(64, value);
  const digits = code.toString(16).toUpperCase().padStart(Math.max(flags.precision, 4), '0');
  const char = code <= MAX_RUNE ? String.fromCodePoint(Number(code)) : '';
  const shown = flags.sharp && char !== '' && isPrint(char) ? ` '${char}'` : '';
  return pad(`U+${digits}${shown}`, flags, false);
};

/** Floats; `precision` is used where the flags have none. */
export const formatNumber = (
  value: number,
  bits: 32 | 64,
  format: FloatFormat,
  precision: number,
  flags: Flags,
): string => {
  const wanted = flags.precision >= 0 ? flags.precision : precision;
  const text = formatFloat(value, format, wanted, bits);
  const negative = text.startsWith('-');
  const bare = negative || text.startsWith('+') ? text.slice(1) : text;
  const sign = negative ? '-' : flags.plus ? '+' : flags.space ? ' ' : '';
  if (!Number.isFinite(value)) {
    // Infinity keeps its plus sign only where one is asked for, and neither is padded with zeros.
    return pad(sign + bare, flags, false);
  }
  const digits = flags.sharp && format !== 'b' ? withPoint(bare, format, wanted) : bare;
  const missing = flags.width - sign.length - digits.length;
  if (sign !== '' && flags.zero && !flags.minus && missing > 0) return sign + '0'.repeat(missing) + digits;
  return pad(sign + digits, flags);
};

/** What `#` asks of a number: a decimal point, and for %g the zeros that it drops. */
const withPoint = (text: string, format: FloatFormat, precision: number): string => {
  const isHex = format === 'x' || format === 'X';
  const tailAt = text.search(isHex ? /[pP]/ : /[eE]/);
  let head = tailAt < 0 ? text : text.slice(0, tailAt);
  const tail = tailAt < 0 ? '' : text.slice(tailAt);
  let missing = 0;
  if (format === 'g' || format === 'G' || format === 'x') {
    const figures = head.replace('.', '').replace(/^0+/, '');
    missing = (precision === -1 ? 6 : precision) - figures.length;
  }
  if (!head.includes('.')) {
    if (head === '0') missing--;
    head += '.';
  }
  return head + '0'.repeat(Math.max(missing, 0)) + tail;
};
