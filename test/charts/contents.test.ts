import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type ManifestObject, parseObjects } from '../../src/install/manifest/object.ts';
import { generate } from '../../src/install/operator/generate.ts';
import { readInputs } from '../../src/install/operator/inputs.ts';
import { loadGoStructs, loadMeshProto, loadValuesProto } from '../../src/model/typed/load.ts';
import { isObject } from '../../src/model/value.ts';
import { loadYaml } from '../../src/yaml/load.ts';
import { STILL, treeOf } from '../install/tree.ts';

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

/** What may differ, by kind and path, and why. */
const ACCEPTED: readonly (readonly [pattern: RegExp, reason: string])[] = [
  [/^CustomResourceDefinition /, "they are istio.io/api's of the release, the recorded ones those of its main branch"],
  [
    / \.metadata\.labels\.(app\.kubernetes\.io\/version|helm\.sh\/chart)$/,
    'the charts have their own version and names',
  ],
  [/labels\.(app\.kubernetes\.io\/version|helm\.sh\/chart)$/, 'so have the pods'],
  [/^ConfigMap values\S* \.metadata\.annotations\.kubernetes\.io\/description$/, 'prose'],
  [/^ConfigMap values\S* \.data\./, 'values as a person would read them: the defaults are arranged in other files'],
  [
    /^ConfigMap istio-sidecar-injector\S* \.data\.config\.templates\./,
    'texts of their own, compared by what they inject',
  ],
  [/^ConfigMap istio-sidecar-injector\S* \.data\.config\.injectedAnnotations$/, 'an empty map instead of null'],
];

/** Texts that are YAML or JSON documents themselves are compared as such. */
const DOCUMENTS = /\.data\.(mesh|meshNetworks|config|values|merged-values|original-values)$/;

const leaves = (value: unknown, path: string, into: Map<string, unknown>): void => {
  if (typeof value === 'string' && DOCUMENTS.test(path)) {
    const document = loadYaml({ name: path, text: value }).documents[0]?.value;
    leaves(document, path, into);
  } else if (Array.isArray(value)) {
    value.forEach((each, index) => {
      leaves(each, `${path}[${index}]`, into);
    });
    if (value.length === 0) into.set(path, '[]');
  } else if (isObject(value)) {
    const entries = Object.entries(value).filter(([, each]) => each !== null && each !== undefined);
    for (const [key, each] of entries) leaves(each, `${path}.${key}`, into);
    if (Object.keys(value).length === 0) into.set(path, '{}');
  } else into.set(path, value);
};

const leavesOf = (objects: readonly ManifestObject[]): ReadonlyMap<string, unknown> => {
  const all = new Map<string, unknown>();
  for (const { kind, namespace, name, value } of objects)
    leaves(value, `${kind} ${namespace === '' ? '' : `${namespace}/`}${name} `, all);
  return new Map([...all].map(([path, value]) => [path.replace(/^(\S+) (?:\S+\/)?(\S+) /, '$1 $2 '), value] as const));
};

const isAccepted = (path: string): boolean => ACCEPTED.some(([pattern]) => pattern.test(path));

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
      const isCrd = ({ kind }: ManifestObject): boolean => kind === 'CustomResourceDefinition';
      const ours = leavesOf(components.flatMap(({ objects }) => objects).filter((each) => !isCrd(each)));
      const theirs = leavesOf(
        parseObjects(name, readFileSync(resolve(root, file), 'utf8')).objects.filter((each) => !isCrd(each)),
      );
      const paths = new Set([...ours.keys(), ...theirs.keys()]);
      for (const path of paths) {
        if (isAccepted(path) || Object.is(ours.get(path), theirs.get(path))) continue;
        different.push(`${name}: ${path}: ${String(theirs.get(path))} | ${String(ours.get(path))}`);
      }
    }
    expect(different.slice(0, 40)).toEqual([]);
  }, 300_000);
});
