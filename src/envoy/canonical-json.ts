import { isObject, type JsonObject, jsonName } from './json.ts';

/** Fields of type `google.protobuf.Struct` (or maps of it): what is in them keeps the keys its author gave. */
const STRUCTS = new Set(['filter_metadata', 'static_layer', 'default_subset', 'json_format']);

/** Messages whose `metadata` is a Struct; elsewhere it is Envoy's `core.v3.Metadata` or a matcher. */
const HAS_STRUCT_METADATA = new Set(['node', 'user_agent_build_version']);

/** `Any`s whose `value` is a Struct. */
const STRUCT_TYPES = /(\/(udpa|xds)\.type\.v[13]\.TypedStruct|\/google\.protobuf\.Struct)$/;

/** Maps of messages: the keys are names of the user's, the values are messages. */
const MAPS = new Set([
  'typed_per_filter_config',
  'typed_filter_metadata',
  'typed_extension_protocol_options',
  'providers',
  'requirement_map',
  'policies',
  'named_endpoints',
  'context_extensions',
  'key_values',
  'args',
  'secrets',
  'map',
]);

const inMap = (map: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(map).map(([key, value]) => [key, canonicalJson(value)]));

const isStruct = (field: string, parent: string, type: unknown): boolean =>
  STRUCTS.has(field) ||
  (field === 'metadata' && HAS_STRUCT_METADATA.has(parent)) ||
  (field === 'value' && typeof type === 'string' && STRUCT_TYPES.test(type));

/**
 * Envoy's JSON, whose fields have the names of the `.proto` files, with the names protobuf's JSON gives them, as
 * istioctl prints it. Keys of maps and Structs are no fields and stay. `parent` is the field the value stands in.
 */
export const canonicalJson = (value: unknown, parent = ''): unknown => {
  if (Array.isArray(value)) return value.map((item) => canonicalJson(item, parent));
  if (!isObject(value)) return value;
  const fields: Record<string, unknown> = {};
  for (const [field, inner] of Object.entries(value)) {
    if (isStruct(field, parent, value['@type'])) fields[jsonName(field)] = inner;
    else if (MAPS.has(field) && isObject(inner)) fields[jsonName(field)] = inMap(inner);
    else fields[jsonName(field)] = canonicalJson(inner, field);
  }
  return fields;
};
