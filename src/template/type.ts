import type { GoComplex, GoInt, GoMap, GoPointer, GoScalar, GoSlice, GoValue } from './value.ts';

export type IntKind =
  | 'int'
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'uint'
  | 'uint8'
  | 'uint16'
  | 'uint32'
  | 'uint64'
  | 'uintptr';
export type Kind =
  | IntKind
  | 'bool'
  | 'float32'
  | 'float64'
  | 'complex64'
  | 'complex128'
  | 'string'
  | 'map'
  | 'slice'
  | 'array'
  | 'struct'
  | 'pointer'
  | 'interface'
  | 'func';

/**
 * A Go type as reflection sees it. Types are the same when they are the same object: build composite ones with
 * `mapOf`, `sliceOf`, `pointerTo`, which hand out one object for each combination.
 */
export interface GoType<T extends GoValue = GoValue> {
  readonly kind: Kind;
  /** As Go prints it: `map[string]interface {}`, `v1.Protocol`. */
  readonly name: string;
  /** Of a map, slice, array or pointer. */
  readonly elem?: GoType;
  /** Of a map: a string type. */
  readonly key?: GoType;
  /** Of a declared type whose structure is a map, slice, pointer or func: that structure, for assignability. */
  readonly underlying?: GoType;
  /** Of a struct, in Go's order. */
  readonly fields?: readonly GoField[];
  /** Of a func. */
  readonly signature?: Signature;
  /** Method set of exactly this type; that of `*T` stands at `pointerTo(T)` through `methodsOfPointer`. */
  readonly methods?: ReadonlyMap<string, GoMethod>;
  /** Of T: the methods with a `*T` receiver (they may be called with a nil pointer). */
  readonly methodsOfPointer?: ReadonlyMap<string, GoMethod>;
  /** Never set: carries the TypeScript type of the values. */
  readonly holds?: T;
}

export interface GoField {
  readonly name: string;
  readonly type: GoType;
  /** Fields and methods of an embedded struct are reached through the outer one. */
  readonly embedded?: boolean;
  /** The `json` tag, `name,omitempty`; the name of the field where there is none. */
  readonly json?: string;
}

/** Whether a field is seen outside its package: templates and JSON see no other. */
export const isExported = ({ name }: GoField): boolean => {
  const code = name.charCodeAt(0);
  return code < 0x80 ? code >= 0x41 && code <= 0x5a : /^\p{Lu}/u.test(name);
};

/** Parameters of a function: a variadic one's last type is that of each further argument. */
export interface Signature {
  readonly params: readonly GoType[];
  readonly variadic: boolean;
}

export interface GoMethod extends Signature {
  /** The receiver is a value of the type that declares the method, or a GoPointer (possibly nil) to it. */
  readonly call: (receiver: GoValue, args: readonly GoValue[]) => GoValue;
}

const basic = <T extends GoValue>(
  kind: IntKind | 'bool' | 'float32' | 'float64' | 'complex128' | 'string',
): GoType<T> => ({ kind, name: kind });

export const INT = basic<GoInt>('int');
export const INT8 = basic<GoInt>('int8');
export const INT32 = basic<GoInt>('int32');
export const INT64 = basic<GoInt>('int64');
export const UINT8 = basic<GoInt>('uint8');
export const UINT32 = basic<GoInt>('uint32');
export const UINT64 = basic<GoInt>('uint64');
export const FLOAT32 = basic<GoScalar>('float32');
export const COMPLEX128 = basic<GoComplex>('complex128');
export const BOOL = basic<boolean>('bool');
export const STRING = basic<string>('string');
export const FLOAT64 = basic<number>('float64');
/** `interface {}`: any value, nil (null) included. */
export const ANY: GoType = { kind: 'interface', name: 'interface {}' };

const derived = <T extends GoValue>(make: (elem: GoType) => GoType<T>): ((elem: GoType) => GoType<T>) => {
  const known = new WeakMap<GoType, GoType<T>>();
  return (elem) => {
    let type = known.get(elem);
    if (type === undefined) {
      type = make(elem);
      known.set(elem, type);
    }
    return type;
  };
};

/** `[]T`. */
export const sliceOf = derived<GoSlice>((elem) => ({ kind: 'slice', name: `[]${elem.name}`, elem }));

/** `*T`. */
export const pointerTo = derived<GoPointer>((elem) => ({ kind: 'pointer', name: `*${elem.name}`, elem }));

const mapsByKey = new WeakMap<GoType, (elem: GoType) => GoType<GoMap>>();

/** `map[K]T`; K is a string type. */
export const mapOf = (elem: GoType, key: GoType = STRING): GoType<GoMap> => {
  let make = mapsByKey.get(key);
  if (make === undefined) {
    make = derived<GoMap>((of) => ({ kind: 'map', name: `map[${key.name}]${of.name}`, key, elem: of }));
    mapsByKey.set(key, make);
  }
  return make(elem);
};

/** `map[string]interface {}`: what YAML and JSON mappings are. */
export const ANY_MAP: GoType<GoMap> = mapOf(ANY);
/** `map[string]string`. */
export const STRING_MAP: GoType<GoMap> = mapOf(STRING);
/** `[]interface {}`: what YAML and JSON lists are. */
export const ANY_SLICE: GoType<GoSlice> = sliceOf(ANY);
/** `[]string`. */
export const STRING_SLICE: GoType<GoSlice> = sliceOf(STRING);

const UNSIGNED = /^uint/;

/** Whether values of the kind are integers, GoInt. */
export const isIntKind = (kind: Kind): kind is IntKind => INT_BITS.has(kind);

const INT_BITS = new Map<Kind, number>([
  ['int', 64],
  ['int8', 8],
  ['int16', 16],
  ['int32', 32],
  ['int64', 64],
  ['uint', 64],
  ['uint8', 8],
  ['uint16', 16],
  ['uint32', 32],
  ['uint64', 64],
  ['uintptr', 64],
]);

/** Whether the kind is an unsigned integer. */
export const isUnsigned = (kind: Kind): boolean => UNSIGNED.test(kind);

/** The integer as a variable of the kind holds it: overflow wraps round. */
export const wrapInt = (kind: IntKind, value: bigint): bigint => {
  const bits = INT_BITS.get(kind) ?? 64;
  return isUnsigned(kind) ? BigInt.asUintN(bits, value) : BigInt.asIntN(bits, value);
};
