import { parseDuration } from '../base/duration.ts';
import type { Plain } from '../yaml/plain.ts';
import type { Schema } from './schema/schema.ts';

/** A mapping, as opposed to a list, a scalar or null. */
export const isObject = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A value as a message shows it: scalars themselves, containers by their sort. */
export const describeValue = (value: unknown): string => {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  if (typeof value !== 'string') return String(value);
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value);
};

/** Whether a value that breaks a bound has no meaning at all, so that no reader could go on with it: a duration, a 32-bit number. */
export const isUnreadable = (value: unknown, schema: Schema): boolean => {
  if (typeof value === 'number') return schema.format === 'int32' && (value < -INT32_MAX || value >= INT32_MAX);
  const isDuration = schema.format === 'duration' || schema.rules?.includes(DURATION_RULE) === true;
  return typeof value === 'string' && isDuration && durationOf(value) === undefined;
};

/** The rule of a schema's bounds that a value of the right type breaks, as the end of a sentence: `be at least 1`. */
export const violatedBound = (value: unknown, schema: Schema): string | undefined => {
  if (typeof value === 'number') return numberBound(value, schema);
  if (typeof value === 'string') return stringBound(value, schema);
  if (Array.isArray(value)) return sizeBound(value.length, schema.minItems, schema.maxItems, 'items');
  if (isObject(value) && (schema.minProperties !== undefined || schema.maxProperties !== undefined)) {
    return sizeBound(Object.keys(value).length, schema.minProperties, schema.maxProperties, 'fields');
  }
  return undefined;
};

const INT32_MAX = 2 ** 31;

const numberBound = (value: number, schema: Schema): string | undefined => {
  if (schema.minimum !== undefined && value < schema.minimum) return `be at least ${schema.minimum}`;
  if (schema.maximum !== undefined && value > schema.maximum) return `be at most ${schema.maximum}`;
  if (schema.format === 'int32' && (value < -INT32_MAX || value >= INT32_MAX)) return 'fit in 32 bits';
  return undefined;
};

/** Milliseconds; texts far longer than any duration are none without being looked at. */
const durationOf = (value: string): number | undefined => (value.length > 64 ? undefined : parseDuration(value));

/** The one CEL rule that stands at nearly every duration of Istio's CRDs; the others need an evaluator. */
const DURATION_RULE = "duration(self) >= duration('1ms')";
const QUANTITY = /^[+-]?(\d+\.?\d*|\.\d+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?$/;

const stringBound = (value: string, schema: Schema): string | undefined => {
  if (schema.minLength !== undefined || schema.maxLength !== undefined) {
    // The API server counts code points.
    const length = value.length > 1_000 ? value.length : [...value].length;
    if (schema.minLength === 1 && length === 0) return 'not be empty';
    const broken = sizeBound(length, schema.minLength, schema.maxLength, 'characters');
    if (broken !== undefined) return broken;
  }
  if (schema.pattern !== undefined && !patternOf(schema.pattern).test(value)) return `match ${schema.pattern}`;
  if (schema.rules?.includes(DURATION_RULE) === true && (durationOf(value) ?? 0) < 1) {
    return 'be a duration of at least 1ms, such as "10s"';
  }
  if (schema.format === 'duration' && durationOf(value) === undefined) return 'be a duration such as "10s"';
  if (schema.format === 'quantity' && (value.length > 64 || !QUANTITY.test(value)))
    return 'be a quantity such as "100m" or "64Mi"';
  return undefined;
};

const sizeBound = (
  size: number,
  minimum: number | undefined,
  maximum: number | undefined,
  unit: string,
): string | undefined => {
  if (minimum !== undefined && size < minimum) return `have at least ${minimum} ${unit}`;
  if (maximum !== undefined && size > maximum) return `have at most ${maximum} ${unit}`;
  return undefined;
};

const patterns = new Map<string, RegExp>();

/** Patterns are those of the generated schemas, a fixed and small number. */
const patternOf = (source: string): RegExp => {
  let pattern = patterns.get(source);
  if (pattern === undefined) {
    pattern = new RegExp(source, 'u');
    patterns.set(source, pattern);
  }
  return pattern;
};
