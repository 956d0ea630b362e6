import { GoPointer, GoSlice, GoStruct, type GoValue } from '../../src/template/value.ts';

/** What a template finds by field names and indexes, through pointers. */
export const valueAt = (value: GoValue, ...path: readonly (string | number)[]): GoValue => {
  let here = value;
  for (const step of path) {
    if (here instanceof GoPointer) here = here.target ?? null;
    if (here instanceof GoSlice && typeof step === 'number') here = here.items?.[step] ?? null;
    else if (here instanceof GoStruct && typeof step === 'string') here = here.read(step);
    else throw new Error(`nothing at ${step}`);
  }
  return here;
};
