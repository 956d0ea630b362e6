import { suggest } from '../../base/distance.ts';
import { createPlain, type Plain } from '../../yaml/plain.ts';
import { describeValue, isObject } from '../value.ts';
import type { ProtoField, ProtoSet } from './descriptor.ts';
import type { Misfit } from './go-decode.ts';
import { decodeProtoScalar, zeroScalar } from './proto-scalar.ts';
import { wellKnownType } from './well-known.ts';

/**
 * A message in protobuf's canonical JSON form, which says all there is to say about it: keys in lower camel case and in
 * the order of declaration, unset fields and defaults absent (but in a oneof), enums by name, 64-bit integers and
 * durations as texts.
 */
export interface DecodedMessage {
  readonly value: Plain;
  readonly misfits: readonly Misfit[];
}

interface Options {
  /** A message in canonical form; the value's fields take the places of its own as wholes, and null leaves one. */
  readonly onto?: Plain;
  /** Fields the message does not have are misfits unless they are allowed. */
  readonly unknown?: 'allowed';
}

/**
 * Reads a JSON value as Istio reads messages: keys in snake case or lower camel case, enums by name or number,
 * integers also as texts. A misfit leaves its field as it was.
 */
export const decodeMessage = (
  set: ProtoSet,
  message: string,
  value: unknown,
  { onto = createPlain(), unknown }: Options = {},
): DecodedMessage => {
  if (value === null) return { value: onto, misfits: [] };
  const decoding: Decoding = { set, allowsUnknown: unknown === 'allowed', misfits: [] };
  const decoded = decodeFields(decoding, message, value, [], onto);
  return { value: decoded ?? onto, misfits: decoding.misfits };
};

interface Decoding {
  readonly set: ProtoSet;
  readonly allowsUnknown: boolean;
  readonly misfits: Misfit[];
}

type Path = readonly (string | number)[];

const refuse = (decoding: Decoding, path: Path, wanted: string, value: unknown): undefined => {
  decoding.misfits.push({ path, message: `must be ${wanted}, not ${describeValue(value)}` });
  return undefined;
};

const decodeFields = (
  decoding: Decoding,
  message: string,
  value: unknown,
  path: Path,
  onto: Plain,
): Plain | undefined => {
  if (!isObject(value)) return refuse(decoding, path, 'a mapping', value);
  const fields = decoding.set.messages[message] ?? [];
  const result: Plain = Object.assign(createPlain(), onto);
  const known = new Set<string>();
  for (const field of fields) {
    known.add(field.name).add(field.json);
    // The camel-case key wins where both are given.
    const key = [field.json, field.name].find((name) => Object.hasOwn(value, name));
    if (key === undefined || (value[key] === null && field.type !== VALUE)) continue;
    const decoded = decodeField(decoding, field, value[key], [...path, key]);
    if (decoded !== undefined) setField(decoding.set, fields, field, result, decoded);
  }
  for (const key of Object.keys(value)) {
    if (!known.has(key) && !decoding.allowsUnknown) refuseUnknown(decoding, message, fields, [...path, key]);
  }
  return inOrder(fields, result);
};

/** The one type for which null is a value. */
const VALUE = 'google.protobuf.Value';

const refuseUnknown = (decoding: Decoding, message: string, fields: readonly ProtoField[], path: Path): void => {
  const key = String(path.at(-1));
  const names = fields.map(({ json }) => json);
  const meant = suggest(key, names);
  const hint = meant === undefined ? '' : `; did you mean "${meant}"?`;
  decoding.misfits.push({ path, message: `unknown field "${key}" in ${message}${hint}` });
};

/** Sets a field, which clears the others of its oneof; a default outside of one means absence. */
const setField = (
  set: ProtoSet,
  fields: readonly ProtoField[],
  field: ProtoField,
  result: Plain,
  value: unknown,
): void => {
  for (const { json, oneof } of fields) {
    if (oneof !== undefined && oneof === field.oneof) delete result[json];
  }
  if (field.oneof === undefined && isDefault(set, field, value)) delete result[field.json];
  else result[field.json] = value;
};

const isDefault = (set: ProtoSet, field: ProtoField, value: unknown): boolean => {
  if (field.repeated === true) return Array.isArray(value) && value.length === 0;
  if (field.map === true) return isObject(value) && Object.keys(value).length === 0;
  return field.kind !== 'message' && value === zeroScalar(set, field);
};

const inOrder = (fields: readonly ProtoField[], message: Plain): Plain => {
  const result = createPlain();
  for (const { json } of fields) if (Object.hasOwn(message, json)) result[json] = message[json];
  return result;
};

const decodeField = (decoding: Decoding, field: ProtoField, value: unknown, path: Path): unknown => {
  if (field.map === true) {
    if (!isObject(value)) return refuse(decoding, path, 'a mapping', value);
    const result = createPlain();
    for (const key of Object.keys(value).sort()) {
      const decoded = decodeElement(decoding, field, value[key], [...path, key]);
      if (decoded !== undefined) result[key] = decoded;
    }
    return result;
  }
  if (field.repeated !== true) return decodeSingle(decoding, field, value, path);
  if (!Array.isArray(value)) return refuse(decoding, path, 'a list', value);
  return value
    .map((item, index) => decodeElement(decoding, field, item, [...path, index]))
    .filter((item) => item !== undefined);
};

/** An element of a list or map, where null means the default. */
const decodeElement = (decoding: Decoding, field: ProtoField, value: unknown, path: Path): unknown => {
  if (value !== null || field.type === VALUE) return decodeSingle(decoding, field, value, path);
  return field.kind === 'message' ? createPlain() : zeroScalar(decoding.set, field);
};

const decodeSingle = (decoding: Decoding, field: ProtoField, value: unknown, path: Path): unknown => {
  const { type = '' } = field;
  if (field.kind !== 'message') {
    const decoded = decodeProtoScalar(decoding.set, field, value);
    return decoded.value ?? refuse(decoding, path, decoded.wanted, value);
  }
  const wellKnown = wellKnownType(decoding.set, type);
  if (wellKnown === undefined) return decodeFields(decoding, type, value, path, createPlain());
  const decoded = wellKnown(value);
  return decoded.value === undefined ? refuse(decoding, path, decoded.wanted, value) : decoded.value;
};
