import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CHECKS } from '../../src/analysis/checks.ts';
import { loadInput } from '../../src/analysis/input.ts';
import { runChecks } from '../../src/analysis/run.ts';
import { loadYaml } from '../../src/yaml/load.ts';
import type { SourceText } from '../../src/yaml/source-text.ts';
import { casesOf } from './page-cases.ts';

// Every example of every page, with all checks at once: what must hold however a configuration is written.
const root = resolve(import.meta.dirname, '../../src/analysis/checks');
const cases = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.md'))
  .flatMap((file) =>
    casesOf(readFileSync(join(root, file), 'utf8')).map(({ title, yaml }) => [`${file}: ${title}`, yaml] as const),
  );

const findingsOf = async (sources: readonly SourceText[]): Promise<readonly string[]> =>
  runChecks(CHECKS, (await loadInput(sources)).input)
    .map(({ code, origin, message }) => `${code} ${origin} ${message}`)
    .sort();

const valuesOf = (yaml: string): readonly unknown[] =>
  loadYaml({ name: 'case.yaml', text: yaml }).documents.map(({ value }) => value);

const fileOf = (value: unknown, at: number): SourceText => ({ name: `${at}.json`, text: JSON.stringify(value) });

/** The same value once for each of its entries, with that entry left out. */
function* withoutOne(value: unknown): Iterable<unknown> {
  if (Array.isArray(value)) {
    for (const [at, item] of value.entries()) {
      yield value.toSpliced(at, 1);
      for (const less of withoutOne(item)) yield value.with(at, less);
    }
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      const { [key]: _gone, ...rest }: Readonly<Record<string, unknown>> = { ...value };
      yield rest;
      for (const less of withoutOne(item)) yield { ...value, [key]: less };
    }
  }
}

describe('findings', () => {
  it.each(cases)('are the same in one file as in a file per object, in YAML as in JSON: %s', async (_title, yaml) => {
    const found = await findingsOf([{ name: 'case.yaml', text: yaml }]);
    expect(await findingsOf(valuesOf(yaml).map(fileOf))).toEqual(found);
  });
});

describe('no check throws', () => {
  it.each(cases)('whatever one entry is missing: %s', async (_title, yaml) => {
    const values = valuesOf(yaml);
    for (const [at, value] of values.entries())
      for (const less of withoutOne(value)) {
        const sources = values.map((other, index) => fileOf(index === at ? less : other, index));
        await expect(findingsOf(sources)).resolves.toBeInstanceOf(Array);
      }
  });
});
