import { describe, expect, it } from 'vitest';
import { matchesPath } from '../../src/base/path-glob.ts';

describe('a path pattern', () => {
  it.each([
    ['k8s/a.yaml', 'k8s/a.yaml'],
    ['./k8s/a.yaml', 'k8s/a.yaml'],
    ['k8s/*.yaml', 'k8s/a.yaml'],
    ['k8s/?.yaml', 'k8s/a.yaml'],
    ['k8s', 'k8s/deep/a.yaml'],
    ['k8s/', 'k8s/deep/a.yaml'],
    ['k8s/**', 'k8s/deep/a.yaml'],
    ['**/a.yaml', 'a.yaml'],
    ['**/a.yaml', 'k8s/deep/a.yaml'],
    ['**/generated', 'k8s/generated/deep/a.yaml'],
    ['k8s/**/b/*.yaml', 'k8s/a/b/b/a.yaml'],
    ['**/**/a.yaml', 'a.yaml'],
  ])('%s matches %s', (pattern, path) => {
    expect(matchesPath(pattern, path)).toBe(true);
  });

  it.each([
    ['k8s/a.yaml', 'k8s/a.yml'],
    ['*.yaml', 'k8s/a.yaml'],
    ['k8s', 'k8s2/a.yaml'],
    ['k8s/deep', 'k8s'],
    ['generated', 'k8s/generated/a.yaml'],
    ['a/**/b', 'a/c'],
    ['', 'a'],
  ])('%s does not match %s', (pattern, path) => {
    expect(matchesPath(pattern, path)).toBe(false);
  });

  it('takes time in proportion to both, whatever it is made of', () => {
    expect(matchesPath(`${'**/a/'.repeat(500)}b`, 'a/'.repeat(5_000))).toBe(false);
  });
});
