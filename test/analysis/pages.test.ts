import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Check } from '../../src/analysis/check.ts';
import { CHECKS } from '../../src/analysis/checks.ts';
import { loadInput } from '../../src/analysis/input.ts';
import { MESSAGES } from '../../src/analysis/messages.ts';
import { runChecks } from '../../src/analysis/run.ts';
import { casesOf } from './page-cases.ts';

const root = resolve(import.meta.dirname, '../../src/analysis/checks');
const files = readdirSync(root, { recursive: true, encoding: 'utf8' });
const pages = files.filter((file) => file.endsWith('.md')).sort();

const isCheck = (value: unknown): value is Check =>
  typeof value === 'object' && value !== null && 'emits' in value && 'run' in value;

/** The checks that the file beside a page declares. */
const checksBeside = async (page: string): Promise<readonly Check[]> => {
  const module: object = await import(join(root, page.replace(/\.md$/, '.ts')));
  return Object.values(module).flat().filter(isCheck);
};

describe('the checks', () => {
  it('have a page each, and each page a registered check', async () => {
    const beside = (await Promise.all(pages.map(checksBeside))).flat();
    expect(beside.map(({ name }) => name).sort()).toEqual(CHECKS.map(({ name }) => name).sort());
  });

  it('are listed once, by name', () => {
    const names = CHECKS.map(({ name }) => name);
    expect(names).toEqual([...new Set(names)].sort());
  });
});

describe.each(pages)('%s', (page) => {
  const text = readFileSync(join(root, page), 'utf8');
  const cases = casesOf(text);

  it('has a title, a text, a failing and a clean case', () => {
    expect(text).toMatch(/^# \S.*\n\n[^#\s]/);
    expect(cases.some(({ expected }) => expected.length > 0)).toBe(true);
    expect(cases.some(({ expected }) => expected.length === 0)).toBe(true);
  });

  it('shows every code of its check', async () => {
    const shown = new Set(cases.flatMap(({ expected }) => expected.map((line) => line.split(' ').at(-1))));
    const emitted = (await checksBeside(page)).flatMap(({ emits }) => emits);
    expect(emitted.filter((code) => !shown.has(code))).toEqual([]);
    for (const code of emitted) expect(Object.keys(MESSAGES)).toContain(code);
  });

  it.each(cases.map((one) => [one.title, one] as const))('%s', async (_title, { own, clusters, expected }) => {
    const checks = await checksBeside(page);
    const { input, problems } = await loadInput([own], { clusters });
    expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
    const found = runChecks(checks, input);
    expect(found.map(({ span, level, code }) => `${span.line} ${level}: ${code}`).sort()).toEqual(expected);
    const emits = new Set<string>(checks.flatMap((check) => check.emits));
    expect(found.filter(({ code }) => !emits.has(code))).toEqual([]);
    for (const { message } of found) expect(message).not.toMatch(/\{\w+\}|undefined|\[object/);
  });
});
