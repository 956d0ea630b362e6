import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import { HEDDLE } from './built.ts';
import { parseScript, patternOf, type Script, type Step } from './txtar.ts';

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

/**
 * Runs a script's commands with the built program, in a directory of their own, and expects what it says of each; `after`
 * is done even where one is not as expected, and told the state directory.
 */
export const playScript = async (
  path: string,
  settings: Readonly<Record<string, string>>,
  after?: (perform: (command: string) => Promise<Outcome>, state: string) => Promise<void>,
): Promise<void> => {
  const script = parseScript(await readFile(path, 'utf8'));
  const directory = await prepare(script);
  const state = join(directory, 'state');
  const env = {
    PATH: `${join(directory, 'bin')}:${process.env['PATH']}`,
    HOME: directory,
    HEDDLE_STATE_DIR: state,
    ...settings,
  };
  try {
    for (const step of script.steps) check(path, step, await perform(step.command, join(directory, 'work'), env));
  } finally {
    await after?.((command) => perform(command, directory, env), state);
  }
  await rm(directory, { recursive: true, force: true });
};
