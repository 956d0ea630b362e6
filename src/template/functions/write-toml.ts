import { toText } from '../bytes.ts';
import { follow } from '../exec/field.ts';
import { formatFloat } from '../fmt/float.ts';
import { FunctionError } from '../functions.ts';
import { isExported } from '../type.ts';
import { GoInt, GoMap, GoScalar, GoSlice, GoStruct, type GoValue } from '../value.ts';
import { formatLayout } from './sprig/layout.ts';
import { sortTexts } from './sprig/lists.ts';
import { calendarOf, instantOf } from './sprig/time.ts';

/** Where a value stands: in a table of its own, in tables one after another, or behind its key. */
type Place = 'table' | 'tables' | 'inline';
type Entry = readonly [name: string, value: GoValue];
type Key = readonly string[];

interface Output {
  text: string;
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ...['"', '\\'].map((char) => [char, `\\${char}`] as const),
  ...Array.from('\b\t\n\f\r', (char, at) => [char, `\\${'btnfr'[at]}`] as const),
]);

const quote = (text: string): string => {
  const escaped = toText(text).replace(
    /["\\\p{Cc}]/gu,
    (char) => ESCAPES.get(char) ?? (char <= '\x7f' ? `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}` : char),
  );
  return `"${escaped}"`;
};

const writeName = (name: string): string => (/^[\w-]+$/.test(name) ? name : quote(name));

/** What pointers lead to; null for every kind of nil. */
const resolve = (start: GoValue): GoValue => {
  const { value = null } = follow(start);
  const isNil = (value instanceof GoMap && !value.entries) || (value instanceof GoSlice && !value.items);
  return isNil ? null : value;
};

const placeOf = (value: GoValue): Place => {
  if (value instanceof GoMap) return 'table';
  if (value instanceof GoStruct) return instantOf(value) === undefined ? 'table' : 'inline';
  if (!(value instanceof GoSlice)) return 'inline';
  const places = (value.items ?? []).map((item) => {
    const resolved = resolve(item);
    if (resolved === null) throw new FunctionError('toml: cannot encode array with nil element');
    return placeOf(resolved);
  });
  return places.length > 0 && places.every((place) => place === 'table') ? 'tables' : 'inline';
};

/** The entries of a table, those that make tables last. */
const entriesOf = (table: GoValue): { readonly direct: readonly Entry[]; readonly tables: readonly Entry[] } => {
  const all: Entry[] = [];
  if (table instanceof GoMap) {
    const { entries = new Map<string, GoValue>() } = table;
    for (const key of sortTexts(entries.keys())) all.push([key, resolve(entries.get(key) ?? null)]);
  } else if (table instanceof GoStruct) {
    for (const field of table.type.fields ?? []) {
      if (isExported(field)) all.push([field.name, resolve(table.read(field.name))]);
    }
  }
  const direct = all.filter(([, value]) => placeOf(value) === 'inline');
  return { direct, tables: all.filter((entry) => !direct.includes(entry)) };
};

const writeFloat = (value: number, bits: 32 | 64): string => {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  const text = formatFloat(value, 'g', -1, bits);
  return /[.e]/.test(text) ? text : `${text}.0`;
};

const writeInlineTable = (table: GoValue): string => {
  const { direct, tables } = entriesOf(table);
  // A nil behind the others leaves their comma.
  const write = (entries: readonly Entry[], isFollowed: boolean): string =>
    entries
      .map(([name, value], at) => {
        if (value === null) return '';
        return `${writeName(name)} = ${writeValue(value)}${isFollowed || at < entries.length - 1 ? ', ' : ''}`;
      })
      .join('');
  return `{${write(direct, tables.length > 0)}${write(tables, false)}}`;
};

const writeValue = (value: GoValue): string => {
  if (typeof value === 'string') return quote(value);
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return writeFloat(value, 64);
  if (value instanceof GoInt) return String(value.value);
  if (value instanceof GoScalar) {
    return value.type.kind === 'float32' ? writeFloat(Number(value.value), 32) : writeValue(value.value);
  }
  if (value instanceof GoSlice) return `[${(value.items ?? []).map((item) => writeValue(resolve(item))).join(', ')}]`;
  if (value instanceof GoMap) return writeInlineTable(value);
  if (value instanceof GoStruct) {
    const instant = instantOf(value);
    return instant === undefined
      ? writeInlineTable(value)
      : formatLayout('2006-01-02T15:04:05.999999999Z07:00', calendarOf(instant));
  }
  throw new FunctionError(`unexpected type: ${value?.type.name ?? 'nil'}`);
};

const indent = (key: Key): string => '  '.repeat(key.length - 1);

const breakLine = (output: Output): void => {
  if (output.text !== '') output.text += '\n';
};

const writeEntries = (output: Output, key: Key, table: GoValue): void => {
  const { direct, tables } = entriesOf(table);
  for (const [name, value] of [...direct, ...tables]) {
    if (value !== null) writeAt(output, [...key, name], value);
  }
};

const writeAt = (output: Output, key: Key, value: GoValue): void => {
  const path = key.map(writeName).join('.');
  switch (placeOf(value)) {
    case 'table':
      if (key.length === 1) breakLine(output);
      if (key.length > 0) output.text += `${indent(key)}[${path}]\n`;
      writeEntries(output, key, value);
      break;
    case 'tables':
      if (key.length === 0) throw new FunctionError('toml: top-level values must be Go maps or structs');
      for (const item of value instanceof GoSlice ? (value.items ?? []) : []) {
        breakLine(output);
        output.text += `${indent(key)}[[${path}]]\n`;
        writeEntries(output, key, resolve(item));
      }
      break;
    default:
      output.text += key.length === 0 ? '' : `${indent(key)}${writeName(key.at(-1) ?? '')} = `;
      output.text += key.length === 0 ? writeValue(value) : `${writeValue(value)}\n`;
  }
};

/** A value as the TOML encoder that helm uses writes it. Throws a FunctionError with its words for what has no TOML. */
export const writeToml = (value: GoValue): string => {
  if (value === null) throw new FunctionError('reflect: call of reflect.Value.Type on zero Value');
  const output: Output = { text: '' };
  const resolved = resolve(value);
  if (resolved !== null) writeAt(output, [], resolved);
  return output.text;
};
