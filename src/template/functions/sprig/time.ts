import { type GoMethod, type GoType, INT64, STRING } from '../../type.ts';
import { GoInt, GoPointer, GoStruct, type GoValue } from '../../value.ts';
import { type Calendar, formatLayout, MONTHS, WEEKDAYS } from './layout.ts';
import { goInt, goInt64 } from './make.ts';

/** A name of the time zone database, or an offset in seconds east of UTC with an abbreviation that may be empty. */
export type Zone = string | { readonly name: string; readonly offset: number };

/** Nanoseconds since 1970, and the zone to print them in. */
export interface Instant {
  readonly nanoseconds: bigint;
  readonly zone: Zone;
}

const SECOND = 1_000_000_000n;
/** What Go's zero time is: the first of January of the year 1. */
export const ZERO_TIME: Instant = { nanoseconds: -62_135_596_800n * SECOND, zone: 'UTC' };
const RFC3339 = '2006-01-02T15:04:05.999999999Z07:00';

const secondsOf = ({ nanoseconds }: Instant): number => {
  const whole = nanoseconds / SECOND;
  return Number(nanoseconds % SECOND < 0n ? whole - 1n : whole);
};

/** Whether the name is in the time zone database. */
export const isZone = (name: string): boolean => {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
};

/** Seconds east of UTC of a zone at a second since 1970. */
export const offsetAt = (zone: Zone, seconds: number): number => {
  if (typeof zone !== 'string') return zone.offset;
  if (zone === 'UTC' || zone === '') return 0;
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  const parts = new Map(format.formatToParts(seconds * 1000).map(({ type, value }) => [type, Number(value)]));
  const part = (name: Intl.DateTimeFormatPartTypes): number => parts.get(name) ?? 0;
  const local = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
  return local / 1000 - seconds;
};

const abbreviation = (zone: Zone, seconds: number, offset: number): string => {
  if (zone === 'UTC' || zone === '') return 'UTC';
  if (typeof zone !== 'string') return zone.name;
  for (const locale of ['en-US', 'en-GB', 'en-AU']) {
    const parts = new Intl.DateTimeFormat(locale, { timeZone: zone, timeZoneName: 'short' }).formatToParts(
      seconds * 1000,
    );
    const name = parts.find(({ type }) => type === 'timeZoneName')?.value ?? '';
    if (/^[A-Z]{2,5}$/.test(name)) return name;
  }
  const size = Math.abs(offset);
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  return (offset < 0 ? '-' : '+') + two(size / 3600) + (size % 3600 === 0 ? '' : two((size % 3600) / 60));
};

/** The calendar of an instant in its zone. */
export const calendarOf = (instant: Instant): Calendar => {
  const seconds = secondsOf(instant);
  const offset = offsetAt(instant.zone, seconds);
  const date = new Date((seconds + offset) * 1000);
  const newYear = new Date(date);
  newYear.setUTCMonth(0, 1);
  newYear.setUTCHours(0, 0, 0, 0);
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
    nanosecond: Number(instant.nanoseconds - BigInt(seconds) * SECOND),
    weekday: date.getUTCDay(),
    yearDay: Math.floor((date.getTime() - newYear.getTime()) / 86_400_000) + 1,
    offset,
    zone: abbreviation(instant.zone, seconds, offset),
  };
};

const instants = new WeakMap<GoStruct, Instant>();

/** The instant of a `time.Time` or a pointer to one; undefined for other values. */
export const instantOf = (value: GoValue): Instant | undefined => {
  const struct = value instanceof GoPointer ? value.target : value;
  return struct instanceof GoStruct ? instants.get(struct) : undefined;
};

const onInstant = (params: readonly GoType[], read: (at: Instant, args: readonly GoValue[]) => GoValue): GoMethod => ({
  params,
  variadic: false,
  call: (receiver, args) => read(instantOf(receiver) ?? ZERO_TIME, args),
});

const onCalendar = (read: (at: Calendar) => GoValue): GoMethod => onInstant([], (at) => read(calendarOf(at)));

/** An int type whose String method names its values. */
const named = (name: string, names: readonly string[], first: number): GoType<GoInt> => ({
  kind: 'int',
  name,
  methods: new Map([
    [
      'String',
      {
        params: [],
        variadic: false,
        call: (value) => (value instanceof GoInt ? (names[Number(value.value) - first] ?? '') : ''),
      },
    ],
  ]),
});

const MONTH = named('time.Month', MONTHS, 1);
const WEEKDAY = named('time.Weekday', WEEKDAYS, 0);

const METHODS: ReadonlyMap<string, GoMethod> = new Map([
  ['String', onCalendar((at) => formatLayout('2006-01-02 15:04:05.999999999 -0700 MST', at))],
  ['Format', onInstant([STRING], (at, [layout]) => formatLayout(String(layout), calendarOf(at)))],
  ['MarshalJSON', onCalendar((at) => `"${formatLayout(RFC3339, at)}"`)],
  ['Unix', onInstant([], (at) => goInt64(secondsOf(at)))],
  ['UnixMilli', onInstant([], (at) => goInt64(at.nanoseconds / 1_000_000n))],
  ['UnixNano', onInstant([], (at) => new GoInt(INT64, BigInt.asIntN(64, at.nanoseconds)))],
  ['IsZero', onInstant([], ({ nanoseconds }) => nanoseconds === ZERO_TIME.nanoseconds)],
  ['UTC', onInstant([], ({ nanoseconds }) => goTime({ nanoseconds, zone: 'UTC' }))],
  ['Year', onCalendar(({ year }) => goInt(year))],
  ['Month', onCalendar(({ month }) => new GoInt(MONTH, BigInt(month)))],
  ['Day', onCalendar(({ day }) => goInt(day))],
  ['Weekday', onCalendar(({ weekday }) => new GoInt(WEEKDAY, BigInt(weekday)))],
  ['YearDay', onCalendar(({ yearDay }) => goInt(yearDay))],
  ['Hour', onCalendar(({ hour }) => goInt(hour))],
  ['Minute', onCalendar(({ minute }) => goInt(minute))],
  ['Second', onCalendar(({ second }) => goInt(second))],
]);

/** `time.Time`. */
export const TIME: GoType<GoStruct> = { kind: 'struct', name: 'time.Time', fields: [], methods: METHODS };

/** A `time.Time`. */
export function goTime(instant: Instant): GoStruct {
  const struct = new GoStruct(TIME, () => null);
  instants.set(struct, instant);
  return struct;
}
