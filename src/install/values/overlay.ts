import { isObject } from '../../model/value.ts';
import { createPlain, type Plain } from '../../yaml/plain.ts';

/** A value that shares no container with the given one. */
export const cloneValue = <T>(value: T): T => {
  if (Array.isArray(value)) return value.map(cloneValue) as T;
  return isObject(value) ? (cloneMap(value) as T) : value;
};

const cloneMap = (map: Plain): Plain => {
  const copy = createPlain();
  for (const [key, value] of Object.entries(map)) copy[key] = cloneValue(value);
  return copy;
};

/** Two maps as one: maps merge key by key, everything else, null included, is the upper one's. Neither is changed. */
export const overlay = (base: Plain, upper: Plain): Plain => {
  const result = Object.assign(createPlain(), base);
  for (const [key, value] of Object.entries(upper)) {
    const below = result[key];
    result[key] = isObject(value) && isObject(below) ? overlay(below, value) : cloneValue(value);
  }
  return result;
};

/** A map with one value, so many keys deep. */
export const nested = (path: readonly string[], value: unknown): Plain => {
  const [key = '', ...rest] = path;
  const map = createPlain();
  map[key] = rest.length === 0 ? value : nested(rest, value);
  return map;
};
