import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { runGoProgram } from '../../../src/model/schema/generator/go-program.ts';
import type { GoStructs } from '../../../src/model/typed/descriptor.ts';
import { loadGoStructs } from '../../../src/model/typed/load.ts';
import { strategicMerge } from '../../../src/model/typed/strategic-merge.ts';
import type { Plain } from '../../../src/yaml/plain.ts';
import { arbitraryOf } from './arbitrary-object.ts';
import { hasGo } from './has-go.ts';

const recorded = resolve(import.meta.dirname, '../../../../shared/corpus/merge/cases.jsonl');

interface Case {
  readonly name: string;
  readonly engine: string;
  readonly data: Plain;
  readonly patch: Plain;
  readonly out: string;
  readonly err?: string;
}

let structs: GoStructs;
beforeAll(async () => {
  structs = await loadGoStructs();
});

const merge = (original: Plain, patch: Plain) => strategicMerge(structs, 'core/v1.Pod', original, patch);
const podWith = (spec: Plain): Plain => ({ spec });
const names = (merged: ReturnType<typeof merge>): unknown =>
  (JSON.parse(JSON.stringify(merged.value)) as { spec: { containers: Plain[] } }).spec.containers.map(
    ({ name }) => name,
  );
const containers = (...list: readonly string[]): Plain => podWith({ containers: list.map((name) => ({ name })) });

describe.skipIf(!existsSync(recorded))('recorded strategic merges of pods', () => {
  it('are heddle’s', () => {
    const cases = readFileSync(recorded, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Case);
    for (const { name, data, patch, out, err } of cases) {
      const { value, failure } = merge(data, patch);
      expect(failure === undefined, `${name}: ${failure}`).toBe(err === undefined);
      if (err === undefined) expect(value, name).toEqual(JSON.parse(out));
    }
  });
});

/** A patch made of what the object could hold, with directives strewn in. */
const arbitraryPatch = (): fc.Arbitrary<Plain> =>
  arbitraryOf(structs, 'core/v1.Pod', 'strict').chain((value) =>
    fc.infiniteStream(fc.nat(99)).map((dice) => strew(value, dice) as Plain),
  );

const strew = (value: unknown, dice: Iterator<number>): unknown => {
  const roll = (): number => dice.next().value as number;
  if (Array.isArray(value)) return value.map((item) => strew(item, dice));
  if (typeof value !== 'object' || value === null) return roll() < 3 ? null : value;
  const entries = Object.entries(value).map(([key, below]): [string, unknown] => [key, strew(below, dice)]);
  const die = roll();
  if (die < 4) entries.push(['$patch', ['replace', 'delete', 'merge', 'other'][die]]);
  else if (die < 8) entries.push(['$retainKeys', entries.map(([key]) => key).slice(0, die === 7 ? 1 : undefined)]);
  for (const [key, below] of [...entries]) {
    if (!Array.isArray(below) || below.length === 0) continue;
    const chance = roll();
    if (chance < 10) entries.push([`$setElementOrder/${key}`, chance < 8 ? below : below.slice(1)]);
    else if (chance < 14) entries.push([`$deleteFromPrimitiveList/${key}`, below]);
  }
  return Object.fromEntries(entries);
};

describe.skipIf(!hasGo)('patches at random', () => {
  it('give what Kubernetes gives, and are refused where it refuses them', { timeout: 300_000 }, () => {
    const pods = arbitraryOf(structs, 'core/v1.Pod', 'strict') as fc.Arbitrary<Plain>;
    const pairs = fc.sample(fc.tuple(pods, arbitraryPatch()), { numRuns: 5000, seed: 11 });
    const input = pairs.map(([original, patch]) => JSON.stringify({ original, patch })).join('\n');
    const program = fileURLToPath(new URL('strategic-merge.go', import.meta.url));
    const answers = runGoProgram(program, input).trim().split('\n');
    expect(answers).toHaveLength(pairs.length);
    expect(answers.filter((answer) => answer.startsWith('{')).length).toBeGreaterThan(pairs.length / 3);
    for (const [index, [original, patch]] of pairs.entries()) {
      const { value, failure } = merge(original, patch);
      const answer = answers[index] ?? '';
      const what = `${JSON.stringify({ original, patch })} ${failure} ${answer}`;
      // Go goes over maps in random order, so where its answers differ from run to run nothing can be compared.
      if (answer === '?') continue;
      if (answer.startsWith('{'))
        expect([JSON.parse(JSON.stringify(value ?? null)), failure], what).toEqual([JSON.parse(answer), undefined]);
      else expect(failure, what).toMatch(/\w/);
    }
  });
});

describe('a strategic merge', () => {
  it('puts new items before the original ones that follow', () => {
    expect(names(merge(containers('a', 'b', 'c'), containers('new', 'b')))).toEqual(['new', 'a', 'b', 'c']);
    expect(names(merge(containers('a', 'b', 'c'), containers('b', 'new')))).toEqual(['a', 'b', 'new', 'c']);
  });

  it('obeys the order that the patch asks for', () => {
    const patch = podWith({ '$setElementOrder/containers': [{ name: 'c' }, { name: 'a' }] });
    expect(names(merge(containers('a', 'b', 'c'), patch))).toEqual(['b', 'c', 'a']);
  });

  it('deletes items, maps and scalars that directives name', () => {
    const patch = podWith({ containers: [{ $patch: 'delete', name: 'b' }] });
    expect(names(merge(containers('a', 'b'), patch))).toEqual(['a']);
    const meta = (metadata: Plain): Plain => ({ metadata });
    expect(
      merge(meta({ finalizers: ['x', 'y'] }), meta({ '$deleteFromPrimitiveList/finalizers': ['x'] })).value,
    ).toEqual(meta({ finalizers: ['y'] }));
    expect(merge(meta({ labels: { a: '1' } }), meta({ labels: { $patch: 'delete' } })).value).toEqual(
      meta({ labels: {} }),
    );
  });

  it('keeps of a volume what $retainKeys names', () => {
    const original = podWith({ volumes: [{ name: 'v', emptyDir: {}, configMap: { name: 'c' } }] });
    const patch = podWith({ volumes: [{ $retainKeys: ['name', 'emptyDir'], name: 'v' }] });
    expect(merge(original, patch).value).toEqual(podWith({ volumes: [{ name: 'v', emptyDir: {} }] }));
  });

  it('leaves both arguments as they are', () => {
    const original = containers('a');
    const patch = podWith({ containers: [{ name: 'a', image: 'i', $patch: 'replace' }, { name: 'b' }] });
    const before = JSON.stringify([original, patch]);
    merge(original, patch);
    expect(JSON.stringify([original, patch])).toBe(before);
  });

  it.each([
    ['an item without its key', containers('a'), podWith({ containers: [{ image: 'x' }] })],
    ['an unknown list', podWith({ foo: [1] }), podWith({ foo: [2] })],
    ['a map below a map of texts', { metadata: { labels: { a: {} } } }, { metadata: { labels: { a: {} } } }],
    ['an unknown directive', podWith({}), podWith({ $patch: 'keep' })],
    ['a key that $retainKeys leaves out', podWith({}), podWith({ $retainKeys: [], nodeName: 'n' })],
    ['items of two types', containers('a'), podWith({ containers: ['a'] })],
    [
      'an order that contradicts the patch',
      containers('a', 'b'),
      {
        spec: { '$setElementOrder/containers': [{ name: 'b' }], containers: [{ name: 'a' }] },
      },
    ],
  ])('refuses %s', (_what, original, patch) => {
    expect(merge(original, patch).failure).toMatch(/\w/);
  });
});
