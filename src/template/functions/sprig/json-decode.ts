import { FunctionError } from '../../functions.ts';
import { ANY_MAP, ANY_SLICE, type GoType } from '../../type.ts';
import { GoMap, GoSlice, type GoValue } from '../../value.ts';

const jsonKind = (value: GoValue): string => {
  if (value instanceof GoMap) return 'object';
  if (value instanceof GoSlice) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value;
};

const mismatch = (value: GoValue, type: GoType): never => {
  throw new FunctionError(`json: cannot unmarshal ${jsonKind(value)} into Go value of type ${type.name}`);
};

/** JSON decoded into a `map[string]interface {}`; null makes a nil one. Throws a FunctionError for other kinds. */
export const decodeMap = (value: GoValue): GoValue => {
  if (value === null) return new GoMap(ANY_MAP, undefined);
  return value instanceof GoMap ? value : mismatch(value, ANY_MAP);
};

/** JSON decoded into a `[]interface {}`; null makes a nil one. Throws a FunctionError for other kinds. */
export const decodeList = (value: GoValue): GoValue => {
  if (value === null) return new GoSlice(ANY_SLICE, undefined);
  return value instanceof GoSlice ? value : mismatch(value, ANY_SLICE);
};
