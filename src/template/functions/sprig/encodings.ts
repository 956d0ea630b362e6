import { fromBytes, toBytes } from '../../bytes.ts';
import { FunctionError, fixed, type TemplateFunction } from '../../functions.ts';
import { STRING } from '../../type.ts';
import { orElse } from '../or-else.ts';

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** An alphabet of 2 to the power of `bits` characters, written in quanta of `quantum` characters. */
interface Encoding {
  readonly name: string;
  readonly alphabet: string;
  readonly bits: number;
  readonly quantum: number;
}

const base64: Encoding = { name: 'base64', alphabet: BASE64, bits: 6, quantum: 4 };
const base32: Encoding = { name: 'base32', alphabet: BASE32, bits: 5, quantum: 8 };

const encode = ({ alphabet, bits, quantum }: Encoding, bytes: Uint8Array): string => {
  let text = '';
  let held = 0;
  let count = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    for (count += 8; count >= bits; ) {
      count -= bits;
      text += alphabet[(held >> count) & (2 ** bits - 1)];
    }
    held &= 2 ** count - 1;
  }
  if (count > 0) text += alphabet[(held << (bits - count)) & (2 ** bits - 1)];
  return text.padEnd(Math.ceil(text.length / quantum) * quantum, '=');
};

/** Characters of a quantum that may carry data before padding: a count of bytes fits them with less than one character over. */
const fits = ({ bits }: Encoding, characters: number): boolean => (characters * bits) % 8 < bits;

/** Refuses what Go finds corrupt at a byte of the text, line breaks counted. */
const corrupt = (encoding: Encoding, offset: number): never => {
  throw new FunctionError(`illegal ${encoding.name} data at input byte ${offset}`);
};

const decode = (encoding: Encoding, text: string): Uint8Array => {
  const { alphabet, bits, quantum } = encoding;
  const source = toBytes(text);
  const bytes: number[] = [];
  const digits: number[] = [];
  const isBreak = (byte: number | undefined): boolean => byte === 10 || byte === 13;
  let held = 0;
  let count = 0;
  let at = 0;
  for (; at < source.length; at++) {
    const byte = source[at] ?? 0;
    if (isBreak(byte)) continue;
    const digit = byte === 61 ? -1 : alphabet.indexOf(String.fromCharCode(byte));
    if (digit < 0) break;
    digits.push(digit);
    held = (held << bits) | digit;
    count += bits;
    if (count >= 8) {
      count -= 8;
      bytes.push((held >> count) & 255);
    }
    held &= 2 ** count - 1;
  }
  const over = digits.length % quantum;
  const start = at;
  let padding = 0;
  for (; at < source.length && (source[at] === 61 || isBreak(source[at])); at++) if (source[at] === 61) padding++;
  if (over === 0 && start === source.length) return Uint8Array.from(bytes);
  if (source[start] !== 61 && start < source.length) return corrupt(encoding, start);
  if (start === source.length) return corrupt(encoding, source.length - over);
  if (over === 0 || !fits(encoding, over)) return corrupt(encoding, start);
  if (padding !== quantum - over)
    return corrupt(encoding, padding < quantum - over ? source.length : at - (padding - (quantum - over)));
  if (at < source.length) return corrupt(encoding, at);
  return Uint8Array.from(bytes);
};

/** Bytes in standard base64. */
export const toBase64 = (bytes: Uint8Array): string => encode(base64, bytes);

/** The bytes of standard base64; throws a FunctionError with Go's words for what is none. */
export const readBase64 = (text: string): Uint8Array => decode(base64, text);

/** The text of standard base64, or Go's error for what is none. */
const decoding = (name: string, encoding: Encoding): TemplateFunction =>
  fixed(name, [STRING], (text, runtime) => {
    runtime.spend(text.length);
    return orElse(
      () => fromBytes(decode(encoding, text)),
      (message) => message,
    );
  });

const encoding = (name: string, chosen: Encoding): TemplateFunction =>
  fixed(name, [STRING], (text, runtime) => {
    runtime.spend(text.length * 2);
    return encode(chosen, toBytes(text));
  });

/** sprig's base64 and base32; a text that does not decode gives the error as text. */
export const encodingFunctions: readonly TemplateFunction[] = [
  encoding('b64enc', base64),
  decoding('b64dec', base64),
  encoding('b32enc', base32),
  decoding('b32dec', base32),
];
