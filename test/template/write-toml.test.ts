import { describe, expect, it } from 'vitest';
import { writeToml } from '../../src/template/functions/write-toml.ts';
import { INT, pointerTo } from '../../src/template/type.ts';
import { fromPlain, GoPointer, int } from '../../src/template/value.ts';

const toml = (plain: unknown): string => writeToml(fromPlain(plain));

// The expected texts are those of github.com/BurntSushi/toml 1.6.
describe('writeToml', () => {
  it('writes tables behind plain values, keys in order', () => {
    expect(toml({ b: { y: 1, 'x y': 'a"\n' }, a: true, c: [] })).toBe(
      'a = true\nc = []\n\n[b]\n  "x y" = "a\\"\\n"\n  y = 1.0\n',
    );
  });

  it('writes lists of tables one table after another, mixed lists inline', () => {
    expect(toml({ t: [{ k: 'v' }, { k: [{ n: null, z: 1 }, 'x'] }] })).toBe(
      '[[t]]\n  k = "v"\n\n[[t]]\n  k = [{z = 1.0}, "x"]\n',
    );
  });

  it('keeps integers from floats, and leaves nil out', () => {
    expect(toml({ n: null, f: 1e21, g: 1e6 })).toBe('f = 1e+21\ng = 1e+06\n');
    expect(writeToml(new GoPointer(pointerTo(INT), int(3)))).toBe('3');
  });

  it('refuses what TOML has not', () => {
    expect(() => toml({ a: [null] })).toThrow('toml: cannot encode array with nil element');
    expect(() => toml([{ a: 'b' }])).toThrow('toml: top-level values must be Go maps or structs');
  });
});
