import { toBytes } from '../../src/template/bytes.ts';
import { sprint, sprintln } from '../../src/template/fmt/printf.ts';
import { FunctionError, type FunctionTable, fixed, functionTable, variadic } from '../../src/template/functions.ts';
import {
  ANY,
  ANY_MAP,
  ANY_SLICE,
  BOOL,
  FLOAT32,
  FLOAT64,
  type GoType,
  INT,
  INT8,
  INT64,
  STRING,
  STRING_MAP,
  STRING_SLICE,
  sliceOf,
  UINT8,
  UINT64,
} from '../../src/template/type.ts';
import { anyMap, anySlice, GoInt, GoMap, GoSlice, type GoValue } from '../../src/template/value.ts';

const identity = (name: string, type: GoType) => fixed(name, [type], (value) => value);

const pairs = <T extends GoValue>(values: readonly GoValue[], read: (value: GoValue) => T): Map<string, T> => {
  const map = new Map<string, T>();
  for (let at = 0; at + 1 < values.length; at += 2) map.set(sprint([values[at] ?? null]), read(values[at + 1] ?? null));
  return map;
};

/** The functions that test/oracle/gotemplate calls "core": arguments and results of many types. */
export const coreFunctions: FunctionTable = functionTable([
  identity('str', STRING),
  identity('num', INT),
  identity('i8', INT8),
  identity('i64', INT64),
  identity('u8', UINT8),
  identity('u64', UINT64),
  identity('f32', FLOAT32),
  identity('f64', FLOAT64),
  identity('flag', BOOL),
  identity('any', ANY),
  identity('mapping', ANY_MAP),
  identity('items', ANY_SLICE),
  variadic('strs', [], STRING, (values) => new GoSlice(STRING_SLICE, values)),
  variadic('list', [], ANY, (values) => anySlice(values)),
  variadic('dict', [], ANY, (values) => anyMap(pairs(values, (value) => value))),
  variadic(
    'strmap',
    [],
    STRING,
    (values) =>
      new GoMap(
        STRING_MAP,
        pairs(values, (value) => value),
      ),
  ),
  fixed('nothing', [], () => null),
  fixed('nilmap', [], () => new GoMap(ANY_MAP, undefined)),
  fixed(
    'bytes',
    [STRING],
    (text) =>
      new GoSlice(
        sliceOf(UINT8),
        Array.from(toBytes(text), (byte) => new GoInt(UINT8, BigInt(byte))),
      ),
  ),
  variadic('joined', [STRING], ANY, (separator, values) => sprintln(values).slice(0, -1) + separator),
  fixed('boom', [STRING], (text) => {
    throw new FunctionError(`boom ${text}`);
  }),
  fixed('panics', [], () => {
    throw new FunctionError('help');
  }),
]);
