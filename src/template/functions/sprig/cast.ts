import { GoInt, GoPointer, GoScalar, type GoValue } from '../../value.ts';

const MIN_INT64 = -(2n ** 63n);
const MAX_INT64 = 2n ** 63n - 1n;

const INTEGER = /^([-+]?)(?:0[xX]((?:_?[0-9a-fA-F])+)|0[bB]((?:_?[01])+)|0[oO]?((?:_?[0-7])+)|(0|[1-9](?:_?[0-9])*))$/;

/** strconv.ParseInt with base 0: prefixes 0x, 0b, 0o and 0, underscores between digits; undefined beyond 64 bits. */
export const parseInteger = (text: string): bigint | undefined => {
  const match = INTEGER.exec(text);
  if (match === null) return undefined;
  const [, sign, hex, binary, octal, decimal] = match;
  const digits = [hex && `0x${hex}`, binary && `0b${binary}`, octal && `0o${octal}`, decimal].find((one) => one) ?? '0';
  const magnitude = BigInt(digits.replaceAll('_', ''));
  const value = sign === '-' ? -magnitude : magnitude;
  return value < MIN_INT64 || value > MAX_INT64 ? undefined : value;
};

const DECIMAL = /^[-+]?(?:\d(?:_?\d)*\.?(?:\d(?:_?\d)*)?|\.\d(?:_?\d)*)(?:[eE][-+]?\d(?:_?\d)*)?$/;
const INFINITY = /^([-+]?)inf(?:inity)?$/i;
const HEXADECIMAL = /^([-+]?)0[xX]([0-9a-fA-F]*)\.?([0-9a-fA-F]*)[pP]([-+]?\d+)$/;

/** strconv.ParseFloat with 64 bits; undefined where it fails, for being too large among others. */
const parseFloating = (text: string): number | undefined => {
  if (DECIMAL.test(text)) {
    const value = Number(text.replaceAll('_', ''));
    return Number.isFinite(value) ? value : undefined;
  }
  const infinite = INFINITY.exec(text);
  if (infinite !== null) return infinite[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  if (/^nan$/i.test(text)) return Number.NaN;
  const [, sign, whole = '', fraction = '', exponent = '0'] = HEXADECIMAL.exec(text) ?? [];
  if (whole + fraction === '') return undefined;
  const value = Number(`0x${whole}${fraction}`) * 2 ** (Number(exponent) - 4 * fraction.length);
  return Number.isFinite(value) ? (sign === '-' ? -value : value) : undefined;
};

/** What a float64 converts to on amd64: truncated, the least number where it is out of range. */
const truncate = (value: number): bigint => {
  if (Number.isNaN(value) || value < -(2 ** 63) || value >= 2 ** 63) return MIN_INT64;
  return BigInt(Math.trunc(value));
};

/** The digits before the point of a plain decimal number; other texts as they are. */
const withoutFraction = (text: string): string => {
  const whole = /^([-+]?\d*)\.\d*$/.exec(text)?.[1];
  if (whole === undefined) return text;
  return /\d/.test(whole) ? whole : `${whole}0`;
};

const pointee = (value: GoValue): GoValue =>
  value instanceof GoPointer && value.target !== undefined ? pointee(value.target) : value;

const basicOf = (value: GoValue): GoValue => {
  const target = pointee(value);
  return target instanceof GoScalar ? target.value : target;
};

/** The int64 that spf13/cast makes of a value: 0 of what is no number. */
export const toInt64 = (value: GoValue): bigint => {
  const basic = basicOf(value);
  if (basic instanceof GoInt) return BigInt.asIntN(64, basic.value);
  if (typeof basic === 'number') return truncate(basic);
  if (typeof basic === 'boolean') return basic ? 1n : 0n;
  return typeof basic === 'string' ? (parseInteger(withoutFraction(basic)) ?? 0n) : 0n;
};

/** The float64 that spf13/cast makes of a value: 0 of what is no number. */
export const toFloat64 = (value: GoValue): number => {
  const basic = basicOf(value);
  if (basic instanceof GoInt) return Number(basic.value);
  if (typeof basic === 'number') return basic;
  if (typeof basic === 'boolean') return basic ? 1 : 0;
  return typeof basic === 'string' ? (parseFloating(basic) ?? 0) : 0;
};
