import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normalizePath, type PathNormalization } from '../../src/traffic/path.ts';

const BASE: readonly (readonly [string, string])[] = [
  ['/reviews/1', '/reviews/1'],
  ['/a?b=c', '/a?b=c'],
  ['/exact#frag', '/exact'],
  ['/a?q=1#frag', '/a?q=1'],
  ['/./exact', '/exact'],
  ['/x/../exact', '/exact'],
  ['/a/%2e%2e/b', '/b'],
  ['/../../a', '/a'],
  ['/a/..', '/'],
  ['/a/.', '/a/'],
  ['/a%2e%2e/b', '/a../b'],
  ['/%65xact', '/exact'],
  ['/a//b', '/a//b'],
  ['/a%2Fb', '/a%2Fb'],
  ['/a%2fb', '/a%2fb'],
  ['/a%25b', '/a%25b'],
  ['/%zz', '/%zz'],
  ['/a\\b', '/a/b'],
  ['/a b"<>`{}', '/a%20b%22%3C%3E%60%7B%7D'],
  ['/a?x=/../%65', '/a?x=/../%65'],
  ['/.hidden', '/.hidden'],
  ['/...', '/...'],
  ['*', '*'],
];

describe('normalizing a path as Istio does by default', () => {
  it.each(BASE)('%s becomes %s', (target, path) => {
    expect(normalizePath(target, 'BASE')).toEqual({ path });
  });

  it('refuses an encoded NUL', () => {
    expect(normalizePath('/%00', 'BASE')).toEqual({ refused: 'path_normalization_failed' });
    expect(normalizePath('/?q=%00', 'BASE')).toEqual({ path: '/?q=%00' });
  });
});

describe('the other modes', () => {
  it('NONE cuts only the fragment', () => {
    expect(normalizePath('/a/../%61//b#c', 'NONE')).toEqual({ path: '/a/../%61//b' });
  });

  it('MERGE_SLASHES makes one slash of several, and leaves %2F', () => {
    expect(normalizePath('/a///b//%2Fc?d=//', 'MERGE_SLASHES')).toEqual({ path: '/a/b/%2Fc?d=//' });
  });

  it('DECODE_AND_MERGE_SLASHES also decodes slashes and backslashes', () => {
    expect(normalizePath('/a%2F%5cb', 'DECODE_AND_MERGE_SLASHES')).toEqual({ path: '/a/b' });
  });
});

describe('any target', () => {
  const modes: readonly PathNormalization[] = ['NONE', 'BASE', 'MERGE_SLASHES'];

  it('is normalized once and for all', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^\/[a-e./%2\\?#]{0,20}$/), fc.constantFrom(...modes), (target, mode) => {
        const once = normalizePath(target, mode);
        if ('refused' in once || once.path.includes('%')) return;
        expect(normalizePath(once.path, mode)).toEqual(once);
      }),
    );
  });

  it('never climbs above the root', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^\/[a./\\]{0,20}$/), (target) => {
        const normal = normalizePath(target, 'BASE');
        expect('path' in normal && `${normal.path}/`.includes('/../')).toBe(false);
      }),
    );
  });
});
