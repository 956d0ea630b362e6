import { GoPointer, GoStruct, type GoValue } from '../template/value.ts';

const sources = new WeakMap<GoStruct, unknown>();

/** Notes the JSON that a struct shows, for the template functions that print structs as JSON. */
export const remember = (struct: GoStruct, json: unknown): GoStruct => {
  sources.set(struct, json);
  return struct;
};

/** The JSON that a struct (or a pointer to one) shows; null for a nil pointer, undefined for any other value. */
export const behind = (value: GoValue): unknown => {
  if (value instanceof GoPointer) return value.target === undefined ? null : behind(value.target);
  return value instanceof GoStruct ? sources.get(value) : undefined;
};
