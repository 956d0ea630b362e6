import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { printGoYaml } from '../../src/yaml/emit/go-yaml.ts';
import { compareKeys } from '../../src/yaml/emit/key-order.ts';

// Builds fail where Go or its modules are out of reach; then the comparison is skipped.
const directory = mkdtempSync(join(tmpdir(), 'heddle-go-yaml-'));
const program = join(directory, 'oracle');
const built =
  spawnSync('go', ['build', '-o', program, '.'], { cwd: join(import.meta.dirname, 'go-yaml-oracle') }).status === 0;

const FRAGMENTS = [
  ...[
    'yes',
    'No',
    'null',
    '~',
    '0x1F',
    '010',
    '1_000',
    '.5',
    '1e3',
    '+1',
    '-0',
    '.inf',
    '<<',
    '=',
    '._1',
    '.1_0',
    '08',
  ],
  ...['18446744073709551615', '18446744073709551616', '2020-01-01', '2021-02-29', '2001-12-14 21:59:43.10', '12:30:45'],
  ...['-', ':', '#', 'a: b', 'a #b', '- x', '? y', '"q"', "it's", '{', ']', '&a', '*b', '!t', '|', '>', '%', '@', '`'],
  ...['\t', 'é', '☃', '😀', '\u2028', '\u00a0', '\ufeff', '\u001b', '\\', '---', '...', ' ', '  ', '\n', '\n\n', '\n '],
  ...['x'.repeat(79), 'long'.repeat(30), 'word '.repeat(30), 'two  spaces '.repeat(12), 'a', '9', '10', '_'],
];
const text = fc.oneof(
  fc.constantFrom(...FRAGMENTS),
  fc.array(fc.constantFrom(...FRAGMENTS), { maxLength: 12 }).map((parts) => parts.join('')),
  fc.array(fc.constantFrom(...FRAGMENTS), { maxLength: 30 }).map((parts) => parts.join(' ')),
  fc.string({ unit: fc.constantFrom(...'ab 09_-.:e+xTZ12#\'",\n') }),
);
/** go-yaml's order of keys has circles (9 < 10 < 1Z < 9), and what it makes of one differs from run to run. */
const isOrdered = (keys: readonly string[]): boolean => {
  const sorted = keys.toSorted(compareKeys);
  return sorted.every((key, at) => sorted.slice(at + 1).every((later) => compareKeys(key, later) < 0));
};
const value = fc.letrec((tie) => ({
  node: fc.oneof(
    { maxDepth: 5 },
    text,
    fc.constantFrom(null, true, false),
    fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.maxSafeInteger()),
    fc.array(tie('node'), { maxLength: 4 }),
    fc.dictionary(text, tie('node'), { maxKeys: 5 }).filter((mapping) => isOrdered(Object.keys(mapping))),
  ),
})).node;

/** JSON as Go writes it where that matters: line separators are escaped. */
const json = (item: unknown): string =>
  JSON.stringify(item).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');

const firstDifference = (
  ours: string,
  theirs: string,
): readonly (readonly [string | undefined, string | undefined])[] => {
  const [ourLines, theirLines] = [ours.split('\n'), theirs.split('\n')];
  const at = theirLines.findIndex((line, index) => line !== ourLines[index]);
  return ours === theirs ? [] : [[ourLines[at], theirLines[at]]];
};

afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe.skipIf(!built)('random values, where Go is installed', () => {
  it('are written as by sigs.k8s.io/yaml', () => {
    const values = fc.sample(value, 3000);
    const { stdout } = spawnSync(program, {
      input: values.map((item) => `${json(item)}\n`).join(''),
      encoding: 'utf8',
      maxBuffer: 2 ** 30,
    });
    const answers = stdout.trimEnd().split('\n');
    const different = values.flatMap((item, index) =>
      firstDifference(printGoYaml(item), JSON.parse(answers[index] ?? '""')),
    );
    expect(answers.length).toBe(values.length);
    expect(different).toEqual([]);
  });
});
