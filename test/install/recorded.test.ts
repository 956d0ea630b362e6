import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hasErrors } from '../../src/base/problem.ts';
import { identityOf, parseObjects } from '../../src/install/manifest/object.ts';
import { generate } from '../../src/install/operator/generate.ts';
import { readInputs } from '../../src/install/operator/inputs.ts';
import { loadGoStructs, loadMeshProto, loadValuesProto } from '../../src/model/typed/load.ts';
import { STILL, treeOf } from './tree.ts';

const root = resolve(import.meta.dirname, '../../../shared/corpus/manifest');

interface Recorded {
  readonly name: string;
  readonly cmd: string;
  readonly rc: number;
}

const cases = existsSync(root)
  ? (JSON.parse(readFileSync(resolve(root, 'set/cases.json'), 'utf8')) as readonly Recorded[])
  : [];
const settingsOf = (cmd: string): readonly string[] => [
  ...[...cmd.matchAll(/--set (?:'([^']*)'|(\S+))/g)].map(([, quoted, plain = '']) => quoted ?? plain),
  ...[...cmd.matchAll(/--revision (\S+)/g)].map(([, name]) => `revision=${name}`),
];

describe.skipIf(cases.length === 0)('recorded answers of manifest generate', () => {
  it("are given by heddle's own charts: the same verdict and the same objects", async () => {
    const tree = treeOf(resolve(import.meta.dirname, '../../templates'));
    const descriptors = {
      structs: await loadGoStructs(),
      mesh: await loadMeshProto(),
      values: await loadValuesProto(),
    };
    const different: string[] = [];
    // The operator files of the others are not recorded.
    for (const { name, cmd, rc } of cases.filter((each) => !each.cmd.includes(' -f '))) {
      const options = { force: cmd.includes('--force'), components: [] };
      const { components, problems } = generate(tree, readInputs([], settingsOf(cmd)), descriptors, STILL, options);
      if (hasErrors(problems) !== (rc !== 0)) different.push(`${name}: ${problems[0]?.message ?? 'accepted'}`);
      const ours = new Set(components.flatMap(({ objects }) => objects.map(identityOf)));
      const theirs = parseObjects(name, readFileSync(resolve(root, 'set', `${name}.yaml`), 'utf8')).objects;
      different.push(...theirs.map(identityOf).flatMap((each) => (ours.has(each) ? [] : [`${name}: no ${each}`])));
    }
    expect(different).toEqual([]);
  }, 120_000);
});
