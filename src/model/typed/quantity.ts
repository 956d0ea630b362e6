/** `Ki` to `Ei` are powers of 1024, the others of ten. */
const BINARY: ReadonlyMap<string, number> = new Map(
  ['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'].map((text, at) => [text, at + 1]),
);
const DECIMAL: ReadonlyMap<string, number> = new Map(
  ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'].map((text, at) => [text, (at - 3) * 3]),
);
const DECIMAL_SUFFIX: ReadonlyMap<number, string> = new Map([...DECIMAL].map(([text, exponent]) => [exponent, text]));
const BINARY_SUFFIX: ReadonlyMap<number, string> = new Map([...BINARY].map(([text, power]) => [power, text]));

const SHAPE = /^([+-]?)(\d*)(?:\.(\d*))?((?:[eE][+-]?\d+)|[numkMGTPE]|[KMGTPE]i|)$/;
const MAX = 2n ** 63n - 1n;
/** Kubernetes keeps nothing below a billionth. */
const SMALLEST = -9;
/** Beyond these an exponent is no amount anyone means, and the digits would fill the memory. */
const LONGEST = 1000;

/** An amount: `value` times ten to the power of `scale`, and the form in which Kubernetes writes it. */
interface Amount {
  readonly value: bigint;
  readonly scale: number;
  readonly form: 'binary' | 'decimal' | 'exponent';
}

/** A quantity taken apart; leading zeros of the whole part are gone. */
interface Parts {
  readonly sign: string;
  readonly whole: string;
  readonly fraction: string;
  readonly suffix: string;
  /** Power of 1024; undefined for a decimal suffix. */
  readonly power: number | undefined;
  /** Power of ten. */
  readonly exponent: number;
}

/**
 * The text Kubernetes writes for a quantity (`2000m` as `2`, `1024Mi` as `1Gi`, `0.5` as `500m`): the largest suffix
 * that leaves a whole number, never less than a billionth. Short amounts that look canonical stay as they are, such as
 * `+1` and `1e0`. Undefined for what is no quantity; without any digit it is 0, as `.` and `Ki`.
 */
export const canonicalQuantity = (text: string): string | undefined => {
  const parts = text === '' ? undefined : split(text);
  if (parts === undefined || !(/\d/.test(text) || isShort(parts))) return undefined;
  return looksCanonical(parts) ? text : print(amountOf(parts));
};

const split = (text: string): Parts | undefined => {
  const match = text.length > LONGEST ? null : SHAPE.exec(text);
  if (match === null) return undefined;
  const [, sign = '', digits = '', fraction = '', suffix = ''] = match;
  const power = BINARY.get(suffix);
  const exponent = power === undefined ? (DECIMAL.get(suffix) ?? Number(suffix.slice(1))) : 0;
  if (Math.abs(exponent) > LONGEST) return undefined;
  return { sign, whole: digits.replace(/^0+/, '') || '0', fraction, suffix, power, exponent };
};

/** Whether Kubernetes computes with machine integers: it is more lenient then. */
const isShort = ({ whole, fraction, power, exponent }: Parts): boolean =>
  power === undefined
    ? whole.length + fraction.length <= 18 && exponent - fraction.length >= SMALLEST
    : fraction === '' && 14 - whole.length - 3 * power >= 0;

/** Kubernetes reuses the text of a short amount, without a look at signs and empty fractions. */
const looksCanonical = (parts: Parts): boolean => {
  const { whole, fraction, power, exponent } = parts;
  if (!isShort(parts)) return false;
  if (power !== undefined) return BigInt(whole) % 8n !== 0n;
  const digits = whole + fraction;
  return (exponent - fraction.length) % 3 === 0 && !digits.endsWith('000') && !digits.startsWith('0');
};

const amountOf = ({ sign, whole, fraction, suffix, power, exponent }: Parts): Amount => {
  const digits = BigInt(whole + fraction);
  const magnitude = sign === '-' ? -digits : digits;
  if (power !== undefined) return binary(magnitude * 1024n ** BigInt(power), fraction.length);
  const form = DECIMAL.has(suffix) ? 'decimal' : 'exponent';
  return { ...round(magnitude, exponent - fraction.length), form };
};

const binary = (magnitude: bigint, places: number): Amount => {
  const amount = round(magnitude, -places);
  const size = abs(amount.value);
  const one = 10n ** BigInt(-amount.scale);
  if (size > MAX * one) return { value: magnitude < 0n ? -MAX : MAX, scale: 0, form: 'binary' };
  return { ...amount, form: size > 0n && size < one ? 'decimal' : 'binary' };
};

const abs = (value: bigint): bigint => (value < 0n ? -value : value);

/** Rounds away from zero to a billionth. */
const round = (value: bigint, scale: number): { readonly value: bigint; readonly scale: number } => {
  if (scale >= SMALLEST) return { value, scale };
  const divisor = 10n ** BigInt(SMALLEST - scale);
  const up = (abs(value) + divisor - 1n) / divisor;
  return { value: value < 0n ? -up : up, scale: SMALLEST };
};

const print = ({ value, scale, form }: Amount): string => {
  if (value === 0n) return '0';
  if (form === 'binary') {
    const whole = wholeOf(value, scale);
    if (whole !== undefined && abs(whole) >= 1024n) return printBinary(whole);
  }
  return printDecimal(value, scale, form);
};

const wholeOf = (value: bigint, scale: number): bigint | undefined => {
  if (scale >= 0) return value * 10n ** BigInt(scale);
  const one = 10n ** BigInt(-scale);
  return value % one === 0n ? value / one : undefined;
};

const printBinary = (whole: bigint): string => {
  let value = whole;
  let power = 0;
  for (; value % 1024n === 0n; power++) value /= 1024n;
  return `${value}${BINARY_SUFFIX.get(power) ?? ''}`;
};

const printDecimal = (amount: bigint, scale: number, form: Amount['form']): string => {
  let value = amount;
  let exponent = scale;
  for (; value % 10n === 0n; exponent++) value /= 10n;
  for (; exponent % 3 !== 0; exponent--) value *= 10n;
  if (form === 'exponent') return exponent === 0 ? `${value}` : `${value}e${exponent}`;
  return `${value}${DECIMAL_SUFFIX.get(exponent) ?? ''}`;
};
