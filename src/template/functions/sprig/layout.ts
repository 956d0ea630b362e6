/** A point in time split for printing: the calendar in its zone. */
export interface Calendar {
  readonly year: number;
  /** From 1. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly nanosecond: number;
  /** 0 is Sunday. */
  readonly weekday: number;
  /** From 1. */
  readonly yearDay: number;
  /** Seconds east of UTC. */
  readonly offset: number;
  readonly zone: string;
}

export const MONTHS: readonly string[] = [
  ...['January', 'February', 'March', 'April', 'May', 'June', 'July'],
  ...['August', 'September', 'October', 'November', 'December'],
];
export const WEEKDAYS: readonly string[] = [
  ...['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'],
];

/** The parts of the reference time that a layout of Go's may have. */
export const TOKEN =
  /January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST|002|0[1-6]|15|1|2006|__2|_2(?!006)|2|3|4|5|PM|pm|[-Z]07(?::00:00|0000|:00|00|)|[.,](?:0+|9+)(?!\d)/g;

const two = (value: number): string => String(value).padStart(2, '0');
const hour12 = (hour: number): number => hour % 12 || 12;

const longYear = (year: number): string =>
  year < 0 ? `-${String(-year).padStart(4, '0')}` : String(year).padStart(4, '0');

const PARTS: Readonly<Record<string, (at: Calendar) => string>> = {
  January: ({ month }) => MONTHS[month - 1] ?? '',
  Jan: ({ month }) => (MONTHS[month - 1] ?? '').slice(0, 3),
  Monday: ({ weekday }) => WEEKDAYS[weekday] ?? '',
  Mon: ({ weekday }) => (WEEKDAYS[weekday] ?? '').slice(0, 3),
  MST: ({ zone, offset }) => zone || formatOffset('-0700', offset),
  '002': ({ yearDay }) => String(yearDay).padStart(3, '0'),
  __2: ({ yearDay }) => String(yearDay).padStart(3),
  '01': ({ month }) => two(month),
  '1': ({ month }) => String(month),
  '02': ({ day }) => two(day),
  _2: ({ day }) => String(day).padStart(2),
  '2': ({ day }) => String(day),
  '15': ({ hour }) => two(hour),
  '03': ({ hour }) => two(hour12(hour)),
  '3': ({ hour }) => String(hour12(hour)),
  '04': ({ minute }) => two(minute),
  '4': ({ minute }) => String(minute),
  '05': ({ second }) => two(second),
  '5': ({ second }) => String(second),
  '2006': ({ year }) => longYear(year),
  '06': ({ year }) => two(Math.abs(year % 100)),
  PM: ({ hour }) => (hour < 12 ? 'AM' : 'PM'),
  pm: ({ hour }) => (hour < 12 ? 'am' : 'pm'),
};

const formatOffset = (token: string, offset: number): string => {
  if (token.startsWith('Z') && offset === 0) return 'Z';
  const size = Math.abs(offset);
  const separator = token.includes(':') ? ':' : '';
  const parts = [two(Math.floor(size / 3600)), two(Math.floor((size % 3600) / 60)), two(size % 60)];
  const count = 1 + (token.slice(3).replaceAll(':', '').length >> 1);
  return (offset < 0 ? '-' : '+') + parts.slice(0, count).join(separator);
};

const formatFraction = (token: string, nanosecond: number): string => {
  const digits = String(nanosecond)
    .padStart(9, '0')
    .slice(0, token.length - 1)
    .padEnd(token.length - 1, '0');
  if (token.endsWith('0')) return (token[0] ?? '') + digits;
  const trimmed = digits.replace(/0+$/, '');
  return trimmed === '' ? '' : (token[0] ?? '') + trimmed;
};

/** A point in time in one of Go's layouts, such as `2006-01-02T15:04:05Z07:00`. */
export const formatLayout = (layout: string, at: Calendar): string =>
  layout.replace(TOKEN, (token) => {
    const part = PARTS[token];
    if (part !== undefined) return part(at);
    return /^[-Z]/.test(token) ? formatOffset(token, at.offset) : formatFraction(token, at.nanosecond);
  });
