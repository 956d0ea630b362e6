import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { ensureBuilt, HEDDLE } from '../support/built.ts';
import { freePort } from '../support/free-port.ts';
import { parseScript, patternOf, type Script, type Step } from '../support/txtar.ts';

const here = import.meta.dirname;
const scripts = (await readdir(here)).filter((file) => file.endsWith('.txtar')).toSorted();
const shared = resolve(here, '../../../shared');

beforeAll(ensureBuilt, 60_000);

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const perform = (command: string, cwd: string, env: NodeJS.ProcessEnv): Promise<Outcome> =>
  new Promise((ended, failed) => {
    // A terminal's colours and a developer's own settings must not change what a script prints.
    const child = spawn('sh', ['-c', command], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const written = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      written.stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      written.stderr += text;
    });
    child.once('error', failed);
    child.once('exit', (code) => setImmediate(() => ended({ code, ...written })));
  });

const check = (file: string, step: Step, outcome: Outcome): void => {
  const where = `${file}:${step.line}: $ ${step.command}\n`;
  const told = `${where}exit code ${outcome.code}\nstdout:\n${outcome.stdout}stderr:\n${outcome.stderr}`;
  expect(outcome.code, told).toBe(step.exitCode);
  expect(outcome.stdout, told).toMatch(patternOf(step.stdout));
  expect(outcome.stderr, told).toMatch(patternOf(step.stderr));
};

const prepare = async (script: Script): Promise<string> => {
  const directory = await mkdtemp(join(tmpdir(), 'heddle-script-'));
  await mkdir(join(directory, 'bin'));
  await symlink(HEDDLE, join(directory, 'bin', 'heddle'));
  for (const [name, text] of script.files) {
    await mkdir(dirname(join(directory, 'work', name)), { recursive: true });
    await writeFile(join(directory, 'work', name), text);
  }
  await mkdir(join(directory, 'work'), { recursive: true });
  return directory;
};

describe.each(scripts)('%s', (file) => {
  it('prints what it says', { timeout: 60_000 }, async () => {
    const script = parseScript(await readFile(join(here, file), 'utf8'));
    const directory = await prepare(script);
    const state = join(directory, 'state');
    const env = {
      PATH: `${join(directory, 'bin')}:${process.env['PATH']}`,
      HOME: directory,
      HEDDLE_STATE_DIR: state,
      PORT: String(await freePort()),
      SHARED: shared,
    };
    try {
      for (const step of script.steps) check(file, step, await perform(step.command, join(directory, 'work'), env));
    } finally {
      await perform('heddle local down', directory, env);
    }
    const left = await readdir(state).catch(() => []);
    expect(left.filter((name) => /\.(tmp|stale|sock|lock|token)$|^mesh\./.test(name))).toEqual([]);
    await rm(directory, { recursive: true, force: true });
  });
});
