import { fromBytes } from '../../bytes.ts';
import { printValue } from '../../fmt/printer.ts';
import { GoInt, GoSlice, type GoValue } from '../../value.ts';

/** The bytes of a `[]byte`; undefined for other values. */
export const bytesOf = (value: GoValue): Uint8Array | undefined => {
  if (!(value instanceof GoSlice) || value.type.kind !== 'slice' || value.type.elem?.kind !== 'uint8') return undefined;
  return Uint8Array.from(value.items ?? [], (item) => (item instanceof GoInt ? Number(item.value) : 0));
};

/** The text sprig takes a value for: bytes as text, everything else as `%v` prints it. */
export const stringOf = (value: GoValue): string => {
  if (typeof value === 'string') return value;
  const bytes = bytesOf(value);
  return bytes === undefined ? printValue(value) : fromBytes(bytes);
};

/** The texts of a list, nil elements left out; a value that is no list is a list of one, nil of none. */
export const stringsOf = (value: GoValue): readonly string[] => {
  if (value === null) return [];
  if (!(value instanceof GoSlice)) return [stringOf(value)];
  return (value.items ?? []).filter((item) => item !== null).map(stringOf);
};
