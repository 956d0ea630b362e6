import { describe, expect, it } from 'vitest';
import { shorten } from '../../src/base/shorten.ts';

describe('shorten', () => {
  it('leaves a text of ordinary length alone', () => {
    expect(shorten('k'.repeat(1000))).toBe('k'.repeat(1000));
  });

  it('shows both ends of a long text and says how much is left out', () => {
    expect(shorten(`${'a'.repeat(900)}${'b'.repeat(600_000)}${'c'.repeat(100)}`)).toBe(
      `${'a'.repeat(900)}… (600000 characters) …${'c'.repeat(100)}`,
    );
  });

  it('cuts no character in two', () => {
    const faces = '😀'.repeat(1000);
    expect(shorten(faces)).not.toMatch(/\p{Cs}/u);
    expect(shorten(`-${faces}`)).not.toMatch(/\p{Cs}/u);
  });
});
