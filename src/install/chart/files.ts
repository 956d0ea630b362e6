import { fromBytes, toBytes } from '../../template/bytes.ts';
import { toBase64 } from '../../template/functions/sprig/encodings.ts';
import { basePath } from '../../template/functions/sprig/paths.ts';
import { type GoMethod, type GoType, STRING, STRING_SLICE, sliceOf, UINT8 } from '../../template/type.ts';
import { GoInt, GoMap, GoSlice, type GoValue } from '../../template/value.ts';
import { printGoYaml } from '../../yaml/emit/go-yaml.ts';
import type { ChartFile } from './chart.ts';
import { compileGlob } from './glob.ts';

const BYTES = sliceOf(UINT8) as GoType<GoSlice>;

const bytesOf = (text: string): GoSlice =>
  new GoSlice(
    BYTES,
    Array.from(toBytes(text), (byte) => new GoInt(UINT8, BigInt(byte))),
  );

/** The bytes are made when they are asked for: charts carry megabytes that nobody reads as bytes. */
class FileEntries extends Map<string, GoValue> {
  readonly texts: ReadonlyMap<string, string>;

  constructor(files: readonly ChartFile[]) {
    super();
    this.texts = new Map(files.map(({ name, text }) => [name, text]));
    for (const { name } of files) this.set(name, null);
  }

  override get(name: string): GoValue | undefined {
    const text = this.texts.get(name);
    return text === undefined ? undefined : bytesOf(text);
  }

  override *entries(): MapIterator<[string, GoValue]> {
    for (const [name, text] of this.texts) yield [name, bytesOf(text)];
    return undefined;
  }

  override [Symbol.iterator](): MapIterator<[string, GoValue]> {
    return this.entries();
  }

  override *values(): MapIterator<GoValue> {
    for (const text of this.texts.values()) yield bytesOf(text);
    return undefined;
  }
}

const textsOf = (receiver: GoValue): ReadonlyMap<string, string> =>
  receiver instanceof GoMap && receiver.entries instanceof FileEntries ? receiver.entries.texts : new Map();

const linesOf = (text: string | undefined): GoSlice =>
  new GoSlice(STRING_SLICE, text === undefined ? [] : text.replace(/\n$/, '').split('\n'));

/** By the last part of the name, as a ConfigMap or Secret holds them. */
const printed = (texts: ReadonlyMap<string, string>, write: (text: string) => string): string => {
  const entries = [...texts].map(([name, text]) => [basePath(name), write(text)]);
  return printGoYaml(Object.fromEntries(entries)).replace(/\n$/, '');
};

const base64 = (text: string): string => toBase64(toBytes(text));

const method = (
  params: readonly GoType[],
  call: (texts: ReadonlyMap<string, string>, argument: string) => GoValue,
): GoMethod => ({
  params,
  variadic: false,
  call: (receiver, [argument]) => call(textsOf(receiver), typeof argument === 'string' ? argument : ''),
});

const FILES: GoType<GoMap> = {
  kind: 'map',
  name: 'engine.files',
  key: STRING,
  elem: BYTES,
  methods: new Map([
    ['Get', method([STRING], (texts, name) => texts.get(name) ?? '')],
    ['GetBytes', method([STRING], (texts, name) => bytesOf(texts.get(name) ?? ''))],
    ['Glob', method([STRING], (texts, pattern) => globbed(texts, pattern))],
    ['AsConfig', method([], (texts) => printed(texts, (text) => text))],
    ['AsSecrets', method([], (texts) => printed(texts, base64))],
    ['Lines', method([STRING], (texts, name) => linesOf(texts.get(name)))],
  ]),
};

const globbed = (texts: ReadonlyMap<string, string>, pattern: string): GoMap => {
  const matches = compileGlob(pattern);
  return chartFiles([...texts].filter(([name]) => matches(name)).map(([name, text]) => ({ name, text })));
};

/** `.Files` of a chart: a map of bytes by name, with methods that read and choose. */
export const chartFiles = (files: readonly ChartFile[]): GoMap =>
  new GoMap(FILES, new FileEntries(files.map(({ name, text }) => ({ name, text: fromBytes(toBytes(text)) }))));
