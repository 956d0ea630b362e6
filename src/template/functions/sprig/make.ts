import { ANY, ANY_MAP, ANY_SLICE, type GoType, INT, INT64, STRING_SLICE, sliceOf } from '../../type.ts';
import { GoInt, GoMap, GoSlice, type GoValue } from '../../value.ts';

/** An `int`; overflow wraps round. */
export const goInt = (value: number | bigint): GoInt => new GoInt(INT, BigInt.asIntN(64, BigInt(value)));

/** An `int64`; overflow wraps round. */
export const goInt64 = (value: number | bigint): GoInt => new GoInt(INT64, BigInt.asIntN(64, BigInt(value)));

/** A `[]interface {}`; undefined makes the nil one. */
export const goList = (items: readonly GoValue[] | undefined): GoSlice => new GoSlice(ANY_SLICE, items);

/** A `[]string`; undefined makes the nil one. */
export const goStrings = (items: readonly string[] | undefined): GoSlice => new GoSlice(STRING_SLICE, items);

/** A `[]int`. */
export const goInts = (items: readonly GoInt[]): GoSlice => new GoSlice(sliceOf(INT), items);

/** A `[][]interface {}`. */
export const goLists = (items: readonly GoSlice[]): GoSlice => new GoSlice(sliceOf(sliceOf(ANY)), items);

/** A new map of a type, `map[string]interface {}` where none is given. */
export const goMap = (entries: Iterable<readonly [string, GoValue]>, type: GoType<GoMap> = ANY_MAP): GoMap =>
  new GoMap(type, new Map(entries));
