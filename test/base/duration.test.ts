import { describe, expect, it } from 'vitest';
import { formatDuration, parseDuration } from '../../src/base/duration.ts';

describe('durations', () => {
  it.each([
    ['0', 0],
    ['0s', 0],
    ['100ms', 100],
    ['1.5s', 1500],
    ['1h30m', 5_400_000],
    ['1h2m3.5s', 3_723_500],
    ['.5s', 500],
    ['1.s', 1000],
    ['-2s', -2000],
    ['+2s', 2000],
    ['1.001s', 1001],
    ['250us', 0.25],
    ['250µs', 0.25],
    ['7ns', 0.000007],
    ['3s2s', 5000],
  ])('reads %s as %d ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(['', '-', '5', '1.5', 's', '1 s', '1s ', '1d', '1e3s', '.s', '--1s', '1h30', '1S', '1,5s'])(
    'refuses %j as Go does',
    (text) => {
      expect(parseDuration(text)).toBeUndefined();
    },
  );

  it('prints as Go does', () => {
    const printed = [0, 1500, 100, 5_400_000, 60_000, 0.25, 0.000007, -2000, 3_723_500].map(formatDuration);
    expect(printed).toEqual(['0s', '1.5s', '100ms', '1h30m0s', '1m0s', '250µs', '7ns', '-2s', '1h2m3.5s']);
  });
});
