import type { GoStructs } from '../model/typed/descriptor.ts';
import { printGoJson } from '../model/typed/go-json.ts';
import { type GoType as Descriptor, parseGoType } from '../model/typed/go-type.ts';
import { isObject } from '../model/value.ts';
import {
  BOOL,
  type GoField,
  type GoMethod,
  type GoType,
  INT32,
  INT64,
  mapOf,
  pointerTo,
  STRING,
  sliceOf,
} from '../template/type.ts';
import { GoInt, GoMap, GoPointer, GoSlice, GoStruct, type GoValue } from '../template/value.ts';
import { behind, remember } from './json-behind.ts';
import { type Made, remembered } from './remembered.ts';

/**
 * A decoded Kubernetes object (the JSON that `decodeGo` gives) as the Go struct that templates see: Go's field names
 * and types, pointers that may be nil, nothing made before it is asked for.
 */
export const goStruct = (structs: GoStructs, type: string, json: unknown): GoValue => {
  const of = parseGoType(structs, type);
  return viewOf(structs, of, typeOf(structs, of), json ?? undefined);
};

const viewOf = (structs: GoStructs, of: Descriptor, type: GoType, json: unknown): GoValue => {
  const below = (inner: Descriptor, value: unknown): GoValue =>
    viewOf(structs, inner, type.elem ?? typeOf(structs, inner), value);
  switch (of.kind) {
    case 'pointer':
      return new GoPointer(type, json === null || json === undefined ? undefined : below(of.of, json));
    case 'list':
      return new GoSlice(type, Array.isArray(json) ? json.map((item) => below(of.of, item)) : undefined);
    case 'map': {
      const entries = isObject(json) ? Object.entries(json) : undefined;
      return new GoMap(type, entries && new Map(entries.map(([key, entry]) => [key, below(of.of, entry)])));
    }
    case 'struct':
      return structOf(structs, of.name, type, json);
    case 'custom':
      return remember(new GoStruct(type, () => null), json ?? null);
    case 'bool':
      return json === true;
    case 'string':
      return typeof json === 'string' ? json : '';
    default:
      return new GoInt(type, typeof json === 'number' || typeof json === 'bigint' ? BigInt(json) : 0n);
  }
};

const structOf = (structs: GoStructs, name: string, type: GoType, json: unknown): GoStruct => {
  const made = new Map<string, GoValue>();
  const read = (wanted: string): GoValue => {
    const known = made.get(wanted);
    if (known !== undefined) return known;
    const member = membersOf(structs, name).get(wanted);
    if (member === undefined) return null;
    const below = member.json === '' ? json : isObject(json) ? json[member.json] : undefined;
    const value = viewOf(structs, member.of, member.type, below);
    made.set(wanted, value);
    return value;
  };
  return remember(new GoStruct(type, read), json ?? {});
};

/** What a struct holds under a Go name; `json` is empty for a struct whose fields stand in its place. */
interface Member {
  readonly json: string;
  readonly of: Descriptor;
  readonly type: GoType;
}

const members: Made<ReadonlyMap<string, Member>> = new WeakMap();

const membersOf = (structs: GoStructs, name: string): ReadonlyMap<string, Member> =>
  remembered(members, structs, name, () => {
    const fields = (structs[name] ?? []).map(({ go, json, type }) => ({ go, json, of: parseGoType(structs, type) }));
    return new Map(fields.map(({ go, json, of }) => [go, { json, of, type: typeOf(structs, of) }]));
  });

const types: Made<GoType> = new WeakMap();

const typeOf = (structs: GoStructs, of: Descriptor): GoType => {
  switch (of.kind) {
    case 'pointer':
      return pointerTo(typeOf(structs, of.of));
    case 'list':
      return sliceOf(typeOf(structs, of.of));
    case 'map':
      return mapOf(typeOf(structs, of.of));
    case 'struct':
    case 'custom':
      return declaredType(structs, of.name);
    case 'bool':
      return BOOL;
    case 'string':
      return STRING;
    case 'int32':
      return INT32;
    case 'int64':
      return INT64;
  }
};

const declaredType = (structs: GoStructs, name: string): GoType =>
  remembered(types, structs, name, () => declare(structs, name));

/** The fields are made when asked for, so that a template pays for the structs it goes through. */
const declare = (structs: GoStructs, name: string): GoType => {
  let fields: readonly GoField[] | undefined;
  return {
    kind: 'struct',
    name: name.slice(name.lastIndexOf('/') + 1),
    methodsOfPointer: structs[name]?.length === 0 ? TEXT_METHODS : new Map(),
    get fields() {
      fields ??= (structs[name] ?? []).map(({ go, json, type, embedded, omitempty, omitzero }) => ({
        name: go,
        type: typeOf(structs, parseGoType(structs, type)),
        json: `${json}${omitempty === true ? ',omitempty' : ''}${omitzero === true ? ',omitzero' : ''}`,
        ...(embedded === undefined ? {} : { embedded }),
      }));
      return fields;
    },
  };
};

const method = (call: (json: unknown) => string): GoMethod => ({
  params: [],
  variadic: false,
  call: (receiver) => call(behind(receiver)),
});

/** Quantities, times and int-or-strings print the text that they are in JSON. */
const TEXT_METHODS: ReadonlyMap<string, GoMethod> = new Map([
  ['String', method((json) => String(json ?? ''))],
  ['MarshalJSON', method(printGoJson)],
]);
