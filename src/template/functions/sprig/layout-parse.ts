import { FunctionError } from '../../functions.ts';
import { MONTHS, TOKEN, WEEKDAYS } from './layout.ts';
import { quoteForTime as quote } from './time-quote.ts';
import { readZoneName } from './zone-name.ts';

/** What a text says in a layout: the clock of its own zone, with `offset` or `zone` where the text names one. */
export interface ParsedTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly nanosecond: number;
  /** Seconds east of UTC. */
  readonly offset: number | undefined;
  readonly zone: string | undefined;
}

/** A text being read; a part that stands in the layout twice is read twice, and the last counts. */
interface Reading {
  rest: string;
  /** What follows the part in the layout. */
  layout: string;
  year: number;
  month: number | undefined;
  day: number | undefined;
  yearDay: number | undefined;
  hour: number;
  minute: number;
  second: number;
  nanosecond: number;
  half: string | undefined;
  offset: number | undefined;
  zone: string | undefined;
}

/** Reads one part: false where it does not stand there, what is out of its range, or nothing. */
type Reader = (into: Reading, token: string) => false | string | undefined;

const take = (into: Reading, pattern: RegExp): string | undefined => {
  const found = pattern.exec(into.rest)?.[0];
  if (found !== undefined) into.rest = into.rest.slice(found.length);
  return found;
};

const ONE_OR_TWO = /^\d\d?/;
const TWO = /^\d\d/;

const clock =
  (part: 'hour' | 'minute' | 'second', pattern: RegExp, below: number): Reader =>
  (into) => {
    const digits = take(into, pattern);
    if (digits === undefined) return false;
    into[part] = Number(digits);
    return into[part] < below ? undefined : part;
  };

const readMonth =
  (pattern: RegExp): Reader =>
  (into) => {
    const digits = take(into, pattern);
    if (digits === undefined) return false;
    into.month = Number(digits);
    return into.month >= 1 && into.month <= 12 ? undefined : 'month';
  };

const readDay =
  (pattern: RegExp): Reader =>
  (into) => {
    const digits = take(into, pattern);
    if (digits === undefined) return false;
    into.day = Number(digits);
    return undefined;
  };

const readYearDay =
  (pattern: RegExp): Reader =>
  (into) => {
    const digits = take(into, pattern);
    if (digits === undefined) return false;
    into.yearDay = Number(digits);
    return undefined;
  };

/** One of the names, in whatever case; gives its position. */
const takeName = (into: Reading, names: readonly string[]): number => {
  const rest = into.rest.toLowerCase();
  const found = names.findIndex((name) => rest.startsWith(name.toLowerCase()));
  into.rest = into.rest.slice(names[found]?.length ?? 0);
  return found;
};

const readMonthName =
  (names: readonly string[]): Reader =>
  (into) => {
    const found = takeName(into, names);
    into.month = found + 1;
    return found < 0 ? false : undefined;
  };

const readWeekday =
  (names: readonly string[]): Reader =>
  (into) =>
    takeName(into, names) < 0 ? false : undefined;

const readHalf =
  (pattern: RegExp): Reader =>
  (into) => {
    const half = take(into, pattern);
    if (half === undefined) return false;
    into.half = half.toLowerCase();
    return undefined;
  };

const short = (names: readonly string[]): readonly string[] => names.map((name) => name.slice(0, 3));

const readYear: Reader = (into) => {
  const digits = take(into, /^\d{4}/);
  if (digits === undefined) return false;
  into.year = Number(digits);
  return undefined;
};

const readShortYear: Reader = (into) => {
  const digits = take(into, /^(?:\d\d|[-+]\d)/);
  if (digits === undefined) return false;
  into.year = Number(digits) + (Number(digits) >= 69 ? 1900 : 2000);
  return undefined;
};

const setFraction = (into: Reading, fraction: string): void => {
  into.nanosecond = Number(fraction.slice(1, 10).padEnd(9, '0'));
};

/** A fraction may follow the seconds whether the layout has one or not. */
const readSecond =
  (pattern: RegExp): Reader =>
  (into, token) => {
    const problem = clock('second', pattern, 60)(into, token);
    if (problem !== undefined || /^[.,](?:0+|9+)(?!\d)/.test(nextToken(into.layout)?.[0] ?? '')) return problem;
    const fraction = take(into, /^[.,]\d+/);
    if (fraction !== undefined) setFraction(into, fraction);
    return undefined;
  };

const readFraction: Reader = (into, token) => {
  const isFree = token.endsWith('9');
  const fraction = take(into, isFree ? /^[.,]\d+/ : new RegExp(`^[.,]\\d{${token.length - 1}}`));
  if (fraction !== undefined) setFraction(into, fraction);
  return fraction === undefined && !isFree ? false : undefined;
};

const readOffset: Reader = (into, token) => {
  if (token.startsWith('Z') && take(into, /^Z/) !== undefined) {
    into.zone = 'UTC';
    return undefined;
  }
  const written = take(into, new RegExp(`^[-+]\\d\\d${token.slice(3).replace(/00/g, '\\d\\d')}`));
  if (written === undefined) return false;
  const [hours = 0, minutes = 0, seconds = 0] = (written.match(/\d\d/g) ?? []).map(Number);
  into.offset = (written.startsWith('-') ? -1 : 1) * (hours * 3600 + minutes * 60 + seconds);
  if (seconds > 60) return 'time zone offset second';
  if (minutes > 60) return 'time zone offset minute';
  return hours > 24 ? 'time zone offset hour' : undefined;
};

const readZone: Reader = (into) => {
  const zone = readZoneName(into.rest);
  if (zone === undefined) return false;
  into.zone = zone;
  into.rest = into.rest.slice(zone.length);
  return undefined;
};

const READERS: Readonly<Record<string, Reader>> = {
  January: readMonthName(MONTHS),
  Jan: readMonthName(short(MONTHS)),
  Monday: readWeekday(WEEKDAYS),
  Mon: readWeekday(short(WEEKDAYS)),
  MST: readZone,
  '002': readYearDay(/^\d{3}/),
  __2: readYearDay(/^ {0,2}\d{1,3}/),
  '01': readMonth(TWO),
  '1': readMonth(ONE_OR_TWO),
  '02': readDay(TWO),
  _2: readDay(/^ ?\d\d?/),
  '2': readDay(ONE_OR_TWO),
  '15': clock('hour', ONE_OR_TWO, 24),
  '03': clock('hour', TWO, 13),
  '3': clock('hour', ONE_OR_TWO, 13),
  '04': clock('minute', TWO, 60),
  '4': clock('minute', ONE_OR_TWO, 60),
  '05': readSecond(TWO),
  '5': readSecond(ONE_OR_TWO),
  '2006': readYear,
  '06': readShortYear,
  PM: readHalf(/^[AP]M/),
  pm: readHalf(/^[ap]m/),
};

const nextToken = (layout: string): RegExpExecArray | null => new RegExp(TOKEN.source).exec(layout);

/** Skips what the layout has between its parts, where any run of spaces is like another; whether all of it was there. */
const skip = (into: Reading, prefix: string): boolean => {
  for (let at = 0; at < prefix.length; at++) {
    if (prefix[at] === ' ') {
      if (into.rest !== '' && !into.rest.startsWith(' ')) return false;
      while (prefix[at + 1] === ' ') at++;
      into.rest = into.rest.replace(/^ +/, '');
    } else if (into.rest === '' || into.rest[0] !== prefix[at]) return false;
    else into.rest = into.rest.slice(1);
  }
  return true;
};

const daysIn = (year: number, month: number): number => {
  const date = new Date(0);
  date.setUTCFullYear(year, month, 0);
  return date.getUTCDate();
};

/** The month and day of a day of the year, or what is wrong with it. */
const dateOf = ({ year, month, day, yearDay }: Reading): readonly [number, number] | string => {
  if (yearDay === undefined) return [month ?? 1, day ?? 1];
  const date = new Date(0);
  date.setUTCFullYear(year, 0, yearDay);
  if (yearDay < 1 || date.getUTCFullYear() !== year) return 'day-of-year out of range';
  const found = [date.getUTCMonth() + 1, date.getUTCDate()] as const;
  if (month !== undefined && month !== found[0]) return 'day-of-year does not match month';
  return day !== undefined && day !== found[1] ? 'day-of-year does not match day' : found;
};

const hourOf = ({ hour, half }: Reading): number => {
  if (half === 'pm' && hour < 12) return hour + 12;
  return half === 'am' && hour === 12 ? 0 : hour;
};

/** Reads a text in a layout of Go's. Throws a FunctionError with the words of time.Parse where it does not fit. */
export const parseLayout = (layout: string, text: string): ParsedTime => {
  const misfit = (rest: string, part: string): FunctionError =>
    new FunctionError(`parsing time ${quote(text)} as ${quote(layout)}: cannot parse ${quote(rest)} as ${quote(part)}`);
  const wrong = (problem: string): FunctionError => new FunctionError(`parsing time ${quote(text)}: ${problem}`);
  const into: Reading = {
    ...{ rest: text, layout, year: 0, month: undefined, day: undefined, yearDay: undefined },
    ...{ hour: 0, minute: 0, second: 0, nanosecond: 0, half: undefined, offset: undefined, zone: undefined },
  };
  for (let match = nextToken(layout); match !== null; match = nextToken(into.layout)) {
    const [token] = match;
    const prefix = into.layout.slice(0, match.index);
    if (!skip(into, prefix)) throw misfit(into.rest, prefix);
    into.layout = into.layout.slice(match.index + token.length);
    const before = into.rest;
    const read = READERS[token] ?? (/^[-Z]/.test(token) ? readOffset : readFraction);
    const problem = read(into, token);
    if (problem === false) throw misfit(before, token);
    if (problem !== undefined) throw wrong(`${problem} out of range`);
  }
  if (!skip(into, into.layout)) throw misfit(into.rest, into.layout);
  if (into.rest !== '') throw wrong(`extra text: ${quote(into.rest)}`);
  const date = dateOf(into);
  if (typeof date === 'string') throw wrong(date);
  const [month, day] = date;
  if (day < 1 || day > daysIn(into.year, month)) throw wrong('day out of range');
  return { ...into, month, day, hour: hourOf(into) };
};
