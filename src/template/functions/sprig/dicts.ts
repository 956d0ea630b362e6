import { FunctionError, fixed, type TemplateFunction, variadic } from '../../functions.ts';
import { ANY, ANY_MAP, STRING } from '../../type.ts';
import { GoMap, type GoValue } from '../../value.ts';
import { sortTexts } from './lists.ts';
import { goList, goMap, goStrings } from './make.ts';
import { mergeMaps } from './merge.ts';
import { typeName } from './reflection.ts';
import { stringOf } from './text.ts';

const pairs = (values: readonly GoValue[]): GoMap => {
  const entries = new Map<string, GoValue>();
  for (let at = 0; at < values.length; at += 2)
    entries.set(stringOf(values[at] ?? null), at + 1 < values.length ? (values[at + 1] ?? null) : '');
  return goMap(entries);
};

const assertMap = (value: GoValue): GoMap => {
  if (value instanceof GoMap && value.type === ANY_MAP) return value;
  const name = value === null ? 'nil' : typeName(value);
  throw new FunctionError(`interface conversion: interface {} is ${name}, not map[string]interface {}`);
};

const assertText = (value: GoValue): string => {
  if (typeof value === 'string') return value;
  const name = value === null ? 'nil' : typeName(value);
  throw new FunctionError(`interface conversion: interface {} is ${name}, not string`);
};

const dig = (params: readonly GoValue[]): GoValue => {
  if (params.length < 3) throw new FunctionError('dig needs at least three arguments');
  let at: GoValue = assertMap(params.at(-1) ?? null);
  const fallback = params.at(-2) ?? null;
  const keys = params.slice(0, -2).map(assertText);
  for (const key of keys) {
    const step: GoValue | undefined = assertMap(at).entries?.get(key);
    if (step === undefined) return fallback;
    at = step;
  }
  return at;
};

const set = (map: GoMap, key: string, value: GoValue): GoMap => {
  if (map.entries === undefined) throw new FunctionError('assignment to entry in nil map');
  map.entries.set(key, value);
  return map;
};

const unset = (map: GoMap, key: string): GoMap => {
  map.entries?.delete(key);
  return map;
};

const entriesOf = (map: GoMap): ReadonlyMap<string, GoValue> => map.entries ?? new Map<string, GoValue>();

/** Go goes over maps in an order that differs from run to run; ours is that of the keys. */
const sortedKeys = (map: GoMap): readonly string[] => sortTexts(entriesOf(map).keys());

const pick = (map: GoMap, keys: readonly string[]): GoMap => {
  const entries = entriesOf(map);
  return goMap(keys.flatMap((key) => (entries.has(key) ? [[key, entries.get(key) ?? null] as const] : [])));
};

const omit = (map: GoMap, keys: readonly string[]): GoMap => {
  const omitted = new Set(keys);
  return goMap(Array.from(entriesOf(map)).filter(([key]) => !omitted.has(key)));
};

const merging = (name: string, overwrite: boolean): TemplateFunction =>
  variadic(name, [ANY_MAP], ANY_MAP, (first, sources, runtime) => {
    const target = first.entries === undefined && sources.some((source) => source.entries) ? goMap([]) : first;
    for (const source of sources) {
      runtime.spend(entriesOf(source).size);
      mergeMaps(target, source, overwrite);
    }
    return target;
  });

/** sprig's functions on maps; `set`, `unset` and the merging ones change the map they are given. */
export const dictFunctions: readonly TemplateFunction[] = [
  variadic('dict', [], ANY, pairs),
  fixed('get', [ANY_MAP, STRING], (map, key) => {
    const value = map.entries?.get(key);
    return value === undefined ? '' : value;
  }),
  fixed('set', [ANY_MAP, STRING, ANY], set),
  fixed('unset', [ANY_MAP, STRING], unset),
  fixed('hasKey', [ANY_MAP, STRING], (map, key) => entriesOf(map).has(key)),
  variadic('pluck', [STRING], ANY_MAP, (key, maps) =>
    goList(maps.flatMap((map) => (entriesOf(map).has(key) ? [entriesOf(map).get(key) ?? null] : []))),
  ),
  variadic('keys', [], ANY_MAP, (maps) => goStrings(maps.flatMap(sortedKeys))),
  fixed('values', [ANY_MAP], (map) => goList(sortedKeys(map).map((key) => entriesOf(map).get(key) ?? null))),
  variadic('pick', [ANY_MAP], STRING, pick),
  variadic('omit', [ANY_MAP], STRING, omit),
  ...['merge', 'mustMerge'].map((name) => merging(name, false)),
  ...['mergeOverwrite', 'mustMergeOverwrite'].map((name) => merging(name, true)),
  variadic('dig', [], ANY, dig),
];
