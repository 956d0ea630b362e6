import { quote } from '../fmt/quote.ts';
import { unquoteChar } from '../fmt/unquote.ts';
import type { NumberNode } from './node.ts';

/** A number constant as each sort of number that can hold it. */
export type Constant = Pick<NumberNode, 'int' | 'uint' | 'float' | 'complex'>;

const MAX_UINT = 2n ** 64n - 1n;
const MAX_INT = 2n ** 63n - 1n;
const MIN_INT = -(2n ** 63n);

/** The value of a number token, or Go's complaint about it. */
export const readNumber = (
  text: string,
  kind: 'charConstant' | 'complex' | 'number',
): Constant | { readonly wrong: string } => {
  if (kind === 'charConstant') return readChar(text);
  if (kind === 'complex') return readComplex(text);
  if (text.endsWith('i')) {
    const imaginary = parseFloat64(text.slice(0, -1));
    if (imaginary !== undefined) return fromComplex(0, imaginary);
  }
  return readReal(text);
};

const readChar = (text: string): Constant | { readonly wrong: string } => {
  const one = unquoteChar(text.slice(1), "'");
  if (one === undefined) return { wrong: 'invalid syntax' };
  if (one.rest !== "'") return { wrong: `malformed character constant: ${text}` };
  const value = BigInt(one.code);
  return { int: value, uint: value, float: one.code, complex: undefined };
};

const readReal = (text: string): Constant | { readonly wrong: string } => {
  const whole = parseInteger(text);
  const isUint = whole !== undefined && /^\d/.test(text) && whole <= MAX_UINT;
  const isInt = whole !== undefined && whole >= MIN_INT && whole <= MAX_INT;
  if (isInt) {
    return { int: whole, uint: isUint || whole === 0n ? whole : undefined, float: Number(whole), complex: undefined };
  }
  if (isUint) return { int: undefined, uint: whole, float: Number(whole), complex: undefined };
  const float = parseFloat64(text);
  if (float === undefined) return { wrong: `illegal number syntax: ${quote(text)}` };
  if (!/[.eEpP]/.test(text)) return { wrong: `integer overflow: ${quote(text)}` };
  return { ...integersOf(float), float, complex: undefined };
};

const integersOf = (float: number): Pick<Constant, 'int' | 'uint'> => {
  if (!Number.isInteger(float)) return { int: undefined, uint: undefined };
  const value = BigInt(float);
  return {
    int: value >= MIN_INT && value <= MAX_INT ? value : undefined,
    uint: value >= 0n && value <= MAX_UINT ? value : undefined,
  };
};

const fromComplex = (real: number, imaginary: number): Constant => ({
  ...(imaginary === 0 ? integersOf(real) : { int: undefined, uint: undefined }),
  float: imaginary === 0 ? real : undefined,
  complex: { real, imaginary },
});

const readComplex = (text: string): Constant | { readonly wrong: string } => {
  const sign = Math.max(...[...text.matchAll(/(?<![eEpP])[+-]/g)].map((match) => match.index));
  const real = parseFloat64(text.slice(0, sign));
  const imaginary = parseFloat64(text.slice(sign, -1));
  if (real === undefined || imaginary === undefined) return { wrong: `illegal number syntax: ${quote(text)}` };
  return fromComplex(real, imaginary);
};

/** Underscores stand between digits, or between a base prefix and a digit. */
const UNDERSCORES = /^[+-]?(?:0[xX]_?[\da-fA-F]+(?:_[\da-fA-F]+)*|0[bBoO]_?\d+(?:_\d+)*|\d+(?:_\d+)*)/;

const parseInteger = (text: string): bigint | undefined => {
  if (text.includes('_') && UNDERSCORES.exec(text)?.[0] !== text) return undefined;
  const digits = text.replace(/^[+-]/, '').replaceAll('_', '').toLowerCase();
  if (!/^(?:0x[\da-f]+|0b[01]+|0o[0-7]+|0[0-7]*|[1-9]\d*)$/.test(digits)) return undefined;
  const value = BigInt(/^0\d/.test(digits) ? `0o${digits.slice(1)}` : digits);
  return text.startsWith('-') ? -value : value;
};

const parseFloat64 = (text: string): number | undefined => {
  if (text.includes('_') && /(?:^|[^\da-fA-FxX])_|_(?:$|[^\da-fA-F])|__/.test(text)) return undefined;
  const digits = text.replaceAll('_', '');
  const hex = /^([+-]?)0[xX]([\da-fA-F]*)\.?([\da-fA-F]*)[pP]([+-]?\d+)$/.exec(digits);
  if (hex !== null) return finite(hexFloat(hex[1] ?? '', hex[2] ?? '', hex[3] ?? '', Number(hex[4])));
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(digits) ? finite(Number(digits)) : undefined;
};

const finite = (value: number | undefined): number | undefined => (Number.isFinite(value) ? value : undefined);

const hexFloat = (sign: string, whole: string, fraction: string, exponent: number): number | undefined => {
  if (whole === '' && fraction === '') return undefined;
  const size = Number(BigInt(`0x${whole}${fraction}`)) * 2 ** (exponent - 4 * fraction.length);
  return sign === '-' ? -size : size;
};
