import { createPlain, type Plain } from '../../yaml/plain.ts';
import { describeValue, isObject } from '../value.ts';
import type { GoStructs } from './descriptor.ts';
import { customOf } from './go-custom.ts';
import { findJsonField, type GoType, jsonFields, parseGoType } from './go-type.ts';

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
 * What Go writes after reading a value into a struct: unknown fields are gone, quantities and times canonical, empty
 * `omitempty` fields absent, and fields without it present (`resources: {}`, `containers: null`). Keys may differ from
 * the fields in case, as encoding/json allows. From `yaml`, numbers and booleans become texts where the struct wants
 * text; from `json` they are misfits. A misfit leaves its field unset.
 */
export const decodeGo = (structs: GoStructs, type: string, value: unknown, from: 'yaml' | 'json'): Decoded => {
  const decoding: Decoding = { structs, lenient: from === 'yaml', misfits: [] };
  const root = parseGoType(structs, type);
  const result = decode(decoding, root, value, []);
  return { value: isObject(result) ? result : createPlain(), misfits: decoding.misfits };
};

interface Decoding {
  readonly structs: GoStructs;
  readonly lenient: boolean;
  readonly misfits: Misfit[];
}

type Path = readonly (string | number)[];

/** The JSON of the value that the type gets; undefined when it stays as it was: for null and for a misfit. */
const decode = (decoding: Decoding, type: GoType, value: unknown, path: Path): unknown => {
  if (value === null || value === undefined) return undefined;
  const check = <T>(decoded: T | undefined, wanted: string): T | undefined => {
    if (decoded === undefined)
      decoding.misfits.push({ path, message: `must be ${wanted}, not ${describeValue(value)}` });
    return decoded;
  };
  switch (type.kind) {
    case 'pointer':
      return decode(decoding, type.of, value, path);
    case 'struct':
      return check(isObject(value) ? decodeStruct(decoding, type.name, value, path) : undefined, 'a mapping');
    case 'list':
      return check(Array.isArray(value) ? decodeList(decoding, type.of, value, path) : undefined, 'a list');
    case 'map':
      return check(isObject(value) ? decodeMap(decoding, type.of, value, path) : undefined, 'a mapping');
    case 'bool':
      return check(typeof value === 'boolean' ? value : undefined, 'true or false');
    case 'string':
      return check(decodeText(decoding.lenient, value), 'text');
    case 'int32':
      return check(isWhole(value, 31) ? value : undefined, 'a whole number of 32 bits');
    case 'int64':
      return check(isWhole(value, 63) ? value : undefined, 'a whole number of 64 bits');
    case 'custom':
      return check(customOf(type.name).decode(value), customOf(type.name).wanted);
  }
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

const decodeList = (decoding: Decoding, of: GoType, value: readonly unknown[], path: Path): readonly unknown[] =>
  value.map((item, index) => decode(decoding, of, item, [...path, index]) ?? zeroOf(decoding.structs, of));

const decodeMap = (decoding: Decoding, of: GoType, value: Plain, path: Path): Plain => {
  const result = createPlain();
  for (const key of Object.keys(value).sort()) {
    result[key] = decode(decoding, of, value[key], [...path, key]) ?? zeroOf(decoding.structs, of);
  }
  return result;
};

const decodeStruct = (decoding: Decoding, name: string, value: Plain, path: Path): Plain => {
  const given = new Map<string, string>();
  // Of two keys that mean one field, Go keeps the later one in the order of bytes.
  for (const key of Object.keys(value).sort()) {
    const found = findJsonField(decoding.structs, name, key);
    if (found !== undefined) given.set(found.field.json, key);
  }
  const result = createPlain();
  for (const { field, type } of jsonFields(decoding.structs, name)) {
    const key = given.get(field.json);
    const decoded = key === undefined ? undefined : decode(decoding, type, value[key], [...path, key]);
    const json = decoded ?? zeroOf(decoding.structs, type);
    const isEmpty = decoded === undefined || !isPresent(type, json);
    if (field.omitempty === true && isEmpty && !isStruct(type)) continue;
    if (field.omitzero === true && isZero(decoding.structs, type, json)) continue;
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
