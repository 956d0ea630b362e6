import { compareStrings, normalize } from '../bytes.ts';
import { sprintf } from '../fmt/printf.ts';
import { FunctionError } from '../functions.ts';
import { type GoType, isIntKind, isUnsigned } from '../type.ts';
import {
  GoComplex,
  GoFunc,
  GoInt,
  GoMap,
  GoPointer,
  GoScalar,
  GoSlice,
  GoStruct,
  type GoValue,
  typeOf,
} from '../value.ts';
import type { Value } from './state.ts';

type BasicKind = 'bool' | 'complex' | 'int' | 'uint' | 'float' | 'string';

const basicKind = (value: Value): BasicKind | undefined => {
  const kind = typeOf(value ?? null)?.kind;
  if (kind === undefined) return undefined;
  if (isIntKind(kind)) return isUnsigned(kind) ? 'uint' : 'int';
  switch (kind) {
    case 'bool':
    case 'string':
      return kind;
    case 'float32':
    case 'float64':
      return 'float';
    case 'complex64':
    case 'complex128':
      return 'complex';
    default:
      return undefined;
  }
};

const isInteger = (kind: BasicKind | undefined): boolean => kind === 'int' || kind === 'uint';

/** What a bool, string or float holds whatever its type. */
const held = (value: Value): Value | boolean | string | number => (value instanceof GoScalar ? value.value : value);

const incompatible = (left: Value, right: Value): FunctionError =>
  new FunctionError(`incompatible types for comparison: ${nameOf(left)} and ${nameOf(right)}`);

const nameOf = (value: Value): string => typeOf(value ?? null)?.name ?? '<nil>';

/** Go's `eq`: whether the first equals one of the others. Throws a FunctionError where they can't be compared. */
export const equalsAny = (left: Value, others: readonly Value[]): boolean => {
  if (others.length === 0) throw new FunctionError('missing argument for comparison');
  return others.some((right) => equals(left, right));
};

const equals = (left: Value, right: Value): boolean => {
  const leftKind = basicKind(left);
  const rightKind = basicKind(right);
  if (isInteger(leftKind) && isInteger(rightKind)) {
    return left instanceof GoInt && right instanceof GoInt && left.value === right.value;
  }
  if (leftKind !== rightKind) {
    if (isNothing(left) || isNothing(right)) return false;
    throw incompatible(left, right);
  }
  if (leftKind === undefined) return equalsOther(left, right);
  if (left instanceof GoComplex && right instanceof GoComplex) {
    return left.real === right.real && left.imaginary === right.imaginary;
  }
  return sameHeld(held(left), held(right));
};

const sameHeld = (left: Value, right: Value): boolean =>
  left === right || (typeof left === 'string' && typeof right === 'string' && normalize(left) === normalize(right));

const isNothing = (value: Value): value is null | undefined => value === null || value === undefined;

const equalsOther = (left: Value, right: Value): boolean => {
  if (isNothing(left) || isNothing(right)) return isNil(left) && isNil(right);
  if (typeOf(left)?.kind !== typeOf(right)?.kind) {
    const values = sprintf('%s: %s, ', [left, nameOf(left)]) + sprintf('%s: %v', [nameOf(right), right]);
    throw new FunctionError(`non-comparable types ${values}`);
  }
  if (isNil(left) || isNil(right)) return isNil(left) === isNil(right);
  if (!isComparable(typeOf(right))) {
    throw new FunctionError(`non-comparable type ${sprintf('%s: %s', [right, nameOf(right)])}`);
  }
  return isSame(left, right);
};

const isNil = (value: Value): boolean => {
  if (isNothing(value)) return true;
  if (value instanceof GoPointer) return value.target === undefined;
  if (value instanceof GoMap) return value.entries === undefined;
  return value instanceof GoSlice && value.type.kind === 'slice' && value.items === undefined;
};

const isComparable = (type: GoType | undefined): boolean => {
  if (type === undefined) return true;
  if (type.kind === 'map' || type.kind === 'slice' || type.kind === 'func') return false;
  if (type.kind === 'array') return isComparable(type.elem);
  return type.kind !== 'struct' || (type.fields ?? []).every((field) => isComparable(field.type));
};

/** Go's `==` of two interfaces. */
const isSame = (left: GoValue, right: GoValue): boolean => {
  if (left === right) return true;
  if (typeOf(left) !== typeOf(right)) return false;
  if (left instanceof GoStruct && right instanceof GoStruct) {
    return (left.type.fields ?? []).every(({ name }) => isSame(left.read(name), right.read(name)));
  }
  if (left instanceof GoSlice && right instanceof GoSlice) {
    return (left.items ?? []).every((item, index) => isSame(item, right.items?.[index] ?? null));
  }
  if (left instanceof GoPointer && right instanceof GoPointer) return left.target === right.target;
  if (left instanceof GoFunc || right instanceof GoFunc) return false;
  return basicKind(left) !== undefined && equals(left, right);
};

/** Go's `lt`. Throws a FunctionError where the two have no order. */
export const isLess = (left: Value, right: Value): boolean => {
  const leftKind = basicKind(left);
  const rightKind = basicKind(right);
  if (leftKind === undefined || rightKind === undefined) throw new FunctionError('invalid type for comparison');
  if (left instanceof GoInt && right instanceof GoInt) return left.value < right.value;
  if (leftKind !== rightKind) throw incompatible(left, right);
  const a = held(left);
  const b = held(right);
  if (typeof a === 'number' && typeof b === 'number') return a < b;
  if (typeof a === 'string' && typeof b === 'string') return compareStrings(a, b) < 0;
  throw new FunctionError('invalid type for comparison');
};
