import { describe, expect, it } from 'vitest';
import type { Chart } from '../../src/install/chart/chart.ts';
import { coalesceValues } from '../../src/install/values/coalesce.ts';
import { overlay } from '../../src/install/values/overlay.ts';
import { formatPath, parsePath, readPath, writePath } from '../../src/install/values/path.ts';
import { parseSetting } from '../../src/install/values/set-flag.ts';
import type { Plain } from '../../src/yaml/plain.ts';

const chart = (name: string, values: Plain, ...dependencies: readonly Chart[]): Chart => ({
  name,
  values,
  dependencies,
  metadata: { name },
  schema: undefined,
  templates: [],
  files: [],
});

describe('a path', () => {
  it('has keys, indexes and items, and dots that are quoted', () => {
    const text = 'a\\.b.c[0].[name:x].d';
    expect(formatPath(parsePath(text))).toBe(text);
    const value = { 'a.b': { c: [[{ name: 'y' }, { name: 'x', d: 5 }]] } };
    expect(readPath(value, parsePath(text))).toBe(5);
    expect(readPath(value, parsePath('a\\.b.c[1]'))).toBeUndefined();
  });

  it('is made when it is written, and appends behind the end of a list', () => {
    const root: Plain = {};
    expect(writePath(root, parsePath('a.b[0].c'), 1)).toBeUndefined();
    expect(writePath(root, parsePath('a.b[7].c'), 2)).toBeUndefined();
    expect(writePath(root, parsePath('a.b[0].d'), 3)).toBeUndefined();
    expect(root).toEqual({ a: { b: [{ c: 1, d: 3 }, { c: 2 }] } });
    expect(writePath(root, parsePath('a.b.[name:x].c'), 1)).toBe('a.b has no item whose name is "x"');
    expect(writePath(root, parsePath('a.b.c'), 1)).toBe('a.b is no mapping');
    expect(writePath(root, parsePath('a[0]'), 1)).toBe('a is no list');
  });
});

describe('--set', () => {
  it.each([
    ['values.a=5', 5],
    ['values.a=1.5', 1.5],
    ['values.a=true', true],
    ['values.a=t', true],
    ['values.a=null', 'null'],
    ['values.a=x\\,y', 'x,y'],
    ['values.a=b=c', 'b=c'],
    ['tag=11', '11'],
    ['values.global.tag=1.10', '1.10'],
    ['meshConfig.defaultConfig.proxyMetadata.A=1', '1'],
  ])('reads %s', (text, value) => {
    expect(parseSetting(text)?.value).toBe(value);
  });

  it('needs a path and a value', () => {
    expect(parseSetting('values.a')).toBeUndefined();
    expect(parseSetting('=5')).toBeUndefined();
  });
});

describe('values', () => {
  it('of two maps merge, with null as a value', () => {
    expect(overlay({ a: { b: 1, c: 2 }, d: [1] }, { a: { b: null }, d: [2] })).toEqual({
      a: { b: null, c: 2 },
      d: [2],
    });
  });

  it('of a user remove defaults with null, and never replace a mapping', () => {
    const { values, warnings } = coalesceValues(chart('c', { a: { b: 1, c: 2 }, d: 1, t: { x: 1 } }), {
      a: { b: null },
      d: null,
      t: { x: { y: 1 } },
    });
    expect(values).toEqual({ a: { c: 2 }, t: { x: { y: 1 } } });
    expect(warnings).toEqual(['the default of c.t.x is no mapping and is left out']);
  });

  it('of a subchart stand below its name, with the globals of its parent', () => {
    const child = chart('child', { own: 1, global: { g: 2 } });
    const { values } = coalesceValues(chart('parent', { child: { own: 3 } }, child), { global: { g: 1, h: { i: 1 } } });
    expect(values).toEqual({ global: { g: 1, h: { i: 1 } }, child: { own: 3, global: { g: 1, h: { i: 1 } } } });
  });
});
