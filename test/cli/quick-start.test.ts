import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ensureBuilt } from '../support/built.ts';

const root = resolve(import.meta.dirname, '../..');
const SAMPLE = join(root, 'src/cli/quick-start/sample.yaml');

let copy: string;

beforeAll(ensureBuilt, 120_000);

beforeEach(() => {
  copy = mkdtempSync(join(tmpdir(), 'heddle-quick-'));
  for (const part of ['bin', 'dist']) cpSync(join(root, part), join(copy, part), { recursive: true });
  for (const part of ['templates', 'package.json']) symlinkSync(join(root, part), join(copy, part));
});

afterEach(() => rmSync(copy, { recursive: true, force: true }));

const ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  validate: ['-f', SAMPLE],
  explain: ['GET', 'http://shop.example.com/', '-f', SAMPLE],
};

const run = (name: string): string =>
  execFileSync(process.execPath, [join(copy, 'bin/heddle.js'), name, ...(ARGUMENTS[name] ?? [SAMPLE]), '-o', 'json'], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] },
  });

/** Leaves only the bundles that start quickly. */
const breakProgram = (): void => writeFileSync(join(copy, 'dist/main.js'), 'throw new Error("loaded");');

const dropCode = (): void => {
  const quick = join(copy, 'dist/quick');
  for (const file of readdirSync(quick)) if (!file.endsWith('.cjs')) rmSync(join(quick, file));
};

describe('the quick start', () => {
  // Later versions of Node.js keep compiled code by themselves.
  it
    .skipIf(Number.parseInt(process.versions.node, 10) >= 22)
    .each(['kube-inject', 'inject', 'analyze', 'lint', 'validate', 'explain'])(
    'runs %s without loading the program',
    (name) => {
      breakProgram();
      expect(run(name)).not.toBe('');
    },
  );

  it.each(['inject', 'analyze', 'validate', 'explain'])('answers %s alike where the kept code is of no use', (name) => {
    const quick = run(name);
    dropCode();
    expect(run(name)).toBe(quick);
    breakProgram();
    expect(() => run(name)).toThrow('loaded');
  });
});
