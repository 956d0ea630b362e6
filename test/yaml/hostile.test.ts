import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../../src/yaml/limits.ts';
import { loadYaml } from '../../src/yaml/load.ts';

const load = (text: string) => loadYaml({ name: 'hostile.yaml', text });
const range = (length: number): readonly number[] => Array.from({ length }, (_, index) => index);

/** Nine aliases a level: each level would print nine times as much as the one before. */
const laughs = ['a0: &a0 [x]']
  .concat(range(12).map((level) => `a${level + 1}: &a${level + 1} [${range(9).map(() => `*a${level}`)}]`))
  .join('\n');

// Each would take minutes, gigabytes or the stack if it were met naively; the runner's time limit bounds them all.
describe('a hostile text', () => {
  it.each([
    ['aliases that multiply', laughs, 'YAML_LIMIT', 4],
    ['150,000 merged aliases', `a: &a {x: 1}\nb:\n  <<: [${'*a,'.repeat(150_000)}]`, 'YAML_LIMIT', 3],
    ['20,000 open brackets', '['.repeat(20_000), 'YAML_LIMIT', 1],
    ['20,000 nested lists', `${'['.repeat(20_000)}${']'.repeat(20_000)}`, 'YAML_LIMIT', 1],
    ['20,000 nested mappings', '{a: '.repeat(20_000), 'YAML_LIMIT', 1],
    ['20,000 list indicators', '- '.repeat(20_000), 'YAML_LIMIT', 1],
    ['20,000 key indicators', '? '.repeat(20_000), 'YAML_LIMIT', 1],
    [
      '2,000 levels of indentation',
      range(2000)
        .map((depth) => `${' '.repeat(depth)}a:`)
        .join('\n'),
      'YAML_LIMIT',
      102,
    ],
    [
      '60,000 keys',
      range(60_000)
        .map((index) => `k${index}: 0`)
        .join('\n'),
      'YAML_LIMIT',
      50_001,
    ],
    ['a document of 10 MB', `a: ${'x'.repeat(10_000_000)}`, 'YAML_LIMIT', 1],
    ['100,000 documents', 'a: 1\n---\n'.repeat(100_000), 'YAML_LIMIT', 40_000],
    ['100,000 broken documents', 'a: [\n---\n'.repeat(100_000), 'YAML_LIMIT', 40_000],
    ['a NUL byte', 'a: 1\nb: \0', 'YAML_SYNTAX', 2],
    ['an unclosed quote over 200,000 lines', `a: "${'x\n'.repeat(200_000)}`, 'YAML_SYNTAX', 1],
    ['200,000 backslashes', `a: "${'\\'.repeat(200_001)}`, 'YAML_SYNTAX', 1],
    ['200,000 quotes', "'".repeat(200_001), 'YAML_SYNTAX', 1],
    ['50,000 anchors on one node', '&a '.repeat(50_000), 'YAML_SYNTAX', 1],
    ['50,000 tags on lines of their own', '!a &b\n'.repeat(50_000), 'YAML_SYNTAX', 2],
    ['100,000 directives', '%A\n'.repeat(100_000), 'YAML_SYNTAX', 100_001],
  ])('with %s ends in one located problem', (_, text, code, line) => {
    const { documents, problems } = load(text);
    expect(documents).toEqual([]);
    expect(problems.map((problem) => [problem.code, problem.span?.line])).toEqual([[code, line]]);
  });

  it.each([
    [
      '20,000 keys',
      range(20_000)
        .map((index) => `k${index}: 0`)
        .join('\n'),
    ],
    ['20,000 keys in brackets', `{${range(20_000).map((index) => `k${index}: 0`)}}`],
    ['100 levels of brackets', `${'['.repeat(100)}1${']'.repeat(100)}`],
    ['100 aliases', `a: &a {x: 1}\nb: [${range(100).map(() => '*a')}]`],
    ['200,000 blanks before a value', `a:${' '.repeat(200_000)}b`],
    ['200,000 escapes', `a: "${'\\n'.repeat(100_000)}"`],
    ['300,000 lines of block text', `a: |\n${'  x\n'.repeat(300_000)}`],
    ['100,000 lines of folded words', `a: ${'b\n  '.repeat(100_000)}`],
    [
      '40,000 entries without value',
      range(40_000)
        .map((index) => `k${index}:`)
        .join('\n'),
    ],
    [
      '30,000 comments between entries',
      range(30_000)
        .map((index) => `k${index}: # x\n# y`)
        .join('\n'),
    ],
    ['100,000 lines in brackets without indentation', `a: [\n${'b,\n'.repeat(100_000)}]`],
    ['200,000 colons', ':'.repeat(200_000)],
  ])('with %s is one document without a problem', (_, text) => {
    const { documents, problems } = load(text);
    expect(problems).toEqual([]);
    expect(documents).toHaveLength(1);
  });

  it('of nothing but markers has no document', () => {
    expect(load('---\n...\n'.repeat(50_000))).toEqual({ documents: [], problems: [] });
  });

  it('of 100,000 empty documents is nothing at all', () => {
    expect(load('---\n# nothing\n'.repeat(100_000))).toEqual({ documents: [], problems: [] });
  });

  it('of broken documents only is given up after a hundred, and what was read before stays', () => {
    const { documents, problems } = load(`a: 1\n---\n${'b: [\n---\n'.repeat(150)}c: 1\n`);
    expect(documents.map(({ value }) => value)).toEqual([{ a: 1 }]);
    expect(problems.map(({ code }) => code)).toEqual([...range(100).map(() => 'YAML_SYNTAX'), 'YAML_LIMIT']);
    expect(problems.at(-1)?.span?.line).toBe(202);
  });

  it('of one key written 20,000 times reports all but the first', () => {
    const { documents, problems } = load('k: 1\n'.repeat(20_000));
    expect(documents[0]?.value).toEqual({ k: 1 });
    expect(problems).toHaveLength(19_999);
  });
});

describe('the limits', () => {
  it('can be set by the caller, and hold for each document', () => {
    const limits = { ...DEFAULT_LIMITS, documentBytes: 40, depth: 2, aliases: 1, keys: 3 };
    const text = [
      'a: [[1]]',
      'a: {b: 1}',
      'a: &a 1\nb: [*a, *a]',
      'a: &a 1\nb: *a',
      'a: 1\nb: 1\nc: 1\nd: 1',
      'a: 1\nb: 1\nc: 1',
      `a: ${'é'.repeat(20)}`,
      `a: ${'e'.repeat(20)}`,
    ].join('\n---\n');
    const { documents, problems } = loadYaml({ name: 'a.yaml', text }, limits);
    expect(documents.map((document) => document.index)).toEqual([1, 3, 5, 7]);
    expect(problems.map((problem) => problem.message)).toEqual([
      'values are nested more than 2 deep',
      "the document's aliases expand to more than 1",
      'the document has more than 3 keys',
      'the document is larger than 40 bytes',
    ]);
  });
});
