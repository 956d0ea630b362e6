import { RE2JS } from 're2js';
import { describeValue, isObject } from '../../model/value.ts';
import type { Plain } from '../../yaml/plain.ts';

/** Where a value breaks its schema. */
export interface Violation {
  readonly path: readonly (string | number)[];
  /** The end of a sentence: `must be text, not 5`. */
  readonly message: string;
}

type Path = Violation['path'];
type Check = (schema: Plain, value: unknown, path: Path, root: unknown) => readonly Violation[];

/** A schema may refer to itself without going on; deeper than this it does. */
const DEEPEST = 200;

/** Checks a JSON value against a JSON schema: the keywords of draft 2020-12 and of draft 7 but formats and remote references. */
export const validateSchema = (
  schema: unknown,
  value: unknown,
  root = schema,
  path: Path = [],
  depth = 0,
): readonly Violation[] => {
  if (schema === false) return [{ path, message: 'must not be set' }];
  if (!isObject(schema) || depth > DEEPEST) return [];
  const { $ref } = schema;
  const referred = typeof $ref === 'string' ? resolve(root, $ref) : undefined;
  return [
    ...(referred === undefined ? [] : validateSchema(referred, value, root, path, depth + 1)),
    ...CHECKS.flatMap((check) => check(schema, value, path, root)),
    ...below(schema, value, path, root, depth + 1),
    ...combined(schema, value, path, root, depth + 1),
  ];
};

const resolve = (root: unknown, reference: string): unknown => {
  if (!reference.startsWith('#')) return undefined;
  let place = root;
  for (const part of reference.slice(1).split('/').slice(1)) {
    const key = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~');
    if (isObject(place)) place = place[key];
    else place = Array.isArray(place) ? place[Number(key)] : undefined;
  }
  return place;
};

const TYPES: Readonly<Record<string, { readonly is: (value: unknown) => boolean; readonly words: string }>> = {
  object: { is: isObject, words: 'a mapping' },
  array: { is: Array.isArray, words: 'a list' },
  string: { is: (value) => typeof value === 'string', words: 'text' },
  boolean: { is: (value) => typeof value === 'boolean', words: 'true or false' },
  null: { is: (value) => value === null, words: 'null' },
  number: { is: (value) => typeof value === 'number', words: 'a number' },
  integer: { is: Number.isInteger, words: 'a whole number' },
};

const checkType: Check = ({ type }, value, path) => {
  const wanted = (Array.isArray(type) ? type : [type]).flatMap((name) => TYPES[String(name)] ?? []);
  if (wanted.length === 0 || wanted.some(({ is }) => is(value))) return [];
  return [{ path, message: `must be ${wanted.map(({ words }) => words).join(' or ')}, not ${describeValue(value)}` }];
};

const equal = (left: unknown, right: unknown): boolean => {
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((item, at) => equal(item, right[at]));
  }
  if (!isObject(left) || !isObject(right)) return left === right;
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && equal(left[key], right[key]))
  );
};

const checkEnum: Check = (schema, value, path) => {
  const allowed: unknown = Object.hasOwn(schema, 'const') ? [schema['const']] : schema['enum'];
  if (!Array.isArray(allowed) || allowed.some((each) => equal(each, value))) return [];
  return [{ path, message: `must be one of ${allowed.map(describeValue).join(', ')}, not ${describeValue(value)}` }];
};

/** Bounds by what they measure: the size of a text, list or mapping, or the number itself. */
const BOUNDS: readonly (readonly [
  string,
  (size: number, limit: number) => boolean,
  string,
  (value: unknown) => number | undefined,
])[] = [
  ['minimum', (size, limit) => size >= limit, 'at least', (value) => (typeof value === 'number' ? value : undefined)],
  ['maximum', (size, limit) => size <= limit, 'at most', (value) => (typeof value === 'number' ? value : undefined)],
  [
    'exclusiveMinimum',
    (size, limit) => size > limit,
    'more than',
    (value) => (typeof value === 'number' ? value : undefined),
  ],
  [
    'exclusiveMaximum',
    (size, limit) => size < limit,
    'less than',
    (value) => (typeof value === 'number' ? value : undefined),
  ],
  [
    'multipleOf',
    (size, limit) => Number.isInteger(size / limit),
    'a multiple of',
    (value) => (typeof value === 'number' ? value : undefined),
  ],
  [
    'minLength',
    (size, limit) => size >= limit,
    'as long as',
    (value) => (typeof value === 'string' ? [...value].length : undefined),
  ],
  [
    'maxLength',
    (size, limit) => size <= limit,
    'no longer than',
    (value) => (typeof value === 'string' ? [...value].length : undefined),
  ],
  [
    'minItems',
    (size, limit) => size >= limit,
    'of items as many as',
    (value) => (Array.isArray(value) ? value.length : undefined),
  ],
  [
    'maxItems',
    (size, limit) => size <= limit,
    'of items no more than',
    (value) => (Array.isArray(value) ? value.length : undefined),
  ],
  [
    'minProperties',
    (size, limit) => size >= limit,
    'of keys as many as',
    (value) => (isObject(value) ? Object.keys(value).length : undefined),
  ],
  [
    'maxProperties',
    (size, limit) => size <= limit,
    'of keys no more than',
    (value) => (isObject(value) ? Object.keys(value).length : undefined),
  ],
];

const checkBounds: Check = (schema, value, path) =>
  BOUNDS.flatMap(([keyword, holds, words, measure]) => {
    const limit = schema[keyword];
    const size = measure(value);
    if (typeof limit !== 'number' || size === undefined || holds(size, limit)) return [];
    return [{ path, message: `must be ${words} ${limit}` }];
  });

const matches = (pattern: string, text: string): boolean => {
  try {
    return RE2JS.compile(pattern).matcher(text).find();
  } catch {
    return true;
  }
};

const checkText: Check = ({ pattern }, value, path) =>
  typeof value !== 'string' || typeof pattern !== 'string' || matches(pattern, value)
    ? []
    : [{ path, message: `must match ${pattern}, not be ${describeValue(value)}` }];

const checkUnique: Check = ({ uniqueItems }, value, path) =>
  uniqueItems === true &&
  Array.isArray(value) &&
  value.some((item, at) => value.slice(0, at).some((other) => equal(item, other)))
    ? [{ path, message: 'must not hold an item twice' }]
    : [];

const checkRequired: Check = ({ required, dependentRequired }, value, path) => {
  if (!isObject(value)) return [];
  const dependent = isObject(dependentRequired)
    ? Object.entries(dependentRequired).flatMap(([key, keys]) => (Object.hasOwn(value, key) ? keys : []))
    : [];
  return [...(Array.isArray(required) ? required : []), ...dependent]
    .filter((key) => !Object.hasOwn(value, String(key)))
    .map((key) => ({ path, message: `must have "${key}"` }));
};

const CHECKS: readonly Check[] = [checkType, checkEnum, checkBounds, checkText, checkUnique, checkRequired];

/** What the schema says of the entries of a mapping or the items of a list. */
const below = (schema: Plain, value: unknown, path: Path, root: unknown, depth: number): readonly Violation[] => {
  if (Array.isArray(value)) {
    const { items, prefixItems, additionalItems } = schema;
    const first = Array.isArray(prefixItems) ? prefixItems : Array.isArray(items) ? items : [];
    const rest = Array.isArray(items) ? additionalItems : items;
    return value.flatMap((item, at) =>
      validateSchema(at < first.length ? first[at] : rest, item, root, [...path, at], depth),
    );
  }
  if (!isObject(value)) return [];
  const { properties, patternProperties, additionalProperties, propertyNames } = schema;
  const named = isObject(properties) ? properties : {};
  const byPattern = isObject(patternProperties) ? Object.entries(patternProperties) : [];
  return Object.entries(value).flatMap(([key, entry]) => {
    const schemas = byPattern.filter(([pattern]) => matches(pattern, key)).map(([, each]) => each);
    if (Object.hasOwn(named, key)) schemas.push(named[key]);
    const all = schemas.length > 0 ? schemas : [additionalProperties];
    return [
      ...validateSchema(propertyNames, key, root, [...path, key], depth),
      ...all.flatMap((each) => validateSchema(each, entry, root, [...path, key], depth)),
    ];
  });
};

/** `allOf`, `anyOf`, `oneOf`, `not` and `if`. */
const combined = (schema: Plain, value: unknown, path: Path, root: unknown, depth: number): readonly Violation[] => {
  const tryAll = (schemas: unknown): readonly (readonly Violation[])[] =>
    Array.isArray(schemas) ? schemas.map((each) => validateSchema(each, value, root, path, depth)) : [];
  const any = tryAll(schema['anyOf']);
  const one = tryAll(schema['oneOf']);
  const fitting = one.filter((violations) => violations.length === 0).length;
  const violations = [...tryAll(schema['allOf']).flat()];
  if (any.length > 0 && any.every((each) => each.length > 0)) violations.push(...(any[0] ?? []));
  if (one.length > 0 && fitting === 0) violations.push(...(one[0] ?? []));
  if (fitting > 1)
    violations.push({ path, message: `must fit exactly one of ${one.length} alternatives, not ${fitting}` });
  if (Object.hasOwn(schema, 'not') && validateSchema(schema['not'], value, root, path, depth).length === 0) {
    violations.push({ path, message: `must not be ${describeValue(value)}` });
  }
  if (Object.hasOwn(schema, 'if')) {
    const holds = validateSchema(schema['if'], value, root, path, depth).length === 0;
    violations.push(...validateSchema(schema[holds ? 'then' : 'else'], value, root, path, depth));
  }
  return violations;
};
