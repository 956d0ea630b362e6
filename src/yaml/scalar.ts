/** A scalar as the JSON conversion of sigs.k8s.io/yaml gives it. */
export type Scalar = string | number | boolean | null;

/** What an explicit tag makes of a scalar: a value, or the reason why the tag does not fit. */
export type Resolution = { readonly value: Scalar } | { readonly reason: string };

// The words of sigs.k8s.io/yaml 1.6 (go-yaml 2), which is YAML 1.1 with exactly these spellings.
const WORDS: ReadonlyMap<string, Scalar> = new Map<string, Scalar>([
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'].map((word) => [word, true] as const),
  ...['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'].map((word) => [word, false] as const),
  ...['', '~', 'null', 'Null', 'NULL'].map((word) => [word, null] as const),
  ...['.nan', '.NaN', '.NAN'].map((word) => [word, Number.NaN] as const),
  ...['.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF'].map((word) => [word, Number.POSITIVE_INFINITY] as const),
  ...['-.inf', '-.Inf', '-.INF'].map((word) => [word, Number.NEGATIVE_INFINITY] as const),
]);
const LONGEST_WORD = 5;

const INTEGER = /^([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))$/;
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
const MAX_UINT64 = 2n ** 64n - 1n;
const MIN_INT64 = -(2n ** 63n);
const MAX_INT64 = 2n ** 63n - 1n;
/** Decimal digits that always fit a JavaScript integer exactly. */
const SAFE_DIGITS = 15;

const fits = (value: bigint, sign: string): boolean =>
  value >= MIN_INT64 && value <= (sign === '' ? MAX_UINT64 : MAX_INT64);

/** The integer the text denotes in Go's base-0 reading (0x, 0b, 0o and 0 prefixes, underscores dropped), within 64 bits. */
const parseInteger = (text: string): bigint | undefined => {
  const match = INTEGER.exec(text.includes('_') ? text.replaceAll('_', '') : text);
  if (match === null) return undefined;
  const [, sign = '', hex, binary, octal, decimal] = match;
  const digits =
    hex !== undefined
      ? `0x${hex}`
      : binary !== undefined
        ? `0b${binary}`
        : octal !== undefined
          ? `0o${octal}`
          : decimal;
  const magnitude = BigInt(digits ?? '0');
  const value = sign === '-' ? -magnitude : magnitude;
  return fits(value, sign) ? value : undefined;
};

const parseFloating = (text: string): number | undefined => {
  // Behind a leading dot Go takes underscores only between digits; elsewhere anywhere.
  const plain = text.replaceAll(text.startsWith('.') ? /(?<=[0-9])_(?=[0-9])/g : '_', '');
  if (!FLOAT.test(plain)) return undefined;
  const value = Number(plain);
  return Number.isFinite(value) ? value : undefined;
};

const isSimpleDecimal = (text: string): boolean => {
  if (text.length > SAFE_DIGITS || (text.length > 1 && text.charCodeAt(0) === 48)) return false;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code < 48 || code > 57) return false;
  }
  return true;
};

const parseNumber = (text: string): number | undefined => {
  if (isSimpleDecimal(text)) return Number(text);
  const integer = parseInteger(text);
  return integer === undefined ? parseFloating(text) : Number(integer);
};

const lookUp = (text: string): Scalar | undefined => (text.length <= LONGEST_WORD ? WORDS.get(text) : undefined);

/**
 * The value of an unquoted, untagged scalar. Integers beyond 2^53 lose digits as every JavaScript number does; dates and
 * base-60 forms stay text; infinities and NaN come back as such and are the caller's to refuse.
 */
export const resolvePlain = (text: string): Scalar => {
  const first = text.charCodeAt(0);
  if (first >= 48 && first <= 57) return parseNumber(text) ?? text;
  switch (first) {
    case 43: // +
    case 45: // -
    case 46: {
      // .
      const word = lookUp(text);
      return word === undefined ? (parseNumber(text) ?? text) : word;
    }
    case 70: // F
    case 78: // N
    case 79: // O
    case 84: // T
    case 89: // Y
    case 102: // f
    case 110: // n
    case 111: // o
    case 116: // t
    case 121: // y
    case 126: {
      // ~
      const word = lookUp(text);
      return word === undefined ? text : word;
    }
    default:
      return text === '' ? null : text;
  }
};

const YAML_TAG = 'tag:yaml.org,2002:';
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

const decodeBinary = (text: string): Resolution => {
  const packed = text.replaceAll(/[\r\n]/g, '');
  if (!BASE64.test(packed)) return { reason: 'it is not base64' };
  return { value: new TextDecoder().decode(Uint8Array.from(atob(packed), (char) => char.charCodeAt(0))) };
};

const TIMESTAMP =
  /^\d{4}-\d{1,2}-\d{1,2}(?:[Tt]\d{1,2}:\d{1,2}:\d{1,2}(?:\.\d+)?(?:Z|[-+]\d\d:\d\d)| \d{1,2}:\d{1,2}:\d{1,2}(?:\.\d+)?)?$/;

const KIND_OF_TAG: Readonly<Record<string, (value: Scalar, text: string) => boolean>> = {
  int: (value, text) => typeof value === 'number' && parseInteger(text) !== undefined,
  float: (value, text) => typeof value === 'number' && (parseInteger(text) ?? 0n) <= MAX_INT64,
  bool: (value) => typeof value === 'boolean',
  null: (value) => value === null,
  timestamp: (_, text) => TIMESTAMP.test(text),
};

/** Reads a scalar, quoted or not, under an explicit full tag; tags that nobody defines leave the text as it is. */
export const resolveTagged = (tag: string, text: string): Resolution => {
  const kind = tag.startsWith(YAML_TAG) ? tag.slice(YAML_TAG.length) : '';
  if (kind === 'binary') return decodeBinary(text);
  if (!Object.hasOwn(KIND_OF_TAG, kind)) return { value: text };
  const value = resolvePlain(text);
  return KIND_OF_TAG[kind]?.(value, text) === true ? { value } : { reason: `it does not read as !!${kind}` };
};

const formatFloat32 = (value: number): string => {
  const single = Math.fround(value);
  if (Number.isNaN(single)) return '.nan';
  if (!Number.isFinite(single)) return single > 0 ? '.inf' : '-.inf';
  if (single === 0) return Object.is(single, -0) ? '-0' : '0';
  let digits = 0;
  while (digits < 8 && Math.fround(Number(single.toExponential(digits))) !== single) digits++;
  const [mantissa = '', exponent = '0'] = single.toExponential(digits).split('e');
  const power = Number(exponent);
  if (power >= -4 && power < 6) {
    return Number(`${mantissa}e${exponent}`).toFixed(Math.max(0, digits - power));
  }
  return `${mantissa}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
};

/**
 * The text that a non-string mapping key becomes in JSON: integers in decimal, floats as Go prints a float32 with %g,
 * booleans as words. Undefined where the conversion refuses the key (null).
 */
export const keyText = (value: Scalar, text: string): string | undefined => {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  if (value === null) return undefined;
  const integer = parseInteger(text);
  if (integer === undefined) return formatFloat32(value);
  // Go has no conversion for keys that need uint64.
  return integer > MAX_INT64 ? undefined : String(integer);
};
