import { suggest } from '../../base/distance.ts';
import type { GoStructs } from '../../model/typed/descriptor.ts';
import type { Misfit } from '../../model/typed/go-decode.ts';
import { findJsonField, type GoType, jsonFields, parseGoType, pointedTo } from '../../model/typed/go-type.ts';
import { isObject } from '../../model/value.ts';

/** The keys of a value that the Go struct has no field for, each with the field that was probably meant. */
export const unknownFields = (structs: GoStructs, type: string, value: unknown): readonly Misfit[] =>
  below(structs, parseGoType(structs, type), value, []);

const below = (structs: GoStructs, given: GoType, value: unknown, path: Misfit['path']): readonly Misfit[] => {
  const type = pointedTo(given);
  if (type.kind === 'list' && Array.isArray(value)) {
    return value.flatMap((item, index) => below(structs, type.of, item, [...path, index]));
  }
  if (!isObject(value)) return [];
  if (type.kind === 'map') {
    return Object.entries(value).flatMap(([key, entry]) => below(structs, type.of, entry, [...path, key]));
  }
  if (type.kind !== 'struct') return [];
  return Object.entries(value).flatMap(([key, entry]) => {
    const field = findJsonField(structs, type.name, key);
    if (field !== undefined) return below(structs, field.type, entry, [...path, key]);
    const near = suggest(
      key,
      jsonFields(structs, type.name).map((each) => each.field.json),
    );
    const hint = near === undefined ? '' : `; did you mean "${near}"?`;
    return [{ path: [...path, key], message: `unknown field "${key}" in ${shortName(type.name)}${hint}` }];
  });
};

const shortName = (name: string): string => name.slice(name.lastIndexOf('.') + 1);
