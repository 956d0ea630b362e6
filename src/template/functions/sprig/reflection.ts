import { fixed, type TemplateFunction } from '../../functions.ts';
import { ANY, STRING } from '../../type.ts';
import { type GoValue, typeOf } from '../../value.ts';
import { deepEqual } from './deep-equal.ts';

/** The name of a value's type as `%T` prints it. */
export const typeName = (value: GoValue): string => typeOf(value)?.name ?? '<nil>';

/** reflect's name for the kind of a value. */
export const kindName = (value: GoValue): string => {
  const kind = typeOf(value)?.kind ?? 'invalid';
  return kind === 'pointer' ? 'ptr' : kind;
};

/** sprig's questions about the type of a value. */
export const reflectionFunctions: readonly TemplateFunction[] = [
  fixed('typeOf', [ANY], typeName),
  fixed('typeIs', [STRING, ANY], (name, value) => typeName(value) === name),
  fixed('typeIsLike', [STRING, ANY], (name, value) => [name, `*${name}`].includes(typeName(value))),
  fixed('kindOf', [ANY], kindName),
  fixed('kindIs', [STRING, ANY], (kind, value) => kindName(value) === kind),
  fixed('deepEqual', [ANY, ANY], deepEqual),
];
