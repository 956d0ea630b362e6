import { GoComplex, GoInt, GoMap, GoPointer, GoScalar, GoSlice, type GoValue } from '../../value.ts';

/** Whether sprig takes a value for not set: nil, false, 0, no text, no elements. Structs are always set. */
export const isEmpty = (value: GoValue): boolean => {
  if (value === null || value === false || value === 0 || value === '') return true;
  if (value instanceof GoInt) return value.value === 0n;
  if (value instanceof GoScalar) return isEmpty(value.value);
  if (value instanceof GoComplex) return value.real === 0 && value.imaginary === 0;
  if (value instanceof GoMap) return (value.entries?.size ?? 0) === 0;
  if (value instanceof GoSlice) return (value.items?.length ?? 0) === 0;
  if (value instanceof GoPointer) return value.target === undefined;
  return false;
};
