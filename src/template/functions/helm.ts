import { quote } from '../fmt/quote.ts';
import { FunctionError, fixed, type Runtime, type TemplateFunction } from '../functions.ts';
import { ANY, STRING } from '../type.ts';
import { anyMap, anySlice, type GoValue } from '../value.ts';
import { orElse } from './or-else.ts';
import { readToml } from './read-toml.ts';
import { readYaml } from './read-yaml.ts';
import { COMPACT } from './sprig/json.ts';
import { decodeList, decodeMap } from './sprig/json-decode.ts';
import { parseJson } from './sprig/json-read.ts';
import { toJsonValue } from './sprig/json-value.ts';
import { writeJson } from './sprig/json-write.ts';
import { writeToml } from './write-toml.ts';
import { writePrettyYaml, writeYaml } from './write-yaml.ts';

/** How deep one template may include itself. */
const DEEPEST_INCLUDE = 1000;
const WARNING_START = 'HELM_ERR_START';
const WARNING_END = 'HELM_ERR_END';

/** The message that a chart gave `fail` or `required`, taken out of the error of an execution; undefined for other errors. */
export const chartMessage = (error: string): string | undefined => {
  const start = error.indexOf(WARNING_START);
  const end = error.lastIndexOf(WARNING_END);
  return start < 0 || end < start ? undefined : error.slice(start + WARNING_START.length, end);
};

const fail = (message: string): never => {
  throw new FunctionError(WARNING_START + message + WARNING_END);
};

const required = (message: string, value: GoValue): GoValue => (value === null || value === '' ? fail(message) : value);

const nestedTooDeeply = (name: string): FunctionError =>
  new FunctionError(`rendering template has a nested reference name: ${name}: unable to execute template`);

const include: TemplateFunction['call'] = (args, runtime) => {
  const name = String(args[0]);
  const depth = runtime.counters.get(name) ?? 0;
  if (depth > DEEPEST_INCLUDE) throw nestedTooDeeply(name);
  runtime.counters.set(name, depth + 1);
  try {
    return runtime.execute(runtime.templates, name, args[1] ?? null);
  } catch (error) {
    // The stack: where a template includes itself with much in between, it ends before the limit.
    throw error instanceof RangeError ? nestedTooDeeply(name) : error;
  } finally {
    runtime.counters.set(name, depth);
  }
};

/** Runs what may fail with the words of the failure put into others. */
const wrapping = <T>(work: () => T, words: (message: string) => string): T => {
  try {
    return work();
  } catch (error) {
    if (error instanceof FunctionError) throw new FunctionError(words(error.message));
    throw error;
  }
};

const tpl = (text: string, data: GoValue, runtime: Runtime): string => {
  runtime.spend(text.length);
  const templates = runtime.templates.clone();
  wrapping(
    () => templates.parse(templates.name, text),
    (message) => `cannot parse template ${quote(text)}: ${message}`,
  );
  const output = wrapping(
    () => runtime.execute(templates, templates.name, data),
    (message) => `error during tpl function execution for ${quote(text)}: ${message}`,
  );
  return output.replaceAll('<no value>', '');
};

const withoutLineEnd = (text: string): string => (text.endsWith('\n') ? text.slice(0, -1) : text);

/** A value as helm's `toYaml` writes it; throws a FunctionError for what has no JSON. */
const toYaml = (value: GoValue): string => withoutLineEnd(writeYaml(value));

const toJson = (value: GoValue): string => writeJson(toJsonValue(value), COMPACT);

const writing = (name: string, write: (value: GoValue) => string): readonly TemplateFunction[] => {
  const spending = (value: GoValue, runtime: Runtime): string => {
    const text = write(value);
    runtime.spend(text.length);
    return text;
  };
  return [
    fixed(name, [ANY], (value, runtime) =>
      orElse(
        () => spending(value, runtime),
        () => '',
      ),
    ),
    fixed(`must${name[0]?.toUpperCase()}${name.slice(1)}`, [ANY], spending),
  ];
};

const asMap =
  (read: (text: string) => GoValue) =>
  (text: string, runtime: Runtime): GoValue => {
    runtime.spend(text.length);
    return orElse<GoValue>(
      () => read(text),
      (message) => anyMap(new Map([['Error', message]])),
    );
  };

const asList =
  (read: (text: string) => GoValue) =>
  (text: string, runtime: Runtime): GoValue => {
    runtime.spend(text.length);
    return orElse<GoValue>(
      () => read(text),
      (message) => anySlice([message]),
    );
  };

/** YAML decoded; null, and nothing at all, leave what there was before: something empty. */
const inYaml =
  (decode: (value: GoValue) => GoValue, empty: () => GoValue) =>
  (text: string): GoValue => {
    const value = readYaml(text);
    if (value === null) return empty();
    return wrapping(
      () => decode(value),
      (message) => `error unmarshaling JSON: while decoding JSON: ${message}`,
    );
  };

/**
 * What helm adds to sprig: templates within templates, YAML and JSON of values, messages for the chart's user. Nothing is
 * found by `lookup`, as when helm renders without a cluster.
 */
export const helmFunctions: readonly TemplateFunction[] = [
  { name: 'include', params: [STRING, ANY], variadic: false, call: include },
  fixed('tpl', [STRING, ANY], tpl),
  fixed('required', [STRING, ANY], required),
  fixed('fail', [STRING], fail),
  fixed('lookup', [STRING, STRING, STRING, STRING], () => anyMap()),
  fixed('getHostByName', [STRING], () => ''),
  ...writing('toYaml', toYaml),
  ...writing('toJson', toJson),
  // Without "must", what went wrong is the text.
  fixed('toToml', [ANY], (value, runtime) => {
    if (value === null) return writeToml(value);
    const text = orElse(
      () => writeToml(value),
      (message) => message,
    );
    runtime.spend(text.length);
    return text;
  }),
  fixed('mustToToml', [ANY], (value, runtime) => {
    const text = writeToml(value);
    runtime.spend(text.length);
    return text;
  }),
  fixed('toYamlPretty', [ANY], (value, runtime) => {
    const text = orElse(
      () => withoutLineEnd(writePrettyYaml(value)),
      () => '',
    );
    runtime.spend(text.length);
    return text;
  }),
  fixed('fromToml', [STRING], asMap(readToml)),
  fixed('fromYaml', [STRING], asMap(inYaml(decodeMap, anyMap))),
  fixed('fromYamlArray', [STRING], asList(inYaml(decodeList, () => anySlice([])))),
  fixed(
    'fromJson',
    [STRING],
    asMap((text) => decodeMap(parseJson(text))),
  ),
  fixed(
    'fromJsonArray',
    [STRING],
    asList((text) => decodeList(parseJson(text))),
  ),
];
