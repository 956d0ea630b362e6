import type { Problem } from '../../base/problem.ts';
import { isObject } from '../../model/value.ts';
import { spanOf } from '../../yaml/located.ts';
import type { Plain } from '../../yaml/plain.ts';

/** A file of another tool in heddle's own shape, and what of it is not compared, each at its line. */
export interface Imported {
  readonly document: Plain;
  /** Indexes of the tests that want no match. */
  readonly negated: ReadonlySet<number>;
  readonly problems: readonly Problem[];
}

/** The mappings of a list; none of what is no list. */
export const objectsOf = (value: unknown): readonly Plain[] => (Array.isArray(value) ? value.filter(isObject) : []);

/** A key that heddle has no counterpart of. */
export const notImported = (tool: string, container: object, key: string | number, name = String(key)): Problem => {
  const span = spanOf(container, key, 'key');
  return {
    severity: 'warning',
    code: 'NOT_IMPORTED',
    message: `"${name}" of ${tool} is not compared`,
    hint: 'say it in a test of heddle',
    ...(span && { span }),
  };
};
