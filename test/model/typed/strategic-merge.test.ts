import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { GoStructs } from '../../../src/model/typed/descriptor.ts';
import { loadGoStructs } from '../../../src/model/typed/load.ts';
import { strategicMerge } from '../../../src/model/typed/strategic-merge.ts';
import type { Plain } from '../../../src/yaml/plain.ts';

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
