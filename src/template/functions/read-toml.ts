import { parse, TomlDate, TomlError, type TomlValue } from 'smol-toml';
import { FunctionError } from '../functions.ts';
import { INT64 } from '../type.ts';
import { anyMap, anySlice, GoInt, type GoValue } from '../value.ts';
import { goTime, type Zone } from './sprig/time.ts';

/** Where a time without an offset is, as the decoder that helm uses names it. */
const LOCAL: Zone = { name: 'datetime-local', offset: 0 };

const zoneOf = (date: TomlDate): Zone => {
  if (date.isLocal()) return LOCAL;
  const [, sign = '+', hours = '0', minutes = '0'] = /([+-])(\d\d):(\d\d)$/.exec(date.toISOString()) ?? [];
  const offset = (Number(hours) * 60 + Number(minutes)) * 60 * (sign === '-' ? -1 : 1);
  return offset === 0 ? 'UTC' : { name: '', offset };
};

const toGo = (value: TomlValue): GoValue => {
  if (typeof value === 'bigint') return new GoInt(INT64, value);
  if (typeof value !== 'object') return value;
  if (value instanceof TomlDate)
    return goTime({ nanoseconds: BigInt(value.getTime()) * 1_000_000n, zone: zoneOf(value) });
  if (Array.isArray(value)) return anySlice(value.map(toGo));
  return anyMap(new Map(Object.entries(value).map(([key, each]) => [key, toGo(each)])));
};

/** TOML as a map: whole numbers are int64, dates times. A text that does not parse throws a FunctionError in the parser's words. */
export const readToml = (text: string): GoValue => {
  try {
    return toGo(parse(text, { integersAsBigInt: true }));
  } catch (error) {
    if (error instanceof TomlError)
      throw new FunctionError(`toml: line ${error.line}: ${error.message.split('\n')[0]}`);
    throw error;
  }
};
