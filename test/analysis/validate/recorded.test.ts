import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadInput } from '../../../src/analysis/input.ts';
import { reviewResource } from '../../../src/analysis/validate/kinds.ts';
import { validateDocuments } from '../../../src/analysis/validate/validate.ts';
import { loadYaml } from '../../../src/yaml/load.ts';

const root = resolve(import.meta.dirname, '../../../../shared/corpus/validate');

/** Where heddle refuses what Istio's tools were seen to let in, and why. */
const DEVIATIONS: Readonly<Record<string, string>> = {
  '201-dr-locality-distribute-overlap': 'the webhook goes over a map: it refused nine of twelve times',
  '521-k8s-deployment-app-version': 'a Deployment without selector, which the API server refuses',
};

interface Recorded {
  readonly name: string;
  readonly valid: boolean;
  readonly crdValid?: boolean;
}

const names = existsSync(root) ? readdirSync(root).filter((name) => name.endsWith('.yaml')) : [];
const textOf = (name: string): string => readFileSync(join(root, name), 'utf8');

const isAccepted = async (text: string): Promise<boolean> => {
  const { documents, problems } = loadYaml({ name: 'in.yaml', text });
  const verdicts = await validateDocuments(documents);
  const owned = new Set(documents.flatMap((document) => document.problems));
  return problems.every((problem) => owned.has(problem)) && verdicts.every(({ verdict }) => verdict !== 'invalid');
};

describe.skipIf(names.length === 0)('recorded verdicts of a cluster', () => {
  it('are heddle’s, but for the deviations', async () => {
    const different: string[] = [];
    for (const name of names) {
      const recorded = JSON.parse(readFileSync(join(root, name.replace(/yaml$/, 'json')), 'utf8')) as Recorded;
      const wanted = recorded.valid && recorded.crdValid !== false;
      if ((await isAccepted(textOf(name))) !== wanted) different.push(recorded.name);
    }
    expect(different.sort()).toEqual(Object.keys(DEVIATIONS).sort());
  });

  it('can be asked of objects that lack any one of their lines', async () => {
    for (const name of names) {
      const lines = textOf(name).split('\n');
      const texts = lines.map((_, index) => lines.filter((_line, at) => at !== index).join('\n'));
      const { input } = await loadInput(texts.map((text, index) => ({ name: `${index}.yaml`, text })));
      for (const resource of input.mesh.resources) {
        for (const { message } of reviewResource(resource)) expect(message).not.toMatch(/undefined|\[object/);
      }
    }
  }, 60_000);
});
