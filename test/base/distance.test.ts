import { describe, expect, it } from 'vitest';
import { editDistance, suggest } from '../../src/base/distance.ts';

describe('did-you-mean', () => {
  it.each([
    ['productpge', 'productpage', 1],
    ['reveiws', 'reviews', 1],
    ['kitten', 'sitting', 3],
    ['', 'abc', 3],
    ['same', 'same', 0],
  ])('counts the edits from %j to %j', (from, to, edits) => {
    expect(editDistance(from, to, 5)).toBe(edits);
  });

  it('stops counting above the limit', () => {
    expect(editDistance('abcdefgh', 'zyxwvuts', 2)).toBe(3);
    expect(editDistance('a', 'abcdefgh', 2)).toBe(3);
  });

  it('suggests the nearest candidate and ignores case', () => {
    expect(suggest('virtualservce', ['Gateway', 'VirtualService', 'VirtualServices'])).toBe('VirtualService');
    expect(suggest('analyse', ['analyze', 'apply'])).toBe('analyze');
  });

  it('suggests nothing far away, and nothing that shares no letter', () => {
    expect(suggest('dashboard', ['install', 'analyze'])).toBeUndefined();
    expect(suggest('a', ['k', 'bc'])).toBeUndefined();
    expect(suggest('word', [])).toBeUndefined();
  });
});
