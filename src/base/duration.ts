const UNIT_MS: Readonly<Record<string, number>> = {
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ns: 1e-6,
};

const PART = /([0-9]+\.?[0-9]*|\.[0-9]+)(h|ms|m|s|us|µs|μs|ns)/y;

/**
 * Milliseconds of a duration as Go writes it (`1h30m`, `1.5s`, `100ms`, `-2s`, `0`), the form Istio's resources use;
 * protobuf's JSON form (`3.5s`) is a part of it. Rounded to nanoseconds, which is what Go keeps. Undefined for
 * anything else, a number without unit included.
 */
export const parseDuration = (text: string): number | undefined => {
  const sign = text.startsWith('-') ? -1 : 1;
  const body = text.startsWith('-') || text.startsWith('+') ? text.slice(1) : text;
  if (body === '0') return 0;
  if (body === '') return undefined;
  let ms = 0;
  let at = 0;
  while (at < body.length) {
    PART.lastIndex = at;
    const match = PART.exec(body);
    if (match === null) return undefined;
    const [, amount = '', unit = ''] = match;
    ms += Number(amount) * (UNIT_MS[unit] ?? 0);
    at = PART.lastIndex;
  }
  return (sign * Math.round(ms * 1e6)) / 1e6;
};

const trimNumber = (value: number): string => String(Number(value.toFixed(6)));

/** A duration as Go prints it: `1h30m0s`, `1.5s`, `100ms`, `0s`. */
export const formatDuration = (ms: number): string => {
  if (ms === 0) return '0s';
  const sign = ms < 0 ? '-' : '';
  const size = Math.abs(ms);
  if (size < 1e-3) return `${sign}${trimNumber(size * 1e6)}ns`;
  if (size < 1) return `${sign}${trimNumber(size * 1e3)}µs`;
  if (size < 1000) return `${sign}${trimNumber(size)}ms`;
  const hours = Math.floor(size / 3_600_000);
  const minutes = Math.floor((size % 3_600_000) / 60_000);
  const seconds = `${trimNumber((size % 60_000) / 1000)}s`;
  if (hours > 0) return `${sign}${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `${sign}${minutes}m${seconds}` : `${sign}${seconds}`;
};
