import { normalize } from '../../bytes.ts';
import { GoComplex, GoInt, GoMap, GoPointer, GoScalar, GoSlice, GoStruct, type GoValue } from '../../value.ts';

const equalMaps = (left: GoMap, right: GoMap): boolean => {
  if (left.entries === right.entries) return true;
  if (left.entries === undefined || right.entries === undefined || left.entries.size !== right.entries.size)
    return false;
  for (const [key, value] of left.entries) {
    const other = right.entries.get(key);
    if (other === undefined || !deepEqual(value, other)) return false;
  }
  return true;
};

const equalSlices = (left: GoSlice, right: GoSlice): boolean => {
  if (left.items === undefined || right.items === undefined) return left.items === right.items;
  const others = right.items;
  return left.items.length === others.length && left.items.every((item, at) => deepEqual(item, others[at] ?? null));
};

const equalStructs = (left: GoStruct, right: GoStruct): boolean =>
  (left.type.fields ?? []).every(({ name }) => deepEqual(left.read(name), right.read(name)));

/** reflect.DeepEqual: the same type and, all the way down, the same value; a nil map or slice equals no empty one. */
export const deepEqual = (left: GoValue, right: GoValue): boolean => {
  if (typeof left === 'string' && typeof right === 'string') return normalize(left) === normalize(right);
  if (left === null || right === null || typeof left !== 'object' || typeof right !== 'object') return left === right;
  if (left.type !== right.type) return false;
  if (left instanceof GoInt && right instanceof GoInt) return left.value === right.value;
  if (left instanceof GoScalar && right instanceof GoScalar) return left.value === right.value;
  if (left instanceof GoMap && right instanceof GoMap) return equalMaps(left, right);
  if (left instanceof GoSlice && right instanceof GoSlice) return equalSlices(left, right);
  if (left instanceof GoStruct && right instanceof GoStruct) return equalStructs(left, right);
  if (left instanceof GoComplex && right instanceof GoComplex)
    return left.real === right.real && left.imaginary === right.imaginary;
  if (left instanceof GoPointer && right instanceof GoPointer) {
    if (left.target === undefined || right.target === undefined) return left.target === right.target;
    return deepEqual(left.target, right.target);
  }
  return false;
};
