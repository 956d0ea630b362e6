import { fixed, type Runtime, type TemplateFunction } from '../../functions.ts';
import { ANY, STRING } from '../../type.ts';
import type { GoValue } from '../../value.ts';
import { orElse } from '../or-else.ts';
import { parseJson } from './json-read.ts';
import { toJsonValue } from './json-value.ts';
import { type JsonStyle, writeJson } from './json-write.ts';

/** One line, HTML escaped: json.Marshal. */
export const COMPACT: JsonStyle = { indent: 0, html: true };
const PRETTY: JsonStyle = { indent: 2, html: true };
const RAW: JsonStyle = { indent: 0, html: false };

const encode =
  (style: JsonStyle) =>
  (value: GoValue, runtime: Runtime): string => {
    const text = writeJson(toJsonValue(value), style);
    runtime.spend(text.length);
    return text;
  };

const lenient =
  (style: JsonStyle) =>
  (value: GoValue, runtime: Runtime): string =>
    orElse(
      () => encode(style)(value, runtime),
      () => '',
    );

const decode = (text: string, runtime: Runtime): GoValue => {
  runtime.spend(text.length);
  return parseJson(text);
};

/** sprig's JSON: without `must`, what has no JSON gives no text and what is none gives nil. */
export const jsonFunctions: readonly TemplateFunction[] = [
  fixed('toJson', [ANY], lenient(COMPACT)),
  fixed('mustToJson', [ANY], encode(COMPACT)),
  fixed('toPrettyJson', [ANY], lenient(PRETTY)),
  fixed('mustToPrettyJson', [ANY], encode(PRETTY)),
  fixed('toRawJson', [ANY], encode(RAW)),
  fixed('mustToRawJson', [ANY], encode(RAW)),
  fixed('fromJson', [STRING], (text, runtime) =>
    orElse<GoValue>(
      () => decode(text, runtime),
      () => null,
    ),
  ),
  fixed('mustFromJson', [STRING], decode),
];
