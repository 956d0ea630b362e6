import { isObject } from '../value.ts';
import type { GoField, GoStructs } from './descriptor.ts';

/** A Go type taken apart; `struct` names a key of the structs, `custom` a type with a JSON form of its own. */
export type GoType =
  | { readonly kind: 'pointer' | 'list' | 'map'; readonly of: GoType }
  | { readonly kind: 'struct' | 'custom'; readonly name: string }
  | { readonly kind: 'string' | 'bool' | 'int32' | 'int64' };

/** A field as JSON sees it: fields of inlined structs stand beside the others, in the order Go writes them. */
export interface JsonField {
  readonly field: GoField;
  readonly type: GoType;
}

const SCALARS = { string: true, bool: true, int32: true, int64: true } as const;
const isScalar = (text: string): text is keyof typeof SCALARS => Object.hasOwn(SCALARS, text);

/** Reads a type as descriptors write it, such as `[]*core/v1.Container`; throws for one the descriptors cannot hold. */
export const parseGoType = (structs: GoStructs, text: string): GoType => {
  if (text.startsWith('*')) return { kind: 'pointer', of: parseGoType(structs, text.slice(1)) };
  if (text.startsWith('[]')) return { kind: 'list', of: parseGoType(structs, text.slice(2)) };
  if (text.startsWith('map[string]')) return { kind: 'map', of: parseGoType(structs, text.slice(11)) };
  if (isScalar(text)) return { kind: text };
  const fields = structs[text];
  if (fields === undefined) throw new Error(`no Go type ${text}`);
  return { kind: fields.length === 0 ? 'custom' : 'struct', name: text };
};

/** The fields of a struct, and the same by name: a name as it is, and folded for those that only differ in case. */
interface Fields {
  readonly all: readonly JsonField[];
  readonly byName: ReadonlyMap<string, JsonField>;
  readonly byFolded: ReadonlyMap<string, JsonField>;
}

const flattened = new WeakMap<GoStructs, Map<string, Fields>>();

const fieldsOf = (structs: GoStructs, name: string): Fields => {
  let known = flattened.get(structs);
  if (known === undefined) {
    known = new Map();
    flattened.set(structs, known);
  }
  let fields = known.get(name);
  if (fields === undefined) {
    fields = readFields(structs, name);
    known.set(name, fields);
  }
  return fields;
};

const readFields = (structs: GoStructs, name: string): Fields => {
  const all = (structs[name] ?? []).flatMap((field) => {
    const type = parseGoType(structs, field.type);
    return field.json === '' && type.kind === 'struct' ? jsonFields(structs, type.name) : [{ field, type }];
  });
  // Backwards, so that the first of a name stays.
  const entries = all.toReversed().map((place) => [place.field.json, place] as const);
  return {
    all,
    byName: new Map(entries),
    byFolded: new Map(entries.map(([json, place]) => [folded(json), place])),
  };
};

/** The fields JSON has for a struct, inlined ones included, in the order in which Go writes them. */
export const jsonFields = (structs: GoStructs, name: string): readonly JsonField[] => fieldsOf(structs, name).all;

const folded = (text: string): string => text.toUpperCase().toLowerCase();

/** The field a JSON key means to Go's encoding/json: that name, or the first that differs in case alone. */
export const findJsonField = (structs: GoStructs, name: string, key: string): JsonField | undefined => {
  const { byName, byFolded } = fieldsOf(structs, name);
  return byName.get(key) ?? byFolded.get(folded(key));
};

/** The type behind pointers. */
export const pointedTo = (type: GoType): GoType => (type.kind === 'pointer' ? pointedTo(type.of) : type);

/** Whether two values of JSON have the same Go type after decoding into `any`. */
export const jsonKind = (value: unknown): 'null' | 'list' | 'map' | 'string' | 'bool' | 'number' => {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return 'list';
  if (isObject(value)) return 'map';
  if (typeof value === 'string') return 'string';
  return typeof value === 'boolean' ? 'bool' : 'number';
};
