import { GoComplex, GoInt, GoMap, GoPointer, GoScalar, GoSlice } from '../value.ts';
import type { Value } from './state.ts';

/** Whether `if` takes the value for true: not the zero value of its type; structs always are. */
export const isTrue = (value: Value): boolean => {
  if (typeof value !== 'object' || value === null) return Boolean(value) || Number.isNaN(value);
  if (value instanceof GoInt) return value.value !== 0n;
  if (value instanceof GoMap) return (value.entries?.size ?? 0) > 0;
  if (value instanceof GoSlice) return (value.items?.length ?? 0) > 0;
  if (value instanceof GoScalar) return Boolean(value.value) || Number.isNaN(value.value);
  if (value instanceof GoComplex) return value.real !== 0 || value.imaginary !== 0;
  if (value instanceof GoPointer) return value.target !== undefined;
  return true;
};
