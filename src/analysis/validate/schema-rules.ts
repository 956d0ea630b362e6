import type { Schema, SchemaSet } from '../../model/schema/schema.ts';
import { isObject } from '../../model/value.ts';
import { obeys } from './cel-environment.ts';
import type { At } from './review.ts';
import { wordsOf } from './rule-words.ts';

export interface BrokenRule {
  readonly message: string;
  readonly at: At;
}

/** Words of CEL that cannot be field names; the API server escapes a property of that name. */
const RESERVED: ReadonlySet<string> = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
);

/** The rule of every duration is checked with the structure. */
const DURATION_RULE = "duration(self) >= duration('1ms')";

/** One walk over one object. */
class Walk {
  readonly broken: BrokenRule[] = [];
  readonly #definitions: SchemaSet['definitions'];

  constructor(definitions: SchemaSet['definitions']) {
    this.#definitions = definitions;
  }

  /** Checks the rules of a value and all below it, innermost first; answers the value as CEL has it. */
  visit(value: unknown, reference: Schema | undefined, at: At, path: string): unknown {
    const schema = reference?.ref === undefined ? reference : this.#definitions[reference.ref];
    const self = this.#convert(value, schema, path);
    for (const rule of schema?.rules ?? []) {
      if (rule === DURATION_RULE || obeys(rule, self)) continue;
      this.broken.push({ message: `${path} ${wordsOf(rule)}`, at });
    }
    return self;
  }

  #convert(value: unknown, schema: Schema | undefined, path: string): unknown {
    if (Array.isArray(value)) {
      return value.map((item, index) => this.visit(item, schema?.items, [value, index], `${path}[${index}]`));
    }
    if (isObject(value)) {
      const fields: Record<string, unknown> = Object.create(null);
      for (const key of Object.keys(value)) {
        const property = schema?.properties !== undefined && Object.hasOwn(schema.properties, key);
        const inner = property ? schema?.properties?.[key] : schema?.values;
        const name = property && RESERVED.has(key) ? `__${key}__` : key;
        fields[name] = this.visit(value[key], inner, [value, key], path === '' ? key : `${path}.${key}`);
      }
      return fields;
    }
    return typeof value === 'number' && schema?.type !== 'number' && Number.isSafeInteger(value)
      ? BigInt(value)
      : value;
  }
}

/** The CEL rules of a schema that an object breaks. The object's structure must have been found sound. */
export const brokenRules = (object: object, schema: Schema, set: SchemaSet): readonly BrokenRule[] => {
  const walk = new Walk(set.definitions);
  walk.visit(object, schema, [object], '');
  return walk.broken;
};
