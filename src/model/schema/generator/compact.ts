import type { Schema } from '../schema.ts';

/** A parsed JSON or YAML object of a source file. */
export type Source = Readonly<Record<string, unknown>>;

export const isSource = (value: unknown): value is Source =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const COPIED = [
  'required',
  'enum',
  'format',
  'pattern',
  'default',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'minProperties',
  'maxProperties',
  'nullable',
] as const;

const SCALARS = new Set(['object', 'array', 'string', 'integer', 'number', 'boolean']);

/** Drops prose and renames the extensions; `$ref` and Kubernetes' well-known types are the caller's through `resolve`. */
export const compactSchema = (source: Source, resolve: (ref: string) => Schema | undefined): Schema => {
  const ref = refOf(source);
  if (ref !== undefined) {
    const target = resolve(ref);
    if (target === undefined) throw new Error(`unresolved ${ref}`);
    return target;
  }
  const inner = (value: unknown): Schema => (isSource(value) ? compactSchema(value, resolve) : {});
  const list = (value: unknown): readonly Schema[] => (Array.isArray(value) ? value.map(inner) : []);
  const out: Record<string, unknown> = {};
  if (typeof source['type'] === 'string' && SCALARS.has(source['type'])) out['type'] = source['type'];
  for (const key of COPIED) {
    const value = source[key];
    if (value !== undefined && value !== false && !(Array.isArray(value) && value.length === 0)) out[key] = value;
  }
  if (isSource(source['properties'])) {
    out['properties'] = Object.fromEntries(Object.entries(source['properties']).map(([k, v]) => [k, inner(v)]));
  }
  if (source['items'] !== undefined) out['items'] = inner(source['items']);
  if (isSource(source['additionalProperties'])) out['values'] = inner(source['additionalProperties']);
  else if (source['additionalProperties'] === true) out['open'] = true;
  if (source['x-kubernetes-preserve-unknown-fields'] === true) out['open'] = true;
  if (source['x-kubernetes-embedded-resource'] === true) out['open'] = true;
  if (source['x-kubernetes-int-or-string'] === true || source['format'] === 'int-or-string') {
    return { ...(out as Schema), intOrString: true };
  }
  if (source['x-kubernetes-list-type'] !== undefined) out['listType'] = source['x-kubernetes-list-type'];
  if (source['x-kubernetes-list-map-keys'] !== undefined) out['mapKeys'] = source['x-kubernetes-list-map-keys'];
  const rules = source['x-kubernetes-validations'];
  if (Array.isArray(rules)) out['rules'] = rules.map((rule: Source) => String(rule['rule']).trim());
  for (const key of ['allOf', 'anyOf', 'oneOf'] as const) {
    if (source[key] !== undefined) out[key] = list(source[key]);
  }
  if (source['not'] !== undefined) out['not'] = inner(source['not']);
  return out as Schema;
};

/** `$ref`, also when OpenAPI v3 wraps it in a one-element `allOf` to attach a description. */
const refOf = (source: Source): string | undefined => {
  if (typeof source['$ref'] === 'string') return source['$ref'];
  const all = source['allOf'];
  if (Array.isArray(all) && all.length === 1 && isSource(all[0]) && typeof all[0]['$ref'] === 'string') {
    return all[0]['$ref'];
  }
  return undefined;
};

/** Moves every subtree that occurs more than once to a shared definition, so that repeated types are stored once. */
export const hoist = (
  roots: Readonly<Record<string, Schema>>,
): { readonly roots: Record<string, Schema>; readonly definitions: Record<string, Schema> } => {
  const counts = new Map<string, number>();
  const count = (schema: Schema): void => {
    const key = JSON.stringify(schema);
    const seen = counts.get(key) ?? 0;
    counts.set(key, seen + 1);
    if (seen === 0) for (const child of children(schema)) count(child);
  };
  for (const root of Object.values(roots)) count(root);
  const names = new Map<string, string>();
  const definitions: Record<string, Schema> = {};
  const place = (schema: Schema): Schema => {
    const key = JSON.stringify(schema);
    if ((counts.get(key) ?? 0) < 2 || key.length < 48) return mapChildren(schema, place);
    const known = names.get(key);
    if (known !== undefined) return { ref: known };
    const name = String(names.size);
    names.set(key, name);
    definitions[name] = mapChildren(schema, place);
    return { ref: name };
  };
  return { roots: mapValues(roots, place), definitions };
};

const children = (schema: Schema): readonly Schema[] => [
  ...Object.values(schema.properties ?? {}),
  ...(schema.items === undefined ? [] : [schema.items]),
  ...(schema.values === undefined ? [] : [schema.values]),
  ...(schema.not === undefined ? [] : [schema.not]),
  ...(schema.allOf ?? []),
  ...(schema.anyOf ?? []),
  ...(schema.oneOf ?? []),
];

const mapChildren = (schema: Schema, map: (child: Schema) => Schema): Schema => ({
  ...schema,
  ...(schema.properties && { properties: mapValues(schema.properties, map) }),
  ...(schema.items && { items: map(schema.items) }),
  ...(schema.values && { values: map(schema.values) }),
  ...(schema.not && { not: map(schema.not) }),
  ...(schema.allOf && { allOf: schema.allOf.map(map) }),
  ...(schema.anyOf && { anyOf: schema.anyOf.map(map) }),
  ...(schema.oneOf && { oneOf: schema.oneOf.map(map) }),
});

const mapValues = <T, U>(record: Readonly<Record<string, T>>, map: (value: T) => U): Record<string, U> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
