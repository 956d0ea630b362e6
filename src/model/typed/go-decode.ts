import { createPlain, type Plain } from '../../yaml/plain.ts';
import { describeValue, isObject } from '../value.ts';
import type { GoStructs } from './descriptor.ts';
import { customOf } from './go-custom.ts';
import { findJsonField, type GoType, type JsonField, jsonFields, parseGoType } from './go-type.ts';

/** A value that the type at its place cannot hold. */
export interface Misfit {
  readonly path: readonly (string | number)[];
  /** The end of a sentence: `must be a whole number of 32 bits, not "a"`. */
  readonly message: string;
}

export interface Decoded {
  /** The object as Go writes it again, keys in the order of the struct. */
  readonly value: Plain;
  readonly misfits: readonly Misfit[];
}

/**
 * Structs in lists that were decoded without misfits, by what they were decoded from and by themselves: values that
 * are shared, or decoded again after a merge, cost once. They must not be changed.
 */
export type DecodedItems = WeakMap<object, { readonly of: GoType; readonly decoded: unknown }>;

/**
 * What Go writes after reading a value into a struct: unknown fields are gone, quantities and times canonical, empty
 * `omitempty` fields absent, and fields without it present (`resources: {}`, `containers: null`). Keys may differ from
 * the fields in case, as encoding/json allows. From `yaml`, numbers and booleans become texts where the struct wants
 * text; from `json` they are misfits. A misfit leaves its field unset.
 */
export const decodeGo = (
  structs: GoStructs,
  type: string,
  value: unknown,
  from: 'yaml' | 'json',
  known?: DecodedItems,
): Decoded => {
  const decoding: Decoding = { structs, lenient: from === 'yaml', known, path: [], misfits: [] };
  const root = parseGoType(structs, type);
  const result = decode(decoding, root, value);
  return { value: isObject(result) ? result : createPlain(), misfits: decoding.misfits };
};

interface Decoding {
  readonly structs: GoStructs;
  readonly lenient: boolean;
  readonly known: DecodedItems | undefined;
  /** Of the value under way; copied where it does not fit. */
  readonly path: (string | number)[];
  readonly misfits: Misfit[];
}

/** The JSON of the value that the type gets; undefined when it stays as it was: for null and for a misfit. */
const decode = (decoding: Decoding, type: GoType, value: unknown): unknown => {
  if (value === null || value === undefined) return undefined;
  switch (type.kind) {
    case 'pointer':
      return decode(decoding, type.of, value);
    case 'struct':
      return isObject(value) ? decodeStruct(decoding, type.name, value) : misfit(decoding, value, 'a mapping');
    case 'list':
      return Array.isArray(value) ? decodeList(decoding, type.of, value) : misfit(decoding, value, 'a list');
    case 'map':
      return isObject(value) ? decodeMap(decoding, type.of, value) : misfit(decoding, value, 'a mapping');
    case 'bool':
      return typeof value === 'boolean' ? value : misfit(decoding, value, 'true or false');
    case 'string':
      return decodeText(decoding.lenient, value) ?? misfit(decoding, value, 'text');
    case 'int32':
      return isWhole(value, 31) ? value : misfit(decoding, value, 'a whole number of 32 bits');
    case 'int64':
      return isWhole(value, 63) ? value : misfit(decoding, value, 'a whole number of 64 bits');
    case 'custom':
      return customOf(type.name).decode(value) ?? misfit(decoding, value, customOf(type.name).wanted);
  }
};

const misfit = (decoding: Decoding, value: unknown, wanted: string): undefined => {
  decoding.misfits.push({ path: [...decoding.path], message: `must be ${wanted}, not ${describeValue(value)}` });
  return undefined;
};

const decodeAt = (decoding: Decoding, part: string | number, type: GoType, value: unknown): unknown => {
  decoding.path.push(part);
  const decoded = decode(decoding, type, value);
  decoding.path.pop();
  return decoded;
};

const isWhole = (value: unknown, bits: number): boolean => {
  if (typeof value === 'bigint') return BigInt.asIntN(bits + 1, value) === value;
  return typeof value === 'number' && Number.isInteger(value) && value >= -(2 ** bits) && value < 2 ** bits;
};

const decodeText = (lenient: boolean, value: unknown): string | undefined => {
  if (typeof value === 'string') return value;
  if (!lenient) return undefined;
  if (typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  return typeof value === 'number' ? printNumber(value) : undefined;
};

/** A number as the YAML library makes text of it: whole ones in full, others as Go's %g of a 32-bit float. */
const printNumber = (value: number): string => {
  if (Number.isInteger(value)) return String(BigInt(value));
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
  const single = Math.fround(value);
  let precision = 1;
  while (precision < 9 && Math.fround(Number(single.toPrecision(precision))) !== single) precision++;
  const shortest = Number(single.toPrecision(precision));
  const exponent = Math.floor(Math.log10(Math.abs(shortest)));
  if (exponent >= -4 && exponent < 6) return String(shortest);
  const [mantissa = '', power = ''] = shortest.toExponential().split('e');
  return `${mantissa}e${power.slice(0, 1)}${power.slice(1).padStart(2, '0')}`;
};

const decodeList = (decoding: Decoding, of: GoType, value: readonly unknown[]): readonly unknown[] =>
  value.map((item, index) => decodeItem(decoding, index, of, item) ?? zeroOf(decoding.structs, of));

const decodeItem = (decoding: Decoding, index: number, of: GoType, item: unknown): unknown => {
  const { known, misfits, lenient } = decoding;
  if (known === undefined || of.kind !== 'struct' || !isObject(item)) return decodeAt(decoding, index, of, item);
  const earlier = known.get(item);
  if (earlier?.of === of) return earlier.decoded;
  const before = misfits.length;
  const decoded = decodeAt(decoding, index, of, item);
  if (misfits.length > before || !isObject(decoded)) return decoded;
  // What fits only leniently is not known to fit.
  if (!lenient) known.set(item, { of, decoded });
  known.set(decoded, { of, decoded });
  return decoded;
};

const decodeMap = (decoding: Decoding, of: GoType, value: Plain): Plain => {
  const result = createPlain();
  for (const key of Object.keys(value).sort()) {
    result[key] = decodeAt(decoding, key, of, value[key]) ?? zeroOf(decoding.structs, of);
  }
  return result;
};

const decodeStruct = (decoding: Decoding, name: string, value: Plain): Plain => {
  const { structs } = decoding;
  const given = new Map<JsonField, string>();
  for (const key of Object.keys(value)) {
    const field = findJsonField(structs, name, key);
    const before = field === undefined ? undefined : given.get(field);
    // Of two keys that mean one field, Go keeps the later one in the order of bytes.
    if (field !== undefined && (before === undefined || before < key)) given.set(field, key);
  }
  const result = createPlain();
  for (const place of jsonFields(structs, name)) {
    const { field, type } = place;
    const key = given.get(place);
    const decoded = key === undefined ? undefined : decodeAt(decoding, key, type, value[key]);
    const isEmpty = decoded === undefined || !isPresent(type, decoded);
    if (field.omitempty === true && isEmpty && !isStruct(type)) continue;
    const json = decoded ?? zeroOf(structs, type);
    if (field.omitzero === true && isZero(structs, type, json)) continue;
    result[field.json] = json;
  }
  return result;
};

/** Structs are never empty to encoding/json. */
const isStruct = (type: GoType): boolean => type.kind === 'struct' || type.kind === 'custom';

/** Whether `omitempty` keeps a value that is set: pointers always, the others unless they are empty. */
const isPresent = (type: GoType, json: unknown): boolean => {
  if (type.kind === 'pointer') return json !== null;
  if (Array.isArray(json)) return json.length > 0;
  if (isObject(json)) return Object.keys(json).length > 0;
  return json !== '' && json !== 0 && json !== 0n && json !== false && json !== null;
};

const isZero = (structs: GoStructs, type: GoType, json: unknown): boolean =>
  JSON.stringify(json) === JSON.stringify(zeroOf(structs, type));

/** JSON of the zero value of a type. */
const zeroOf = (structs: GoStructs, type: GoType): unknown => {
  switch (type.kind) {
    case 'bool':
      return false;
    case 'string':
      return '';
    case 'int32':
    case 'int64':
      return 0;
    case 'struct':
      return zeroStruct(structs, type.name);
    case 'custom':
      return customOf(type.name).zero;
    default:
      return null;
  }
};

const zeroStruct = (structs: GoStructs, name: string): Plain => {
  const result = createPlain();
  for (const { field, type } of jsonFields(structs, name)) {
    if (field.omitzero !== true && (field.omitempty !== true || isStruct(type)))
      result[field.json] = zeroOf(structs, type);
  }
  return result;
};
