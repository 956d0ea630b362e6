import { FunctionError, fixed, type TemplateFunction, variadic } from '../../functions.ts';
import { ANY, BOOL } from '../../type.ts';
import { GoMap, GoSlice, type GoValue } from '../../value.ts';
import { isEmpty } from './empty.ts';

const deepCopyOfAny = (value: GoValue): GoValue => {
  if (value === null) throw new FunctionError('reflect: call of reflect.Value.Type on zero Value');
  return deepCopy(value);
};

/** A value whose maps and lists are its own. */
const deepCopy = (value: GoValue): GoValue => {
  if (value instanceof GoMap && value.entries !== undefined) {
    return new GoMap(value.type, new Map(Array.from(value.entries, ([key, item]) => [key, deepCopy(item)])));
  }
  if (value instanceof GoSlice && value.items !== undefined) {
    return new GoSlice(value.type, value.items.map(deepCopy));
  }
  return value;
};

/** sprig's functions that choose between values. */
export const defaultFunctions: readonly TemplateFunction[] = [
  variadic('default', [ANY], ANY, (fallback, [given = null]) => (isEmpty(given) ? fallback : given)),
  fixed('empty', [ANY], isEmpty),
  variadic('coalesce', [], ANY, (values) => values.find((value) => !isEmpty(value)) ?? null),
  variadic('all', [], ANY, (values) => !values.some(isEmpty)),
  variadic('any', [], ANY, (values) => values.some((value) => !isEmpty(value))),
  fixed('ternary', [ANY, ANY, BOOL], (whenTrue, whenFalse, condition) => (condition ? whenTrue : whenFalse)),
  fixed('deepCopy', [ANY], deepCopyOfAny),
  fixed('mustDeepCopy', [ANY], deepCopyOfAny),
];
