import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type PrintedItems, printGoYaml } from '../../src/yaml/emit/go-yaml.ts';
import { loadYaml } from '../../src/yaml/load.ts';

const words = (count: number): string => Array.from({ length: count }, () => 'word').join(' ');

describe('YAML as Go writes it', () => {
  it.each<readonly [text: string, value: unknown]>([
    ['null\n', null],
    ['{}\n', {}],
    ['[]\n', []],
    ['a: {}\nb: []\nc: null\nd: true\n', { a: {}, b: [], c: null, d: true, e: undefined }],
    ['a:\n- b: 1\n  c:\n  - - 2\n    - 3\n  - []\n', { a: [{ b: 1, c: [[2, 3], []] }] }],
    ['- a\n', ['a']],
    ['a: 1\nb: 2\n', new Map(Object.entries({ b: 2, a: 1 }))],
  ])('lays out %j', (text, value) => {
    expect(printGoYaml(value)).toBe(text);
  });

  it('orders keys by numbers and before letters by other characters', () => {
    const keys = ['a10', 'a9', 'a', 'A', '_x', '10', '9', 'a-b', '01', '1', 'é', 'ab'];
    const written = printGoYaml(Object.fromEntries(keys.map((key) => [`${key} `, 0])));
    expect(Array.from(written.matchAll(/'(.*) '/g), ([, key]) => key)).toEqual([
      '_x',
      '1',
      '01',
      '9',
      '10',
      'A',
      'a',
      'a-b',
      'a9',
      'a10',
      'ab',
      'é',
    ]);
  });

  it.each<readonly [text: string, value: number | bigint]>([
    ['0', -0],
    ['15020', 15020],
    ['1.5', 1.5],
    ['1000000', 1e6],
    ['1.2345675e+06', 1234567.5],
    ['1e-05', 0.00001],
    ['10000000000000000000', 1e19],
    ['1e+20', 1e20],
    ['-1e+19', -1e19],
    ['9223372036854775807', 2n ** 63n - 1n],
    ['.inf', Number.POSITIVE_INFINITY],
  ])('writes the number %s', (text, value) => {
    expect(printGoYaml(value)).toBe(`${text}\n`);
  });

  it.each<readonly [text: string, value: string]>([
    ['""', ''],
    ['plain text', 'plain text'],
    ['"yes"', 'yes'],
    ['"~"', '~'],
    ['"0x1F"', '0x1F'],
    ['"1_000"', '1_000'],
    ['"2020-02-29"', '2020-02-29'],
    ['2021-02-29', '2021-02-29'],
    ['"12:30:45"', '12:30:45'],
    ['<<', '<<'],
    ["'---'", '---'],
    ["'a: b'", 'a: b'],
    ['a:b', 'a:b'],
    ["' a'", ' a'],
    ["'it''s #1'", "it's #1"],
    ["'@x'", '@x'],
    ['"\\tx"', '\tx'],
    ['"\\U0001F600"', '😀'],
    ['☃', '☃'],
    ['\ufffd', '\ud800'],
    ['|\n  a\n  b', 'a\nb\n'],
    ['|-\n  a\n\n  b', 'a\n\nb'],
    ['|2+\n   a\n', ' a\n\n'],
    ['"a \\nb"', 'a \nb'],
  ])('writes the text %s', (text, value) => {
    expect(printGoYaml(value)).toBe(`${text}\n`);
  });

  it('folds at the first single space behind column 80', () => {
    expect(printGoYaml({ a: words(20) })).toBe(`a: ${words(16)}\n  ${words(4)}\n`);
    expect(printGoYaml({ a: `# ${words(20)}` })).toBe(`a: '# ${words(16)}\n  ${words(4)}'\n`);
    expect(printGoYaml({ a: `\t${'x'.repeat(90)}  y` })).toBe(`a: "\\t${'x'.repeat(90)}\n  \\ y"\n`);
    expect(printGoYaml({ [words(20)]: 1 })).toBe(`${words(20)}: 1\n`);
  });

  it('writes long keys and keys of several lines behind a question mark', () => {
    expect(printGoYaml({ ['x'.repeat(129)]: [1] })).toBe(`? ${'x'.repeat(129)}\n: - 1\n`);
    expect(printGoYaml({ 'a\nb': { c: 1 } })).toBe('? |-\n  a\n  b\n: c: 1\n');
  });

  it('is the same for items that were printed before, at whatever depth', () => {
    const shared = [{ a: ['x', { ['long key '.repeat(20)]: 'y' }], b: 'two\nlines\n' }, [{ c: 1 }, []], {}, 'text'];
    const values = [{ shared }, [shared], { deep: { er: { shared, 'after it': shared } } }, shared, { shared }];
    const printed: PrintedItems = new WeakMap();
    for (const value of [...values, ...values]) expect(printGoYaml(value, printed)).toBe(printGoYaml(value));
  });
});

const recorded = resolve(import.meta.dirname, '../../../shared/corpus');
/** What injection decodes and writes anew; documents of other kinds it copies. */
const WRITTEN_ANEW = /^kind: (?:CronJob|DaemonSet|Deployment|DeploymentConfig|Job|Pod|ReplicaSet|StatefulSet|List)$/m;

const documentsBelow = (directory: string, wanted: RegExp): readonly string[] =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(?:yaml|injected)$/.test(entry.name))
    .flatMap((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8').split(/^---\n/m))
    .filter((text) => wanted.test(text))
    .map((text) => text.replace(/\n+$/, '\n'));

describe.skipIf(!existsSync(recorded))('recorded documents', () => {
  it.each<readonly [directory: string, wanted: RegExp]>([
    ['inject/goldens/expected', WRITTEN_ANEW],
    ['inject/oracle/out', WRITTEN_ANEW],
    ['manifest', /^kind:/m],
  ])('of %s are written as they were read', (directory, wanted) => {
    const texts = [...new Set(documentsBelow(join(recorded, directory), wanted))];
    const different = texts.filter((text) => {
      const { documents } = loadYaml({ name: 'in.yaml', text });
      return printGoYaml(documents[0]?.value) !== text;
    });
    expect(texts.length).toBeGreaterThan(50);
    expect(different.map((text) => text.slice(0, 200))).toEqual([]);
  });
});
