import type { ProtoField, ProtoSet } from '../model/typed/descriptor.ts';
import { zeroScalar } from '../model/typed/proto-scalar.ts';
import { isObject } from '../model/value.ts';
import {
  ANY,
  BOOL,
  FLOAT64,
  type GoField,
  type GoMethod,
  type GoType,
  INT32,
  INT64,
  mapOf,
  pointerTo,
  STRING,
  sliceOf,
  UINT32,
} from '../template/type.ts';
import { fromPlain, GoInt, GoMap, GoPointer, GoSlice, GoStruct, type GoValue } from '../template/value.ts';
import { behind, remember } from './json-behind.ts';
import { type Made, remembered } from './remembered.ts';

/**
 * A message in canonical JSON form as the Go struct that templates see, behind a pointer: Go's field names, enums that
 * print their names, and getters that may be called on nil. Undefined JSON gives the nil pointer.
 */
export const protoMessage = (set: ProtoSet, message: string, json: unknown): GoPointer => {
  const type = messageType(set, message);
  return new GoPointer(pointerTo(type), json === undefined ? undefined : structOf(set, message, type, json));
};

/** A field's Go name as protoc-gen-go makes it: `proxy_admin_port` is ProxyAdminPort. */
const goName = (name: string): string =>
  name.replace(/(?:^|_)([a-z])/g, (_match, letter: string) => letter.toUpperCase());

/** Messages that wrap one scalar are, in JSON, that scalar. */
const isWrapper = (message: string): boolean => /^google\.protobuf\.(?!List)\w+Value$/.test(message);

const structOf = (set: ProtoSet, message: string, type: GoType, json: unknown): GoStruct => {
  const read = (name: string): GoValue => {
    const field = membersOf(set, message).get(name);
    if (field === undefined) return null;
    return field.oneof === undefined
      ? fieldValue(set, field, partOf(message, field, json))
      : choice(set, message, field.oneof, json);
  };
  return remember(new GoStruct(type, read), json);
};

const members: Made<ReadonlyMap<string, ProtoField>> = new WeakMap();

/** Fields by the Go name that leads to them: of a oneof its first. */
const membersOf = (set: ProtoSet, message: string): ReadonlyMap<string, ProtoField> =>
  remembered(members, set, message, () => {
    const named = fieldsOf(set, message).map((field) => [goName(field.oneof ?? field.name), field] as const);
    return new Map(named.toReversed());
  });

const fieldsOf = (set: ProtoSet, message: string): readonly ProtoField[] => set.messages[message] ?? [];

/** The JSON of a field; of durations, which are texts in JSON, seconds and nanoseconds. */
const partOf = (message: string, field: ProtoField, json: unknown): unknown => {
  if (isWrapper(message)) return json;
  if (message === 'google.protobuf.Duration') return durationPart(String(json), field.name);
  return isObject(json) ? json[field.json] : undefined;
};

const durationPart = (text: string, part: string): string | number => {
  const [, sign = '', seconds = '0', fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?s$/.exec(text) ?? [];
  return part === 'seconds' ? `${sign}${seconds}` : Number(`${sign}${fraction.padEnd(9, '0')}`);
};

/** What a oneof holds, as Go does: a pointer to a struct with the one field; nil when nothing is set. */
const choice = (set: ProtoSet, message: string, oneof: string, json: unknown): GoValue => {
  const fields = fieldsOf(set, message).filter((field) => field.oneof === oneof);
  const chosen = fields.find(({ json: key }) => isObject(json) && Object.hasOwn(json, key));
  if (chosen === undefined || !isObject(json)) return null;
  const name = goName(chosen.name);
  const type: GoType = {
    kind: 'struct',
    name: `${structName(message)}_${name}`,
    fields: [{ name, type: fieldType(set, chosen) }],
  };
  return new GoPointer(pointerTo(type), new GoStruct(type, () => fieldValue(set, chosen, json[chosen.json])));
};

const fieldValue = (set: ProtoSet, field: ProtoField, json: unknown): GoValue => {
  if (field.map === true) {
    const entries = isObject(json) ? Object.entries(json) : undefined;
    return new GoMap(
      fieldType(set, field),
      entries && new Map(entries.map(([key, entry]) => [key, single(set, field, entry)])),
    );
  }
  if (field.repeated === true) {
    return new GoSlice(
      fieldType(set, field),
      Array.isArray(json) ? json.map((item) => single(set, field, item)) : undefined,
    );
  }
  return single(set, field, json);
};

const single = (set: ProtoSet, field: ProtoField, json: unknown): GoValue => {
  const { kind, type = '' } = field;
  if (kind === 'message') return IS_PLAIN.has(type) ? fromPlain(json) : protoMessage(set, type, json);
  const value = json ?? zeroScalar(set, field);
  if (kind === 'enum') return new GoInt(singleType(set, field), BigInt(numberOf(set, type, value)));
  if (kind === 'bool') return value === true;
  if (kind === 'string') return String(value);
  if (kind === 'double') return Number(value);
  return new GoInt(singleType(set, field), BigInt(String(value)));
};

/** Messages that hold any JSON: templates see what they hold. */
const IS_PLAIN = new Set(['google.protobuf.Struct', 'google.protobuf.Value', 'google.protobuf.ListValue']);

const numberOf = (set: ProtoSet, enumName: string, value: unknown): number =>
  typeof value === 'string' ? (set.enums[enumName]?.[value] ?? 0) : Number(value);

const fieldType = (set: ProtoSet, field: ProtoField): GoType => {
  const type = singleType(set, field);
  if (field.map === true) return mapOf(type);
  return field.repeated === true ? sliceOf(type) : type;
};

const singleType = (set: ProtoSet, { kind, type = '' }: ProtoField): GoType => {
  switch (kind) {
    case 'bool':
      return BOOL;
    case 'string':
      return STRING;
    case 'double':
      return FLOAT64;
    case 'int32':
      return INT32;
    case 'int64':
      return INT64;
    case 'uint32':
      return UINT32;
    case 'enum':
      return remembered(types, set, type, () => enumType(set, type));
    case 'message':
      return IS_PLAIN.has(type) ? ANY : pointerTo(messageType(set, type));
  }
};

const types: Made<GoType> = new WeakMap();

/** `v1alpha1.ProxyConfig_ProxyHeaders`: the package's last part, and nested names joined. */
const structName = (fullName: string): string => {
  const parts = fullName.split('.');
  const first = parts.findIndex((part) => /^[A-Z]/.test(part));
  return `${parts[first - 1] ?? ''}.${parts.slice(first).join('_')}`;
};

const enumType = (set: ProtoSet, name: string): GoType => {
  const names = Object.entries(set.enums[name] ?? {});
  const call = (receiver: GoValue): GoValue => {
    const number = receiver instanceof GoInt ? Number(receiver.value) : 0;
    return names.find(([, value]) => value === number)?.[0] ?? String(number);
  };
  return {
    kind: 'int32',
    name: structName(name),
    methods: new Map([['String', { params: [], variadic: false, call }]]),
  };
};

const messageType = (set: ProtoSet, message: string): GoType =>
  remembered(types, set, message, () => {
    let fields: readonly GoField[] | undefined;
    let methods: ReadonlyMap<string, GoMethod> | undefined;
    return {
      kind: 'struct',
      name: structName(message),
      get fields() {
        fields ??= goFields(set, message);
        return fields;
      },
      get methodsOfPointer() {
        methods ??= getters(set, message);
        return methods;
      },
    };
  });

const goFields = (set: ProtoSet, message: string): readonly GoField[] => {
  const fields = new Map<string, GoField>();
  for (const field of fieldsOf(set, message)) {
    const name = goName(field.oneof ?? field.name);
    fields.set(name, { name, type: field.oneof === undefined ? fieldType(set, field) : ANY });
  }
  return [...fields.values()];
};

/** One getter for each field and oneof: of nil and of what is not set, the zero value. */
const getters = (set: ProtoSet, message: string): ReadonlyMap<string, GoMethod> => {
  const methods = new Map<string, GoMethod>();
  const add = (name: string, get: (json: unknown) => GoValue): void => {
    const call = (receiver: GoValue): GoValue => get(behind(receiver) ?? undefined);
    methods.set(`Get${goName(name)}`, { params: [], variadic: false, call });
  };
  for (const field of fieldsOf(set, message)) {
    const { oneof } = field;
    add(field.name, (json) => fieldValue(set, field, json === undefined ? undefined : partOf(message, field, json)));
    if (oneof !== undefined) add(oneof, (json) => choice(set, message, oneof, json));
  }
  return methods;
};
