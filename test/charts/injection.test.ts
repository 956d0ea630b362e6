import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { injectStream } from '../../src/inject/inject-stream.ts';
import { GIVEN_RULES } from '../../src/inject/rules.ts';
import { loadYaml } from '../../src/yaml/load.ts';
import { installationOf, loadDescriptors } from '../inject/installation.ts';

const root = resolve(import.meta.dirname, '../../../shared/corpus/inject/oracle');
const templates = resolve(import.meta.dirname, '../../templates/injection');

interface Run {
  readonly input: string;
  readonly config: string;
  readonly env: Readonly<Record<string, string>>;
  readonly cmd: string;
  readonly rc: number;
  readonly output?: string;
}

const isThere = existsSync(root);
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const runs: readonly Run[] = isThere ? JSON.parse(read('cases.json')) : [];

/** A recorded configuration of an injector with the project's templates under the names it has. */
const withOurTemplates = (config: string): string => {
  const recorded = loadYaml({ name: 'config', text: config }).documents[0]?.value as Readonly<Record<string, unknown>>;
  const ours = ['sidecar', 'gateway', 'grpc-agent', 'grpc-simple'].map((name) => [
    name,
    readFileSync(join(templates, `${name}.yaml`), 'utf8'),
  ]);
  return JSON.stringify({ ...recorded, templates: Object.fromEntries(ours) });
};

beforeAll(loadDescriptors);

describe.skipIf(!isThere)("the injector's templates", () => {
  const configs = [...new Set(runs.map(({ config }) => config))];

  it.each(configs)('inject under %s what Istio injects, byte for byte', (config) => {
    const installations = new Map<string, ReturnType<typeof installationOf>>();
    const wrong: string[] = [];
    for (const { input, env, cmd, rc, output } of runs.filter((run) => run.config === config && run.rc === 0)) {
      const revision = /--revision (\S+)/.exec(cmd)?.[1] ?? 'default';
      const key = JSON.stringify([env, revision]);
      const installation =
        installations.get(key) ??
        installationOf({
          config: withOurTemplates(read(`cfg/${config}/inject-config.yaml`)),
          mesh: read(`cfg/${config}/mesh.yaml`),
          values: read(`cfg/${config}/values.json`),
          nativeSidecars: env['ENABLE_NATIVE_SIDECARS'] === 'true',
          revision,
          env,
        });
      installations.set(key, installation);
      const { text } = injectStream(installation, { name: input, text: read(input) }, GIVEN_RULES);
      if (rc !== 0 || output === undefined || text !== read(output)) wrong.push(`${input} ${key}`);
    }
    expect(wrong).toEqual([]);
  });
});
