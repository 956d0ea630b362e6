import { FunctionError } from '../../functions.ts';

/** A decimal number: `value` times ten to the power of `exponent`. */
export interface Decimal {
  readonly value: bigint;
  readonly exponent: number;
}

/** Digits behind the point to which a quotient is rounded. */
const PRECISION = 16;

const powerOfTen = (exponent: number): bigint => 10n ** BigInt(exponent);

/** The decimal that the shortest digits of a float64 stand for. Throws for infinities and NaN. */
export const decimalOf = (value: number): Decimal => {
  if (!Number.isFinite(value)) {
    const name = Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
    throw new FunctionError(`Cannot create a Decimal from ${name}`);
  }
  const [mantissa = '0', exponent = '0'] = value.toExponential().split('e');
  const [whole = '0', fraction = ''] = mantissa.split('.');
  return { value: BigInt(whole + fraction), exponent: value === 0 ? 0 : Number(exponent) - fraction.length };
};

/** The float64 nearest to a decimal. */
export const floatOf = ({ value, exponent }: Decimal): number => Number(`${value}e${exponent}`);

const align = (left: Decimal, right: Decimal): readonly [bigint, bigint, number] => {
  const exponent = Math.min(left.exponent, right.exponent);
  const scaled = (one: Decimal): bigint => one.value * powerOfTen(one.exponent - exponent);
  return [scaled(left), scaled(right), exponent];
};

export const add = (left: Decimal, right: Decimal): Decimal => {
  const [a, b, exponent] = align(left, right);
  return { value: a + b, exponent };
};

export const subtract = (left: Decimal, right: Decimal): Decimal =>
  add(left, { value: -right.value, exponent: right.exponent });

export const multiply = (left: Decimal, right: Decimal): Decimal => ({
  value: left.value * right.value,
  exponent: left.exponent + right.exponent,
});

const magnitude = (value: bigint): bigint => (value < 0n ? -value : value);

/** The quotient to 16 digits behind the point, halves rounded away from zero. Throws for a divisor of 0. */
export const divide = (left: Decimal, right: Decimal): Decimal => {
  if (right.value === 0n) throw new FunctionError('decimal division by 0');
  const shift = left.exponent - right.exponent + PRECISION;
  const dividend = left.value * powerOfTen(Math.max(shift, 0));
  const divisor = right.value * powerOfTen(Math.max(-shift, 0));
  const quotient = dividend / divisor;
  if (magnitude(dividend % divisor) * 2n < magnitude(divisor)) return { value: quotient, exponent: -PRECISION };
  const away = left.value < 0n === right.value < 0n ? 1n : -1n;
  return { value: quotient + away, exponent: -PRECISION };
};
