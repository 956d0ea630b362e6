import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseObjects } from '../../src/install/manifest/object.ts';
import { generate } from '../../src/install/operator/generate.ts';
import { readInputs } from '../../src/install/operator/inputs.ts';
import { loadGoStructs, loadMeshProto, loadValuesProto } from '../../src/model/typed/load.ts';
import { STILL, treeOf } from '../install/tree.ts';
import { differences } from './leaves.ts';

const root = resolve(import.meta.dirname, '../../../shared/corpus/manifest');

interface Recorded {
  readonly name: string;
  readonly settings: readonly string[];
  readonly file: string;
}

const settingsOf = (cmd: string): readonly string[] => [
  ...[...cmd.matchAll(/--set (?:'([^']*)'|(\S+))/g)].map(([, quoted, plain = '']) => quoted ?? plain),
  ...[...cmd.matchAll(/--revision (\S+)/g)].map(([, name]) => `revision=${name}`),
];

const recorded = (): readonly Recorded[] => {
  const profiles = ['default', 'demo', 'minimal', 'openshift', 'preview', 'empty'];
  const sets = JSON.parse(readFileSync(resolve(root, 'set/cases.json'), 'utf8')) as readonly {
    readonly name: string;
    readonly cmd: string;
    readonly rc: number;
  }[];
  return [
    ...profiles.map((name) => ({ name, settings: [`profile=${name}`], file: `manifest-${name}.yaml` })),
    // The operator files of the others are not recorded.
    ...sets
      .filter(({ cmd, rc }) => rc === 0 && !cmd.includes(' -f ') && !cmd.includes('--force'))
      .map(({ name, cmd }) => ({ name, settings: settingsOf(cmd), file: `set/${name}.yaml` })),
  ];
};

describe.skipIf(!existsSync(root))('what the charts render', () => {
  it('is field by field what Istio renders, but for accepted differences', async () => {
    const tree = treeOf(resolve(import.meta.dirname, '../../templates'));
    const descriptors = {
      structs: await loadGoStructs(),
      mesh: await loadMeshProto(),
      values: await loadValuesProto(),
    };
    const different: string[] = [];
    for (const { name, settings, file } of recorded()) {
      const images = [
        'hub=registry.istio.io/testing',
        ...(settings.some((each) => each.startsWith('tag=')) ? [] : ['tag=latest']),
      ];
      const inputs = readInputs([], [...images, ...settings]);
      const { components } = generate(tree, inputs, descriptors, STILL, { force: false, components: [] });
      const theirs = parseObjects(name, readFileSync(resolve(root, file), 'utf8')).objects;
      const ours = components.flatMap(({ objects }) => objects);
      different.push(...differences(theirs, ours).map((each) => `${name}: ${each}`));
    }
    expect(different.slice(0, 40)).toEqual([]);
  }, 300_000);
});
