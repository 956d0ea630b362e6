import { createPlain, type Plain } from '../yaml/plain.ts';
import { ANY_MAP, ANY_SLICE, BOOL, FLOAT64, type GoType, INT, type Signature, STRING } from './type.ts';

/**
 * A Go value with its dynamic type.
 *
 * null is the nil interface; a boolean, string or number is Go's bool, string or float64; everything else is one of
 * the classes below. A nil map, slice or pointer is a value of its class with a type, not null.
 * A string holds text; a byte that is no valid UTF-8 stands in it as a lone surrogate U+DC80..U+DCFF (see bytes.ts).
 */
export type GoValue =
  | null
  | boolean
  | string
  | number
  | GoInt
  | GoScalar
  | GoComplex
  | GoMap
  | GoSlice
  | GoStruct
  | GoPointer
  | GoFunc;

/** Any integer, declared types with integer kind included. `value` is always within the range of the kind. */
export class GoInt {
  readonly type: GoType;
  readonly value: bigint;

  constructor(type: GoType, value: bigint) {
    this.type = type;
    this.value = value;
  }
}

/** A bool, string or float of a type other than the predeclared bool, string and float64: float32, `v1.Protocol`. */
export class GoScalar {
  readonly type: GoType;
  readonly value: boolean | string | number;

  constructor(type: GoType, value: boolean | string | number) {
    this.type = type;
    this.value = value;
  }
}

export class GoComplex {
  readonly type: GoType;
  readonly real: number;
  readonly imaginary: number;

  constructor(type: GoType, real: number, imaginary: number) {
    this.type = type;
    this.real = real;
    this.imaginary = imaginary;
  }
}

/** A map with string keys, shared and mutable as in Go; a nil map has no `entries`. */
export class GoMap {
  readonly type: GoType;
  readonly entries: Map<string, GoValue> | undefined;

  constructor(type: GoType, entries: Map<string, GoValue> | undefined) {
    this.type = type;
    this.entries = entries;
  }
}

/** A slice or array; its capacity is its length. A nil slice has no `items`. */
export class GoSlice {
  readonly type: GoType;
  readonly items: readonly GoValue[] | undefined;

  constructor(type: GoType, items: readonly GoValue[] | undefined) {
    this.type = type;
    this.items = items;
  }
}

/** A struct value; `read` may make a field's value when it is first asked for, and is asked for declared fields only. */
export class GoStruct {
  readonly type: GoType;
  readonly read: (field: string) => GoValue;

  constructor(type: GoType, read: (field: string) => GoValue) {
    this.type = type;
    this.read = read;
  }
}

/** A pointer; a nil one has no `target`. */
export class GoPointer {
  readonly type: GoType;
  readonly target: GoValue | undefined;

  constructor(type: GoType, target: GoValue | undefined) {
    this.type = type;
    this.target = target;
  }
}

/** A func value: a field or map entry that templates may `call`. */
export class GoFunc {
  readonly type: GoType & { readonly signature: Signature };
  readonly call: (args: readonly GoValue[]) => GoValue;

  constructor(type: GoType & { readonly signature: Signature }, call: (args: readonly GoValue[]) => GoValue) {
    this.type = type;
    this.call = call;
  }
}

/** The dynamic type; undefined for nil. */
export const typeOf = (value: GoValue): GoType | undefined => {
  switch (typeof value) {
    case 'string':
      return STRING;
    case 'number':
      return FLOAT64;
    case 'boolean':
      return BOOL;
    default:
      return value?.type;
  }
};

/** Go's `int`. */
export const int = (value: number | bigint): GoInt => new GoInt(INT, BigInt(value));

/** A `map[string]interface {}` with these entries, not copied. */
export const anyMap = (entries: Map<string, GoValue> = new Map()): GoMap => new GoMap(ANY_MAP, entries);

/** A `[]interface {}` of these items, not copied. */
export const anySlice = (items: readonly GoValue[]): GoSlice => new GoSlice(ANY_SLICE, items);

/** A plain value (of YAML or JSON) as Go decodes it into `interface {}`: every number is a float64, a bigint too. */
export const fromPlain = (value: unknown): GoValue => {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return anySlice(value.map(fromPlain));
  const entries = new Map<string, GoValue>();
  for (const [key, entry] of Object.entries(value as object)) entries.set(key, fromPlain(entry));
  return anyMap(entries);
};

/**
 * A value as plain YAML or JSON: structs by their Go field names, nil pointers, maps and slices as null, integers
 * beyond 2^53 as bigint. Functions and complex numbers have no plain form and become null.
 */
export const toPlain = (value: GoValue): unknown => {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof GoInt) {
    const number = Number(value.value);
    return Number.isSafeInteger(number) ? number : value.value;
  }
  if (value instanceof GoScalar) return value.value;
  if (value instanceof GoSlice) return value.items?.map(toPlain) ?? null;
  if (value instanceof GoPointer) return toPlain(value.target ?? null);
  if (value instanceof GoMap) return value.entries === undefined ? null : plainOf(value.entries);
  if (value instanceof GoStruct) {
    return plainOf((value.type.fields ?? []).map((field) => [field.name, value.read(field.name)]));
  }
  return null;
};

const plainOf = (entries: Iterable<readonly [string, GoValue]>): Plain => {
  const plain = createPlain();
  for (const [key, entry] of entries) plain[key] = toPlain(entry);
  return plain;
};
