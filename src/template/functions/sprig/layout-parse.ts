import { MONTHS, TOKEN, WEEKDAYS } from './layout.ts';

/** What a text says in a layout: the clock of its own zone, with `offset` or `zone` where the text names one. */
export interface ParsedTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly nanosecond: number;
  readonly offset: number | undefined;
  readonly zone: string | undefined;
}

const short = (names: readonly string[]): string => names.map((name) => name.slice(0, 3)).join('|');
const FRACTION = '(?:[.,]\\d+)?';

const PATTERNS: Readonly<Record<string, string>> = {
  January: `(?<longMonth>${MONTHS.join('|')})`,
  Jan: `(?<shortMonth>${short(MONTHS)})`,
  Monday: `(?:${WEEKDAYS.join('|')})`,
  Mon: `(?:${short(WEEKDAYS)})`,
  MST: '(?<zone>[A-Z]{3,5})',
  '01': '(?<month>\\d\\d)',
  '1': '(?<month>\\d\\d?)',
  '02': '(?<day>\\d\\d)',
  _2: '(?<day> ?\\d\\d?)',
  '2': '(?<day>\\d\\d?)',
  '15': '(?<hour>\\d\\d?)',
  '03': '(?<hour>\\d\\d)',
  '3': '(?<hour>\\d\\d?)',
  '04': '(?<minute>\\d\\d)',
  '4': '(?<minute>\\d\\d?)',
  '05': '(?<second>\\d\\d)',
  '5': '(?<second>\\d\\d?)',
  '2006': '(?<year>\\d{4})',
  '06': '(?<shortYear>\\d\\d)',
  PM: '(?<half>[AP]M)',
  pm: '(?<half>[ap]m)',
};

const literal = (text: string): string => text.replace(/[\\.+*?()|[\]{}^$/-]/g, '\\$&');

const offsetPattern = (token: string): string => {
  const numbers = token.slice(3).replace(/00/g, '\\d\\d');
  return `(?<offset>${token.startsWith('Z') ? 'Z|' : ''}[-+]\\d\\d${numbers})`;
};

const patternOf = (token: string): string => {
  const known = PATTERNS[token];
  if (known !== undefined) return known;
  if (/^[-Z]07/.test(token)) return offsetPattern(token);
  return token.endsWith('9') ? '(?<fraction>[.,]\\d+)?' : `(?<fraction>[.,]\\d{${token.length - 1}})`;
};

/** The expression for a layout; undefined where the same part stands twice or is none that can be read. */
const compile = (layout: string): RegExp | undefined => {
  let source = '';
  let at = 0;
  for (const match of layout.matchAll(TOKEN)) {
    source += literal(layout.slice(at, match.index)) + patternOf(match[0]);
    at = match.index + match[0].length;
    // Go takes a fraction behind the seconds whether the layout has one or not.
    if (/^0?5$/.test(match[0]) && !/^[.,](?:0+|9+)(?!\d)/.test(layout.slice(at))) source += FRACTION;
  }
  try {
    return new RegExp(`^${source}${literal(layout.slice(at))}$`);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
};

const readOffset = (text: string): number => {
  const [, sign, hours = '0', minutes = '0', seconds = '0'] = /^([-+])(\d\d):?(\d\d)?:?(\d\d)?$/.exec(text) ?? [];
  const size = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  return sign === '-' ? -size : size;
};

const readHour = (hour: number, half: string | undefined): number => {
  if (half === undefined) return hour;
  return (hour % 12) + (half.toLowerCase() === 'pm' ? 12 : 0);
};

const yearOf = (groups: Readonly<Record<string, string | undefined>>): number => {
  if (groups['shortYear'] === undefined) return Number(groups['year'] ?? 0);
  const year = Number(groups['shortYear']);
  return year >= 69 ? 1900 + year : 2000 + year;
};

const monthOf = (groups: Readonly<Record<string, string | undefined>>): number => {
  const long = groups['longMonth'];
  if (long !== undefined) return MONTHS.indexOf(long) + 1;
  const brief = groups['shortMonth'];
  return brief === undefined ? Number(groups['month'] ?? 1) : MONTHS.findIndex((name) => name.startsWith(brief)) + 1;
};

const exists = ({ year, month, day, hour, minute, second }: ParsedTime): boolean => {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return (
    hour < 24 && minute < 60 && second < 60 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day && day > 0
  );
};

/** Reads a text in a layout of Go's; undefined where it does not fit or says what is on no calendar. */
export const parseLayout = (layout: string, text: string): ParsedTime | undefined => {
  const match = compile(layout)?.exec(text);
  if (match === undefined || match === null) return undefined;
  const groups: Readonly<Record<string, string | undefined>> = match.groups ?? {};
  const offset = groups['offset'];
  const parsed: ParsedTime = {
    year: yearOf(groups),
    month: monthOf(groups),
    day: Number(groups['day'] ?? 1),
    hour: readHour(Number(groups['hour'] ?? 0), groups['half']),
    minute: Number(groups['minute'] ?? 0),
    second: Number(groups['second'] ?? 0),
    nanosecond: Number((groups['fraction']?.slice(1) ?? '0').slice(0, 9).padEnd(9, '0')),
    offset: offset === undefined ? undefined : readOffset(offset),
    zone: groups['zone'],
  };
  return exists(parsed) ? parsed : undefined;
};
