import { describe, expect, it } from 'vitest';
import { createSuggester } from '../../src/analysis/lookup/near-names.ts';

const few = ['reviews', 'ratings', 'details'];
const many = [...few, ...Array.from({ length: 1000 }, (_, at) => `workload-number-${at}`)];

describe.each([
  ['few', few],
  ['many', many],
])('of %s names', (_, names) => {
  const nearest = createSuggester(names);

  it.each(['revews', 'revieews', 'revuews', 'reveiws', 'Reviews'])('%s is reviews', (word) => {
    expect(nearest(word)).toBe('reviews');
  });

  it('an unlike word is none', () => {
    expect(nearest('catalogue')).toBeUndefined();
  });
});

it('of many names those with two errors are not looked for', () => {
  expect(createSuggester(few)('rewiewz')).toBe('reviews');
  expect(createSuggester(many)('rewiewz')).toBeUndefined();
});
