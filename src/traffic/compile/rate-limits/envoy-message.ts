/** Reads messages of Envoy's API as EnvoyFilters hold them: JSON of protobuf, field names in snake or camel case. */
import { parseDuration } from '../../../base/duration.ts';
import type { Resource } from '../../../model/resource.ts';
import type { At, Report } from '../report.ts';

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const toSnake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** A message, and what of it nobody has asked for yet. */
export interface EnvoyMessage {
  /** Where it stands. */
  readonly at: At;
  /** Undefined when absent, or not of the kind that is asked for. */
  text(name: string): string | undefined;
  number(name: string): number | undefined;
  flag(name: string): boolean | undefined;
  durationMs(name: string): number | undefined;
  message(name: string): EnvoyMessage | undefined;
  messages(name: string): readonly EnvoyMessage[];
  /** All of its fields that are there. */
  readonly names: readonly string[];
  /** The fields that were asked for by none of the above: each has no effect, and is reported. */
  reportRest(effect: string): void;
}

/** Wraps a value; one that is no message has no fields. */
export const readEnvoyMessage = (value: unknown, at: At, resource: Resource, report: Report): EnvoyMessage => {
  const fields = isFields(value) ? value : {};
  const keys = new Map(Object.keys(fields).map((key) => [toSnake(key), key]));
  const asked = new Set<string>();
  const get = (name: string): unknown => {
    asked.add(name);
    return fields[keys.get(name) ?? ''];
  };
  const text = (name: string): string | undefined => {
    const found = get(name);
    return typeof found === 'string' ? found : undefined;
  };
  const wrap = (inner: unknown, place: At): EnvoyMessage => readEnvoyMessage(inner, place, resource, report);
  return {
    at,
    text,
    number: (name) => {
      const found = get(name);
      const number = typeof found === 'string' && found !== '' ? Number(found) : found;
      return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
    },
    flag: (name) => {
      const found = get(name);
      return typeof found === 'boolean' ? found : undefined;
    },
    durationMs: (name) => parseDuration(text(name) ?? ''),
    message: (name) => {
      const found = get(name);
      return isFields(found) ? wrap(found, [fields, keys.get(name) ?? name]) : undefined;
    },
    messages: (name) => {
      const found = get(name);
      return Array.isArray(found) ? found.map((entry: unknown, index) => wrap(entry, [found, index])) : [];
    },
    names: [...keys.keys()],
    reportRest: (effect) => {
      for (const [name, key] of keys)
        if (!asked.has(name)) report.unsupportedField(resource, name, effect, [fields, key]);
    },
  };
};

const TYPED_STRUCTS: ReadonlySet<string> = new Set([
  'type.googleapis.com/udpa.type.v1.TypedStruct',
  'type.googleapis.com/xds.type.v3.TypedStruct',
]);

/** The message in an Any, whichever way it is written, when it is of a type; undefined for another type. */
export const unwrapAny = (any: EnvoyMessage, type: string): EnvoyMessage | undefined => {
  const url = any.text('@type') ?? '';
  if (!TYPED_STRUCTS.has(url)) return url.endsWith(`/${type}`) ? any : undefined;
  return any.text('type_url')?.endsWith(`/${type}`) === true ? any.message('value') : undefined;
};
