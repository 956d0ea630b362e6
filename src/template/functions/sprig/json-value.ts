import { normalize } from '../../bytes.ts';
import { formatFloat } from '../../fmt/float.ts';
import { FunctionError } from '../../functions.ts';
import { type GoField, isExported } from '../../type.ts';
import { GoInt, GoMap, GoPointer, GoScalar, GoSlice, GoStruct, type GoValue, typeOf } from '../../value.ts';
import { isEmpty } from './empty.ts';
import { toBase64 } from './encodings.ts';
import { parseJson } from './json-read.ts';
import { sortTexts } from './lists.ts';
import { bytesOf, stringOf } from './text.ts';

/** What a value is in JSON. Mappings are in their order; a bigint is an integer. */
export type JsonValue =
  | null
  | boolean
  | string
  | number
  | bigint
  | readonly JsonValue[]
  | ReadonlyMap<string, JsonValue>;

const checkNumber = (value: number): number => {
  if (Number.isFinite(value)) return value;
  throw new FunctionError(`json: unsupported value: ${formatFloat(value, 'g', -1)}`);
};

/** The JSON of a type that has its own: a Quantity, a Time. */
const ownJson = (value: GoValue): string | undefined => {
  const type = typeOf(value);
  const method = type?.methods?.get('MarshalJSON') ?? type?.methodsOfPointer?.get('MarshalJSON');
  return method === undefined ? undefined : stringOf(method.call(value, []));
};

/** What becomes of a string, whose invalid bytes are lone surrogates. */
type ReadText = (raw: string) => string;

/** A field as its tag has it: `json:"name,omitempty"`; fields tagged `-` are absent. */
const jsonOfField = (struct: GoStruct, field: GoField, text: ReadText): readonly (readonly [string, JsonValue])[] => {
  const [name = '', ...options] = (field.json ?? field.name).split(',');
  if (name === '-' || !(field.embedded === true || isExported(field))) return [];
  const value = struct.read(field.name);
  if (options.includes('omitempty') && isEmpty(value)) return [];
  const json = toJsonValue(value, text);
  // Of the types with a JSON form of their own, those that can be omitted write null for their zero value.
  if (options.includes('omitzero') && json === null) return [];
  const isInline = name === '' && field.embedded === true;
  return isInline && json instanceof Map ? Array.from(json) : [[name || field.name, json]];
};

const jsonOfMap = (map: GoMap, text: ReadText): JsonValue =>
  map.entries === undefined
    ? null
    : new Map(
        sortTexts(map.entries.keys()).map((key) => [text(key), toJsonValue(map.entries?.get(key) ?? null, text)]),
      );

/**
 * The JSON value that encoding/json makes of a Go value, its texts as `text` has them. Throws a FunctionError with its words
 * where there is none.
 */
export const toJsonValue = (value: GoValue, text: ReadText = normalize): JsonValue => {
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'string') return text(value);
  if (typeof value === 'number') return checkNumber(value);
  if (value instanceof GoPointer && value.target === undefined) return null;
  const own = ownJson(value);
  if (own !== undefined) return toJsonValue(parseJson(own), text);
  if (value instanceof GoInt) return value.value;
  if (value instanceof GoScalar) return toJsonValue(value.value, text);
  if (value instanceof GoPointer) return toJsonValue(value.target ?? null, text);
  if (value instanceof GoMap) return jsonOfMap(value, text);
  if (value instanceof GoStruct) {
    return new Map((value.type.fields ?? []).flatMap((field) => jsonOfField(value, field, text)));
  }
  if (value instanceof GoSlice) {
    if (value.items === undefined) return null;
    const bytes = bytesOf(value);
    return bytes === undefined ? value.items.map((item) => toJsonValue(item, text)) : toBase64(bytes);
  }
  throw new FunctionError(`json: unsupported type: ${value.type.name}`);
};
