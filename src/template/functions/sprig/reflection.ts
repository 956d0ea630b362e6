import { fixed, type TemplateFunction } from '../../functions.ts';
import { ANY, STRING } from '../../type.ts';
import type { GoValue } from '../../value.ts';
import { deepEqual } from './deep-equal.ts';

/** The name of a value's type as `%T` prints it. */
export const typeOf = (value: GoValue): string => {
  if (value === null) return '<nil>';
  if (typeof value === 'object') return value.type.name;
  return typeof value === 'number' ? 'float64' : typeof value === 'boolean' ? 'bool' : 'string';
};

/** reflect's name for the kind of a value. */
export const kindOf = (value: GoValue): string => {
  if (value === null) return 'invalid';
  if (typeof value !== 'object') return typeOf(value);
  return value.type.kind === 'pointer' ? 'ptr' : value.type.kind;
};

/** sprig's questions about the type of a value. */
export const reflectionFunctions: readonly TemplateFunction[] = [
  fixed('typeOf', [ANY], typeOf),
  fixed('typeIs', [STRING, ANY], (name, value) => typeOf(value) === name),
  fixed('typeIsLike', [STRING, ANY], (name, value) => [name, `*${name}`].includes(typeOf(value))),
  fixed('kindOf', [ANY], kindOf),
  fixed('kindIs', [STRING, ANY], (kind, value) => kindOf(value) === kind),
  fixed('deepEqual', [ANY, ANY], deepEqual),
];
