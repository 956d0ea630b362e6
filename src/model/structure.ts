import { suggest } from '../base/distance.ts';
import { copyPosition } from '../yaml/located.ts';
import { createPlain, type Plain } from '../yaml/plain.ts';
import type { Schema } from './schema/schema.ts';
import { describeValue, isObject, isUnreadable, violatedBound } from './value.ts';

/** Where a finding points: an entry of a container, or the container itself when there is no key. */
interface Place {
  readonly container: object;
  readonly key: string | number | undefined;
  readonly part: 'key' | 'value';
}

export interface Finding {
  readonly code: string;
  readonly message: string;
  readonly hint?: string | undefined;
  readonly place: Place;
  /** The value means nothing at all, not even something that is refused. */
  readonly isUnreadable?: boolean;
}

export interface StructureRules {
  readonly definitions: Readonly<Record<string, Schema>>;
  /**
   * How the reader behind the schema takes liberties: built-in kinds and proto messages read `null` as "not set"
   * everywhere, CRDs only where they say `nullable`; proto messages also know their fields by snake_case names.
   */
  readonly convention: 'kubernetes' | 'crd' | 'proto';
  readonly report: (finding: Finding) => void;
  /**
   * Gives a required field that is missing the zero value of its type, as protobuf and Go do: for readers that look at
   * objects a cluster would refuse. It is reported all the same.
   */
  readonly fillsMissing?: boolean;
}

/** The way to a value: one step a field or item, and where to point when something is wrong with it. */
interface Path {
  readonly parent: Path | undefined;
  readonly key: string | number;
  readonly container: object;
}

/** `spec.http[0].route`, the form the API server uses. */
const formatPath = (path: Path | undefined): string => {
  if (path === undefined) return '';
  const before = formatPath(path.parent);
  if (typeof path.key === 'number') return `${before}[${path.key}]`;
  const step = /^[\w$-]+$/.test(path.key) ? path.key : JSON.stringify(path.key);
  return before === '' ? step : `${before}.${step}`;
};

const at = (path: Path, part: Place['part'] = 'value'): Place => ({ container: path.container, key: path.key, part });

/**
 * Checks the fields of `object` against a schema and answers it with the schema's defaults added. Containers that need
 * no change are returned as they are; changed ones are copies that keep their positions. Never mutates its input.
 */
export const decodeFields = (object: Plain, schema: Schema, rules: StructureRules, under = ''): Plain =>
  decodeObject(
    object,
    resolveRef(schema, rules),
    rules,
    under === '' ? undefined : { parent: undefined, key: under, container: object },
  );

const resolveRef = (schema: Schema, rules: StructureRules): Schema =>
  schema.ref === undefined ? schema : (rules.definitions[schema.ref] ?? {});

const decodeValue = (value: unknown, reference: Schema, rules: StructureRules, path: Path): unknown => {
  const schema = resolveRef(reference, rules);
  if (!hasType(value, schema)) {
    reportType(value, schema, rules, path);
    return value;
  }
  if (schema.enum !== undefined && !schema.enum.includes(value as string)) {
    reportEnum(value, schema.enum, rules, path);
    return value;
  }
  const broken = violatedBound(value, schema);
  if (broken !== undefined) {
    const message = `${formatPath(path)} is ${describeValue(value)}; it must ${broken}`;
    rules.report({ code: 'BAD_VALUE', message, place: at(path), isUnreadable: isUnreadable(value, schema) });
  }
  if (Array.isArray(value)) return decodeItems(value, schema, rules, path);
  return isObject(value) ? decodeObject(value, schema, rules, path) : value;
};

const decodeItems = (items: readonly unknown[], schema: Schema, rules: StructureRules, path: Path): unknown => {
  const itemSchema = schema.items;
  if (itemSchema === undefined) return items;
  reportDuplicates(items, schema, rules, path);
  let copy: unknown[] | undefined;
  items.forEach((item, index) => {
    const decoded = decodeValue(item, itemSchema, rules, { parent: path, key: index, container: items });
    if (decoded !== item) {
      copy ??= copyOf(items, [...items]);
      copy[index] = decoded;
    }
  });
  return copy ?? items;
};

const decodeObject = (object: Plain, schema: Schema, rules: StructureRules, path: Path | undefined): Plain => {
  let copy: Plain | undefined;
  const change = (): Plain => {
    copy ??= copyOf(object, Object.assign(createPlain(), object));
    return copy;
  };
  for (const key of Object.keys(object)) {
    const name = rules.convention === 'proto' && schema.properties !== undefined ? protoName(key) : key;
    const field = fieldSchema(schema, name);
    if (field === undefined) {
      if (schema.open !== true) reportUnknown(key, schema, rules, { parent: path, key, container: object });
      continue;
    }
    const value = object[key];
    const isAbsent = value === null && (rules.convention !== 'crd' || resolveRef(field, rules).nullable === true);
    const decoded = isAbsent ? undefined : decodeValue(value, field, rules, { parent: path, key, container: object });
    if (isAbsent || name !== key) delete change()[key];
    if (!isAbsent && (decoded !== value || name !== key)) change()[name] = decoded;
  }
  if (rules.convention === 'crd') addDefaults(object, schema, rules, path, change);
  reportMissing(copy ?? object, object, schema, rules, path);
  if (rules.fillsMissing === true) fillMissing(copy ?? object, schema, rules, change);
  reportAlternatives(copy ?? object, object, schema, rules, path);
  return copy ?? object;
};

/** Structural defaulting goes on inside a default, which may leave out fields that have defaults themselves. */
const addDefaults = (
  object: Plain,
  schema: Schema,
  rules: StructureRules,
  path: Path | undefined,
  change: () => Plain,
): void => {
  for (const key in schema.properties) {
    const field = schema.properties[key];
    const fallback = field === undefined ? undefined : resolveRef(field, rules).default;
    if (field === undefined || fallback === undefined || object[key] !== undefined) continue;
    change()[key] = decodeValue(plainCopy(fallback, object), field, rules, { parent: path, key, container: object });
  }
};

/** `trustDomain` of `trust_domain`, as the JSON mapping of protobuf forms it. */
const protoName = (name: string): string =>
  name.replace(/_([a-zA-Z0-9])/g, (_all, letter: string) => letter.toUpperCase());

const fieldSchema = (schema: Schema, key: string): Schema | undefined =>
  schema.properties !== undefined && Object.hasOwn(schema.properties, key) ? schema.properties[key] : schema.values;

const copyOf = <T extends object>(from: object, to: T): T => {
  copyPosition(from, to);
  return to;
};

/** A default as the loader would have built it, standing where the object that lacks it stands. */
const plainCopy = (value: unknown, near: object): unknown => {
  if (Array.isArray(value)) {
    return copyOf(
      near,
      value.map((item) => plainCopy(item, near)),
    );
  }
  if (!isObject(value)) return value;
  const copy = copyOf(near, createPlain());
  for (const key of Object.keys(value)) copy[key] = plainCopy(value[key], near);
  return copy;
};

const hasType = (value: unknown, schema: Schema): boolean => {
  if (schema.intOrString === true) {
    return (
      typeof value === 'string' ||
      (typeof value === 'number' && (schema.format === 'quantity' || Number.isInteger(value)))
    );
  }
  switch (schema.type) {
    case undefined:
      return schema.properties === undefined || isObject(value);
    case 'object':
      return isObject(value);
    case 'array':
      return Array.isArray(value);
    case 'integer':
      return Number.isInteger(value);
    default:
      return typeof value === schema.type;
  }
};

const EXPECTED: Readonly<Record<string, string>> = {
  object: 'a mapping',
  array: 'a list',
  string: 'a string',
  integer: 'an integer',
  number: 'a number',
  boolean: 'true or false',
};

const reportType = (value: unknown, schema: Schema, rules: StructureRules, path: Path): void => {
  const expected = schema.intOrString === true ? 'an integer or a string' : (EXPECTED[schema.type ?? 'object'] ?? '');
  const message = `${formatPath(path)} must be ${expected}, not ${describeValue(value)}`;
  rules.report({ code: 'WRONG_TYPE', message, hint: typeHint(value, schema), place: at(path) });
};

const typeHint = (value: unknown, schema: Schema): string | undefined => {
  if (schema.type === 'string' && (typeof value === 'number' || typeof value === 'boolean')) {
    return `put it in quotes: "${value}"`;
  }
  const isBareWord = typeof value === 'string' && /^(-?\d+|true|false)$/.test(value);
  if (isBareWord && (schema.type === 'integer' || schema.type === 'number' || schema.type === 'boolean')) {
    return `write ${value} without quotes`;
  }
  if (schema.type === 'array' && value !== null && !Array.isArray(value)) return 'begin it with "- "';
  if (value === null) return 'give it a value or remove the key';
  return undefined;
};

const reportEnum = (value: unknown, allowed: readonly unknown[], rules: StructureRules, path: Path): void => {
  const names = allowed.map(String);
  const near = typeof value === 'string' ? suggest(value, names) : undefined;
  rules.report({
    code: 'BAD_ENUM',
    message: `${formatPath(path)} is ${describeValue(value)}; it must be ${listOf(names)}`,
    hint: near === undefined ? undefined : `did you mean "${near}"?`,
    place: at(path),
  });
};

const reportUnknown = (key: string, schema: Schema, rules: StructureRules, path: Path): void => {
  const near = suggest(key, Object.keys(schema.properties ?? {}));
  rules.report({
    code: 'UNKNOWN_FIELD',
    message: `unknown field "${formatPath(path)}"`,
    hint: near === undefined ? undefined : `did you mean "${near}"?`,
    place: at(path, 'key'),
  });
};

/** Points at the key that holds the incomplete object, or at an item's first key: a whole block would say little. */
const placeOfObject = (object: object, path: Path | undefined): Place => {
  if (path !== undefined && typeof path.key === 'string') return at(path, 'key');
  return { container: object, key: Object.keys(object)[0], part: 'key' };
};

const reportMissing = (
  object: Plain,
  written: Plain,
  schema: Schema,
  rules: StructureRules,
  path: Path | undefined,
): void => {
  for (const key of schema.required ?? []) {
    if (object[key] !== undefined) continue;
    // The unknown field already says it; only where the object is kept may one message do for both.
    if (rules.fillsMissing === true && isMisspelt(key, written, schema)) continue;
    const message = `${formatPath({ parent: path, key, container: object })} is missing`;
    rules.report({ code: 'MISSING_FIELD', message, place: placeOfObject(written, path) });
  }
};

/** Whether one of the unknown fields written is most likely meant to be this one. */
const isMisspelt = (key: string, written: Plain, { properties = {} }: Schema): boolean =>
  Object.keys(written).some(
    (name) => !Object.hasOwn(properties, name) && suggest(name, Object.keys(properties)) === key,
  );

const fillMissing = (object: Plain, schema: Schema, rules: StructureRules, change: () => Plain): void => {
  for (const key of schema.required ?? []) {
    const field = schema.properties?.[key];
    if (object[key] === undefined && field !== undefined) change()[key] = zeroOf(field, rules, object);
  }
};

/** The zero value of a type; an object's required fields have theirs. */
const zeroOf = (reference: Schema, rules: StructureRules, near: object): unknown => {
  const schema = resolveRef(reference, rules);
  if (schema.intOrString === true) return 0;
  switch (schema.type) {
    case 'string':
      return '';
    case 'integer':
    case 'number':
      return 0;
    case 'boolean':
      return false;
    case 'array':
      return copyOf(near, []);
    default: {
      const filled = copyOf(near, createPlain());
      fillMissing(filled, schema, rules, () => filled);
      return filled;
    }
  }
};

const reportDuplicates = (items: readonly unknown[], schema: Schema, rules: StructureRules, path: Path): void => {
  if (schema.listType !== 'map' && schema.listType !== 'set') return;
  const keys = schema.listType === 'map' ? (schema.mapKeys ?? []) : [];
  const seen = new Set<string>();
  items.forEach((item, index) => {
    const parts = keys.map((key) => (isObject(item) ? (item[key] ?? defaultOf(schema, key, rules)) : undefined));
    const identity = JSON.stringify(schema.listType === 'set' ? item : parts);
    if (seen.has(identity)) {
      const which =
        keys.length === 0 ? describeValue(item) : keys.map((key, n) => `${key} ${describeValue(parts[n])}`).join(', ');
      const message = `${formatPath(path)} has two entries with ${which}`;
      rules.report({ code: 'BAD_VALUE', message, place: { container: items, key: index, part: 'value' } });
    }
    seen.add(identity);
  });
};

const defaultOf = (schema: Schema, key: string, rules: StructureRules): unknown => {
  const field = schema.items === undefined ? undefined : resolveRef(schema.items, rules).properties?.[key];
  return field === undefined ? undefined : resolveRef(field, rules).default;
};

/** `oneOf`, `anyOf` and `allOf` of CRDs say which fields exclude or need one another. */
const reportAlternatives = (
  object: Plain,
  written: Plain,
  schema: Schema,
  rules: StructureRules,
  path: Path | undefined,
): void => {
  for (const inner of schema.allOf ?? []) reportAlternatives(object, written, resolveRef(inner, rules), rules, path);
  const subject = formatPath(path) || 'the object';
  if (schema.oneOf !== undefined) {
    const names = schema.oneOf.flatMap((option) => resolveRef(option, rules).required ?? []);
    const matching = schema.oneOf.filter((option) => satisfies(object, option, rules)).length;
    const present = names.filter((name) => object[name] !== undefined);
    if (matching !== 1) {
      const isConflict = present.length > 1;
      rules.report({
        code: isConflict ? 'CONFLICTING_FIELDS' : 'MISSING_FIELD',
        message: isConflict
          ? `${subject} sets ${listOf(present, 'and')}, which exclude each other`
          : `${subject} must set ${listOf([...new Set(names)])}`,
        place: isConflict ? { container: written, key: present[1], part: 'key' } : placeOfObject(written, path),
      });
    }
  }
  if (schema.anyOf !== undefined && !schema.anyOf.some((option) => satisfies(object, option, rules))) {
    const names = schema.anyOf.flatMap((option) => resolveRef(option, rules).required ?? []);
    const message = `${subject} must set ${listOf([...new Set(names)])}`;
    rules.report({ code: 'MISSING_FIELD', message, place: placeOfObject(written, path) });
  }
};

/** Whether a value passes a condition inside `oneOf`, `anyOf` or `not`; such conditions declare no fields. */
const satisfies = (value: unknown, reference: Schema, rules: StructureRules): boolean => {
  const schema = resolveRef(reference, rules);
  if (!hasType(value, schema) || violatedBound(value, schema) !== undefined) return false;
  if (schema.enum !== undefined && !schema.enum.includes(value as string)) return false;
  if (isObject(value)) {
    if (schema.required?.some((key) => value[key] === undefined) === true) return false;
    for (const [key, inner] of Object.entries(schema.properties ?? {})) {
      if (value[key] !== undefined && !satisfies(value[key], inner, rules)) return false;
    }
  }
  if (schema.not !== undefined && satisfies(value, schema.not, rules)) return false;
  if (schema.allOf?.some((inner) => !satisfies(value, inner, rules)) === true) return false;
  if (schema.anyOf !== undefined && !schema.anyOf.some((inner) => satisfies(value, inner, rules))) return false;
  return schema.oneOf === undefined || schema.oneOf.filter((inner) => satisfies(value, inner, rules)).length === 1;
};

const listOf = (names: readonly string[], last = 'or'): string =>
  names.length < 2 ? names.join() : `${names.slice(0, -1).join(', ')} ${last} ${names[names.length - 1]}`;
