import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { injectStream } from '../../src/inject/inject-stream.ts';
import { GIVEN_RULES } from '../../src/inject/rules.ts';
import { installationOf, loadDescriptors } from './installation.ts';

// Answers of istioctl kube-inject, recorded outside the repository.
const root = resolve(import.meta.dirname, '../../../shared/corpus/inject');
const isThere = existsSync(root);

interface Golden {
  readonly name: string;
  readonly input: string;
  readonly expected: string;
  readonly injectConfigFile: string;
  readonly meshConfigFile: string;
  readonly valuesFile: string;
  readonly mode: string;
  readonly platform: string;
  readonly compliancePolicy: string;
  readonly nativeSidecar: boolean;
  readonly expectedError: string | null;
}

interface Run {
  readonly input: string;
  readonly config: string;
  readonly env: Readonly<Record<string, string>>;
  readonly cmd: string;
  readonly rc: number;
  readonly output?: string;
}

const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const readCases = <T>(path: string): readonly T[] => (isThere ? JSON.parse(read(path)) : []);

beforeAll(loadDescriptors);

describe.skipIf(!isThere)('recorded injections', () => {
  const goldens = readCases<Golden>('goldens/cases.json').filter(
    ({ mode, platform }) => mode !== 'webhook' && !platform,
  );

  it.each(goldens)('$name', (golden) => {
    const installation = installationOf({
      config: read(`goldens/${golden.injectConfigFile}`),
      mesh: read(`goldens/${golden.meshConfigFile}`),
      values: read(`goldens/${golden.valuesFile}`),
      nativeSidecars: golden.nativeSidecar,
      env: { COMPLIANCE_POLICY: golden.compliancePolicy },
    });
    const { text, problems } = injectStream(
      installation,
      { name: golden.input, text: read(`goldens/${golden.input}`) },
      GIVEN_RULES,
    );
    if (golden.expectedError) expect(problems).toMatchObject([{ code: 'NOT_INJECTABLE' }]);
    else expect(text).toBe(read(`goldens/${golden.expected}`));
  });
});

describe.skipIf(!isThere)('recorded runs over configurations of many installations', () => {
  const runs = readCases<Run>('oracle/cases.json');
  const configs = [...new Set(runs.map(({ config }) => config))];

  it.each(configs)('%s', (config) => {
    const installations = new Map<string, ReturnType<typeof installationOf>>();
    const wrong: string[] = [];
    for (const { input, env, cmd, rc, output } of runs.filter((run) => run.config === config)) {
      const revision = / --revision (\S+)/.exec(cmd)?.[1] ?? 'default';
      const key = JSON.stringify([env, revision]);
      const installation =
        installations.get(key) ??
        installationOf({
          config: read(`oracle/cfg/${config}/inject-config.yaml`),
          mesh: read(`oracle/cfg/${config}/mesh.yaml`),
          values: read(`oracle/cfg/${config}/values.json`),
          nativeSidecars: env['ENABLE_NATIVE_SIDECARS'] === 'true',
          revision,
          env,
        });
      installations.set(key, installation);
      const { text, problems } = injectStream(
        installation,
        { name: input, text: read(`oracle/${input}`) },
        GIVEN_RULES,
      );
      const isRight = rc === 0 ? problems.length === 0 && text === read(`oracle/${output}`) : problems.length > 0;
      if (!isRight) wrong.push(`${input} ${key}`);
    }
    expect(wrong).toEqual([]);
  });
});
