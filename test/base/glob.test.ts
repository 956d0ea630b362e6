import { describe, expect, it } from 'vitest';
import { matchesGlob } from '../../src/base/glob.ts';

describe('globs', () => {
  it.each([
    ['*', '', true],
    ['*', 'anything/at.all', true],
    ['', '', true],
    ['', 'a', false],
    ['*.local', 'reviews.default.local', true],
    ['*.local', 'local', false],
    ['reviews*', 'reviews', true],
    ['a*c*e', 'abcde', true],
    ['a*c*e', 'abcd', false],
    ['a**b', 'ab', true],
    ['a.c', 'abc', false],
    ['*ab', 'aab', true],
  ])('%j matches %j: %s', (pattern, text, expected) => {
    expect(matchesGlob(pattern, text)).toBe(expected);
  });

  it('lets a chosen character stand for exactly one', () => {
    expect(matchesGlob('a?c', 'abc', '?')).toBe(true);
    expect(matchesGlob('a?c', 'ac', '?')).toBe(false);
    expect(matchesGlob('a?c', 'abc')).toBe(false);
  });

  it('answers at once for a pattern that would make a backtracking matcher explode', () => {
    expect(matchesGlob(`${'a*'.repeat(200)}b`, 'a'.repeat(2000))).toBe(false);
  });
});
