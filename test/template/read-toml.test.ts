import { describe, expect, it } from 'vitest';
import { helmFunctions } from '../../src/template/functions/helm.ts';
import { sprigFunctions } from '../../src/template/functions/sprig.ts';
import { functionTable } from '../../src/template/functions.ts';
import { createTemplates, parseTemplate, render } from '../../src/template/template.ts';
import { fromPlain } from '../../src/template/value.ts';

const functions = functionTable(
  sprigFunctions({ now: () => 0, localZone: () => 'UTC', random: (count) => new Uint8Array(count) }),
  helmFunctions,
);

const run = (template: string, data: unknown = {}): string => {
  const set = createTemplates('t', { functions });
  const refused = parseTemplate(set, 't', template);
  if (refused !== undefined) return refused;
  const rendering = render(set, 't', fromPlain(data));
  return 'error' in rendering ? rendering.error : rendering.output;
};

describe('fromToml', () => {
  it('gives maps, with whole numbers as int64', () => {
    const toml = 'a = 1\nf = 1.0\nb = [true, "x"]\n[t."k y"]\nz = {q = 9223372036854775807}\n[[l]]\nn = 1\n[[l]]\n';
    expect(run('{{ $t := fromToml .toml }}{{ $t }}|{{ typeOf $t.a }}|{{ len $t.l }}', { toml })).toBe(
      'map[a:1 b:[true x] f:1 l:[map[n:1] map[]] t:map[k y:map[z:map[q:9223372036854775807]]]]|int64|2',
    );
  });

  it('reads times', () => {
    expect(run('{{ (fromToml "a = 1979-05-27T00:32:00-07:00").a.UTC }}')).toBe('1979-05-27 07:32:00 +0000 UTC');
  });

  it('says what is wrong in the place of the map', () => {
    expect(run('{{ (fromToml "a = ").Error }}')).toContain('toml: line 1: ');
    expect(run('{{ fromToml "" }}')).toBe('map[]');
  });
});

describe('toYamlPretty', () => {
  it('indents lists, and folds nothing', () => {
    const long = 'words '.repeat(20).trim();
    expect(
      run('{{ toYamlPretty . }}', { l: [1, { a: ['b', []] }], n: 1_234_567, s: long, t: 'a\n b\n', y: 'yes' }),
    ).toBe(`l:\n  - 1\n  - a:\n      - b\n      - []\n"n": 1.234567e+06\ns: ${long}\nt: |\n  a\n   b\n"y": "yes"`);
  });
});
