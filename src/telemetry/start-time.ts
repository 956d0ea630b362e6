const pad = (value: number, width: number): string => String(value).padStart(width, '0');
const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

// strftime, in UTC as Envoy prints it, and Envoy's own %f (fraction) and %s (seconds since the epoch).
const parts: ReadonlyMap<string, (time: Date) => string> = new Map<string, (time: Date) => string>([
  ['Y', (time) => pad(time.getUTCFullYear(), 4)],
  ['y', (time) => pad(time.getUTCFullYear() % 100, 2)],
  ['m', (time) => pad(time.getUTCMonth() + 1, 2)],
  ['d', (time) => pad(time.getUTCDate(), 2)],
  ['e', (time) => String(time.getUTCDate()).padStart(2, ' ')],
  ['H', (time) => pad(time.getUTCHours(), 2)],
  ['I', (time) => pad(((time.getUTCHours() + 11) % 12) + 1, 2)],
  ['M', (time) => pad(time.getUTCMinutes(), 2)],
  ['S', (time) => pad(time.getUTCSeconds(), 2)],
  ['p', (time) => (time.getUTCHours() < 12 ? 'AM' : 'PM')],
  ['a', (time) => days[time.getUTCDay()] ?? ''],
  ['b', (time) => months[time.getUTCMonth()] ?? ''],
  ['F', (time) => time.toISOString().slice(0, 10)],
  ['T', (time) => time.toISOString().slice(11, 19)],
  ['z', () => '+0000'],
  ['Z', () => 'UTC'],
  ['s', (time) => String(Math.floor(time.getTime() / 1000))],
  ['f', (time) => pad(time.getUTCMilliseconds() * 1_000_000, 9)],
  ['%', () => '%'],
]);

/** ISO 8601 with milliseconds; log lines come many to a second, so the part before the dot is kept. */
const createIsoPrinter = (): ((ms: number) => string) => {
  let second = Number.NaN;
  let prefix = '';
  return (ms) => {
    const whole = Math.floor(ms / 1000);
    if (whole !== second) {
      second = whole;
      prefix = new Date(whole * 1000).toISOString().slice(0, 20);
    }
    return `${prefix}${pad(Math.floor(ms) - whole * 1000, 3)}Z`;
  };
};

/** A point in time for the format of %START_TIME(...)%; empty = ISO 8601 with milliseconds. Unknown letters stay. */
export const compileTimeFormat = (format: string): ((ms: number) => string) => {
  if (format === '') return createIsoPrinter();
  return (ms) => {
    const time = new Date(ms);
    return format.replace(/%([1-9]?)([a-zA-Z%])/g, (whole, digits: string, letter: string) => {
      // %3f: the fraction with three digits; %3s: seconds since the epoch in thousandths.
      const fraction = pad(time.getUTCMilliseconds() * 1_000_000, 9).slice(0, Number(digits || '9'));
      if (letter === 'f') return fraction;
      if (letter === 's' && digits !== '') return `${Math.floor(ms / 1000)}${fraction}`;
      return parts.get(letter)?.(time) ?? whole;
    });
  };
};
