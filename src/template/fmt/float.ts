/** Decimal digits without leading or trailing zeros, and where the point stands: 0.DIGITS times 10^point. */
interface Decimal {
  readonly digits: string;
  readonly point: number;
}

export type FloatFormat = 'e' | 'E' | 'f' | 'g' | 'G' | 'b' | 'x' | 'X';

/**
 * A float as Go's strconv.FormatFloat writes it; precision -1 is the fewest digits that read back as the same number
 * of `bits` bits.
 */
export const formatFloat = (value: number, format: FloatFormat, precision: number, bits: 32 | 64 = 64): string => {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  // Most numbers of configuration are such, and JavaScript writes them as Go does.
  if (format === 'g' && precision < 0 && value > 0 && value < 1e6 && Number.isInteger(value)) return String(value);
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  const size = Math.abs(value);
  if (format === 'b') return sign + binaryFloat(size, bits);
  if (format === 'x' || format === 'X') return sign + hexFloat(size, precision, format);
  if (precision < 0) return sign + layOut(shortest(size, bits), format, precision);
  const exact = exactDecimal(size);
  return sign + layOut(round(exact, keptDigits(exact, format, precision)), format, precision);
};

const keptDigits = (decimal: Decimal, format: FloatFormat, precision: number): number => {
  if (format === 'f') return decimal.point + precision;
  if (format === 'e' || format === 'E') return precision + 1;
  return Math.max(precision, 1);
};

const layOut = (decimal: Decimal, format: FloatFormat, precision: number): string => {
  const count = decimal.digits.length;
  if (format === 'f') return plain(decimal, precision < 0 ? Math.max(count - decimal.point, 0) : precision);
  if (format === 'e' || format === 'E')
    return scientific(decimal, precision < 0 ? Math.max(count - 1, 0) : precision, format);
  const letter = format === 'G' ? 'E' : 'e';
  const shortestForm = precision < 0;
  const wanted = shortestForm ? Math.max(count, 1) : Math.max(precision, 1);
  let threshold = wanted;
  if (threshold > count && count >= decimal.point) threshold = count;
  if (shortestForm) threshold = 6;
  const exponent = decimal.point - 1;
  if (exponent < -4 || exponent >= threshold) {
    return scientific(decimal, Math.max(Math.min(wanted, count), 1) - 1, letter);
  }
  return plain(decimal, Math.max(count - decimal.point, 0));
};

const plain = ({ digits, point }: Decimal, precision: number): string => {
  const whole = point > 0 ? digits.slice(0, point).padEnd(point, '0') : '0';
  if (precision <= 0) return whole;
  const fraction = point >= 0 ? digits.slice(point) : '0'.repeat(Math.min(-point, precision)) + digits;
  return `${whole}.${fraction.slice(0, precision).padEnd(precision, '0')}`;
};

const scientific = ({ digits, point }: Decimal, precision: number, letter: string): string => {
  const exponent = digits === '' ? 0 : point - 1;
  const fraction = precision > 0 ? `.${digits.slice(1, precision + 1).padEnd(precision, '0')}` : '';
  return `${digits[0] ?? '0'}${fraction}${letter}${signed(exponent)}`;
};

const signed = (exponent: number): string =>
  `${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;

const shortest = (value: number, bits: 32 | 64): Decimal => {
  if (value === 0) return { digits: '', point: 0 };
  let text = value.toExponential();
  for (let digits = 0; bits === 32 && digits < 9; digits++) {
    text = value.toExponential(digits);
    if (Math.fround(Number(text)) === value) break;
  }
  const [mantissa = '', exponent = '0'] = text.split('e');
  return { digits: mantissa.replace('.', '').replace(/0+$/, ''), point: Number(exponent) + 1 };
};

/** `value` is mantissa times 2^exponent. */
const parts = (value: number): { readonly mantissa: bigint; readonly exponent: number } => {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const raw = view.getBigUint64(0);
  const biased = Number((raw >> 52n) & 0x7ffn);
  const fraction = raw & 0xfffffffffffffn;
  return biased === 0
    ? { mantissa: fraction, exponent: -1074 }
    : { mantissa: fraction | (1n << 52n), exponent: biased - 1075 };
};

const exactDecimal = (value: number): Decimal => {
  const { mantissa, exponent } = parts(value);
  if (mantissa === 0n) return { digits: '', point: 0 };
  const scaled = exponent >= 0 ? mantissa << BigInt(exponent) : mantissa * 5n ** BigInt(-exponent);
  const digits = scaled.toString();
  return { digits: digits.replace(/0+$/, ''), point: digits.length - Math.max(-exponent, 0) };
};

/** Half goes to even, as the digits are exact. */
const round = (decimal: Decimal, count: number): Decimal => {
  const { digits, point } = decimal;
  if (count >= digits.length) return decimal;
  if (count < 0) return { digits: '', point: 0 };
  const next = digits.charCodeAt(count) - 48;
  const isTie = next === 5 && digits.length === count + 1;
  const up = isTie ? count > 0 && (digits.charCodeAt(count - 1) - 48) % 2 === 1 : next >= 5;
  const kept = digits.slice(0, count);
  if (!up) return trimmed(kept, point);
  const grown = (BigInt(kept === '' ? '0' : kept) + 1n).toString();
  return trimmed(grown, point + grown.length - kept.length);
};

const trimmed = (digits: string, point: number): Decimal => {
  const short = digits.replace(/0+$/, '');
  return { digits: short, point: short === '' ? 0 : point };
};

const binaryFloat = (value: number, bits: 32 | 64): string => {
  let { mantissa, exponent } = parts(value);
  if (bits === 32) {
    const shift = value !== 0 && value < 2 ** -126 ? exponent + 149 : -29;
    mantissa = shift < 0 ? mantissa >> BigInt(-shift) : mantissa << BigInt(shift);
    exponent -= shift;
    if (value === 0) exponent = -149;
  }
  return `${mantissa}p${exponent < 0 ? '' : '+'}${exponent}`;
};

const hexFloat = (value: number, precision: number, format: 'x' | 'X'): string => {
  let { mantissa, exponent } = parts(value);
  if (mantissa === 0n) exponent = -52;
  // The leading bit stands before the point.
  while (mantissa !== 0n && mantissa < 1n << 52n) {
    mantissa <<= 1n;
    exponent--;
  }
  if (precision >= 0 && precision < 13) {
    const drop = BigInt(52 - precision * 4);
    const half = 1n << (drop - 1n);
    const rest = mantissa & ((1n << drop) - 1n);
    mantissa >>= drop;
    if (rest > half || (rest === half && (mantissa & 1n) === 1n)) mantissa++;
    mantissa <<= drop;
    if (mantissa >= 1n << 53n) {
      mantissa >>= 1n;
      exponent++;
    }
  }
  const lead = mantissa >> 52n;
  const hex = (mantissa & ((1n << 52n) - 1n)).toString(16).padStart(13, '0');
  const digits = precision < 0 ? hex.replace(/0+$/, '') : hex.slice(0, precision).padEnd(precision, '0');
  const text = `0x${lead}${digits === '' ? '' : `.${digits}`}p${signed(exponent + 52)}`;
  return format === 'X' ? text.toUpperCase() : text;
};
