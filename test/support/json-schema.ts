/** A JSON Schema as far as the tests need it; an unknown keyword is a mistake of the test. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const typeOf = (value: unknown): string => {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
};

const asSchema = (value: unknown): JsonSchema => {
  if (!isObject(value)) throw new Error(`no schema: ${JSON.stringify(value)}`);
  return value;
};

type Keyword = (
  value: unknown,
  wanted: unknown,
  context: { readonly root: JsonSchema; readonly schema: JsonSchema; readonly at: string },
) => readonly string[];

const when = (isBroken: boolean, at: string, words: string): readonly string[] => (isBroken ? [`${at} ${words}`] : []);
const silent: Keyword = () => [];

const KEYWORDS: Readonly<Record<string, Keyword>> = {
  $schema: silent,
  $ref: (value, wanted, { root, at }) => {
    const name = String(wanted).replace('#/definitions/', '');
    return violations(value, asSchema(asSchema(root['definitions'])[name]), root, at);
  },
  definitions: silent,
  title: silent,
  description: silent,
  type: (value, wanted, { at }) => {
    const type = typeOf(value);
    return when(type !== wanted && !(type === 'integer' && wanted === 'number'), at, `is no ${wanted}`);
  },
  enum: (value, wanted, { at }) => when(Array.isArray(wanted) && !wanted.includes(value), at, 'is none of the values'),
  pattern: (value, wanted, { at }) =>
    when(typeof value === 'string' && !new RegExp(String(wanted), 'u').test(value), at, `does not match ${wanted}`),
  minLength: (value, wanted, { at }) =>
    when(typeof value === 'string' && value.length < Number(wanted), at, 'is too short'),
  minimum: (value, wanted, { at }) => when(typeof value === 'number' && value < Number(wanted), at, 'is too small'),
  minItems: (value, wanted, { at }) =>
    when(Array.isArray(value) && value.length < Number(wanted), at, 'has too few items'),
  uniqueItems: (value, _wanted, { at }) =>
    when(Array.isArray(value) && new Set(value.map((one) => JSON.stringify(one))).size < value.length, at, 'repeats'),
  items: (value, wanted, { root, at }) =>
    Array.isArray(value)
      ? value.flatMap((one, index) => violations(one, asSchema(wanted), root, `${at}[${index}]`))
      : [],
  required: (value, wanted, { at }) =>
    isObject(value) && Array.isArray(wanted)
      ? wanted.flatMap((key) => when(value[key] === undefined, at, `lacks ${key}`))
      : [],
  properties: (value, wanted, { root, at }) =>
    Object.entries(asSchema(wanted)).flatMap(([key, inner]) =>
      isObject(value) && Object.hasOwn(value, key) ? violations(value[key], asSchema(inner), root, `${at}.${key}`) : [],
    ),
  additionalProperties: (value, wanted, { schema, root, at }) => {
    const known = Object.keys(asSchema(schema['properties'] ?? {}));
    const others = isObject(value) ? Object.entries(value).filter(([key]) => !known.includes(key)) : [];
    return others.flatMap(([key, inner]) =>
      wanted === false ? [`${at} has ${key}`] : violations(inner, asSchema(wanted), root, `${at}.${key}`),
    );
  },
};

/** What is wrong with a value, one line each; throws for a keyword that this validator does not know. */
export const violations = (value: unknown, schema: JsonSchema, root = schema, at = '$'): readonly string[] =>
  Object.entries(schema).flatMap(([keyword, wanted]) => {
    const check = KEYWORDS[keyword];
    if (check === undefined) throw new Error(`the validator of the tests does not know ${keyword}`);
    return check(value, wanted, { root, schema, at });
  });
