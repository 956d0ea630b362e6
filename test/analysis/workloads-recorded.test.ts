import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CHECKS } from '../../src/analysis/checks.ts';
import { loadInput } from '../../src/analysis/input.ts';
import { runChecks } from '../../src/analysis/run.ts';

const corpus = new URL('../../../shared/corpus/analyze/', import.meta.url);

interface Recorded {
  readonly analyzer: string;
  readonly analyzerExpected: readonly { readonly code: string; readonly level: string; readonly resource: string }[];
  readonly files: readonly string[];
  readonly meshConfigFile?: string;
}

const OWN =
  /^(annotations|applicationUID|authn?|conditions|deployment|deprecation|externalcontrolplane)\.|^(injection|k8sgateway|service|telemetry|webhook)\./;

const readCase = (name: string): Recorded =>
  JSON.parse(readFileSync(new URL(`${name}/case.json`, corpus), 'utf8')) as Recorded;

// Istio registers no check for alpha annotations.
const names = (existsSync(corpus) ? readdirSync(corpus) : []).filter(
  (name) =>
    existsSync(new URL(`${name}/case.json`, corpus)) &&
    OWN.test(readCase(name).analyzer) &&
    readCase(name).analyzer !== 'annotations.AlphaAnalyzer',
);

describe.skipIf(names.length === 0)('what Istio itself finds', () => {
  it.each(names)('in %s is what is found here', async (name) => {
    const { analyzer, analyzerExpected, files, meshConfigFile } = readCase(name);
    const source = (file: string) => ({ name: file, text: readFileSync(new URL(`${name}/${file}`, corpus), 'utf8') });
    const options = meshConfigFile === undefined ? {} : { meshConfig: source(meshConfigFile) };
    const { input } = await loadInput(files.map(source), options);
    const found = runChecks(
      CHECKS.filter((check) => check.name === analyzer),
      input,
    );
    const level = { error: 'Error', warning: 'Warning', info: 'Info' };
    // Objects that name no namespace are in none there, and in the default one here.
    expect(
      found.map((one) => `${one.code} ${level[one.level]} ${one.origin.replace(' default/', ' ')}`).sort(),
    ).toEqual(
      analyzerExpected.map((one) => `${one.code} ${one.level} ${one.resource.replace(' default/', ' ')}`).sort(),
    );
  });
});
