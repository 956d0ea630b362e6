import { formatDuration, parseDuration } from '../../../base/duration.ts';
import { FunctionError, fixed, type TemplateFunction } from '../../functions.ts';
import { ANY, STRING } from '../../type.ts';
import { GoInt, type GoStruct, type GoValue } from '../../value.ts';
import { orElse } from '../or-else.ts';
import { formatLayout } from './layout.ts';
import { type ParsedTime, parseLayout } from './layout-parse.ts';
import { calendarOf, goTime, type Instant, instantOf, isZone, offsetAt, TIME, ZERO_TIME, type Zone } from './time.ts';
import { quoteForTime } from './time-quote.ts';

/** The clock of where templates run. */
export interface TimePort {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Name of the local time zone in the time zone database. */
  readonly localZone: () => string;
}

const SECOND = 1_000_000_000n;
const DATE = '2006-01-02';
const INTEGERS: ReadonlySet<string> = new Set(['int', 'int64', 'int32']);

/** The zone that a text names, by its offset from UTC, its abbreviation or both. */
const zoneOf = ({ offset, zone }: ParsedTime, localZone: () => string): Zone => {
  if (zone === 'UTC' || (offset === 0 && localZone() === 'UTC')) return 'UTC';
  if (offset !== undefined) return { name: zone ?? '', offset };
  if (zone === undefined) return localZone();
  return { name: zone, offset: zone.startsWith('GMT') ? Number(zone.slice(3)) * 3600 : 0 };
};

const parse = (layout: string, text: string, localZone: () => string): Instant => {
  const parsed = parseLayout(layout, text);
  const date = new Date(0);
  date.setUTCFullYear(parsed.year, parsed.month - 1, parsed.day);
  date.setUTCHours(parsed.hour, parsed.minute, parsed.second);
  const clock = date.getTime() / 1000;
  const zone = zoneOf(parsed, localZone);
  // The offset of a zone is that of the instant, which depends on it: two steps settle it.
  const offset = offsetAt(zone, clock - offsetAt(zone, clock));
  return { nanoseconds: BigInt(clock - offset) * SECOND + BigInt(parsed.nanosecond), zone };
};

/** What time.ParseDuration says of a text that is no duration. */
const durationProblem = (text: string): string => {
  let rest = text.replace(/^[-+]/, '');
  for (;;) {
    const [part, unit] = /^(?:\d+\.?\d*|\.\d+)([^.\d]*)/.exec(rest) ?? [];
    if (part === undefined || unit === undefined) return 'invalid duration';
    if (unit === '') return 'missing unit in duration';
    if (parseDuration(`1${unit}`) === undefined) return `unknown unit ${quoteForTime(unit)} in duration`;
    rest = rest.slice(part.length);
  }
};

const durationOf = (text: string): number => {
  const ms = parseDuration(text);
  if (ms !== undefined) return ms;
  throw new FunctionError(`time: ${durationProblem(text)} ${quoteForTime(text)}`);
};

const later = (at: GoStruct, ms: number): GoStruct => {
  const { nanoseconds, zone } = instantOf(at) ?? ZERO_TIME;
  return goTime({ nanoseconds: nanoseconds + BigInt(Math.round(ms * 1e6)), zone });
};

const UNITS: readonly (readonly [number, string])[] = [
  [365 * 86_400_000, 'y'],
  [30 * 86_400_000, 'mo'],
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'm'],
  [1000, 's'],
];

/** A duration in its largest unit that it exceeds. */
const roundDuration = (ms: number): string => {
  const size = Math.abs(ms);
  const [unit, name] = UNITS.find(([one]) => size > one) ?? [Number.POSITIVE_INFINITY, 's'];
  return `${Math.floor(size / unit)}${name}`;
};

const seconds = (value: GoValue): number => {
  if (typeof value === 'string') return /^[-+]?\d+$/.test(value) ? Number(value) : 0;
  return value instanceof GoInt && value.type.kind === 'int64' ? Number(value.value) : 0;
};

/** sprig's functions on points in time and durations. */
export const dateFunctions = ({ now, localZone }: TimePort): readonly TemplateFunction[] => {
  const present = (): Instant => ({ nanoseconds: BigInt(Math.round(now() * 1e6)), zone: localZone() });
  const when = (value: GoValue): Instant => {
    if (value instanceof GoInt && INTEGERS.has(value.type.name)) {
      return { nanoseconds: value.value * SECOND, zone: localZone() };
    }
    return instantOf(value) ?? present();
  };
  const inZone = (layout: string, value: GoValue, wanted: string): string => {
    const name = wanted === 'Local' ? localZone() : wanted;
    return formatLayout(layout, calendarOf({ ...when(value), zone: isZone(name) ? name : 'UTC' }));
  };
  const since = (value: GoValue): number => Number(present().nanoseconds - when(value).nanoseconds) / 1e6;
  const roundable = (value: GoValue): number => {
    if (typeof value === 'string') return parseDuration(value) ?? 0;
    if (instantOf(value) !== undefined) return since(value);
    return value instanceof GoInt && value.type.kind === 'int64' ? Number(value.value) / 1e6 : 0;
  };
  const both = (names: readonly string[], make: (name: string) => TemplateFunction): readonly TemplateFunction[] =>
    names.map(make);

  return [
    fixed('now', [], () => goTime(present())),
    fixed('date', [STRING, ANY], (layout, value) => inZone(layout, value, 'Local')),
    ...both(['dateInZone', 'date_in_zone'], (name) => fixed(name, [STRING, ANY, STRING], inZone)),
    fixed('htmlDate', [ANY], (value) => inZone(DATE, value, 'Local')),
    fixed('htmlDateInZone', [ANY, STRING], (value, zone) => inZone(DATE, value, zone)),
    ...both(['dateModify', 'date_modify'], (name) =>
      fixed(name, [STRING, TIME], (text, at) => later(at, parseDuration(text) ?? 0)),
    ),
    ...both(['mustDateModify', 'must_date_modify'], (name) =>
      fixed(name, [STRING, TIME], (text, at) => later(at, durationOf(text))),
    ),
    fixed('ago', [ANY], (value) => formatDuration(Math.round(since(value) / 1000) * 1000)),
    fixed('duration', [ANY], (value) => formatDuration(seconds(value) * 1000)),
    fixed('durationRound', [ANY], (value) => roundDuration(roundable(value))),
    fixed('toDate', [STRING, STRING], (layout, text) =>
      goTime(
        orElse(
          () => parse(layout, text, localZone),
          () => ZERO_TIME,
        ),
      ),
    ),
    fixed('mustToDate', [STRING, STRING], (layout, text) => goTime(parse(layout, text, localZone))),
    fixed('unixEpoch', [TIME], (at) => String((instantOf(at) ?? ZERO_TIME).nanoseconds / SECOND)),
  ];
};
