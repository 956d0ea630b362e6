import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ensureBuilt, HEDDLE } from '../support/built.ts';
import { namespace, policy } from '../support/workspace.ts';

let directory: string;
let child: ChildProcess;

beforeAll(ensureBuilt, 60_000);
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'heddle-watch-'));
});
afterEach(async () => {
  child.kill('SIGKILL');
  await rm(directory, { recursive: true, force: true });
});

/** Resolves when the process has written so many lines of summary. */
const summaries = (text: () => string, count: number): Promise<void> =>
  new Promise((resolve) => {
    const look = (): void => {
      if (text().split(' in 1 file').length <= count) return;
      child.stderr?.off('data', look);
      resolve();
    };
    child.stderr?.on('data', look);
    look();
  });

describe('heddle analyze --watch', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('runs after each change until %s, and leaves nothing behind', async (signal, exitCode) => {
    await writeFile(join(directory, 'a.yaml'), policy('a'));
    const env = { PATH: process.env['PATH'], HOME: directory };
    child = spawn(process.execPath, [HEDDLE, 'analyze', '--watch', '-o', 'log', '-o', 'sarif=out.sarif', '.'], {
      cwd: directory,
      env,
    });
    const written = { stdout: '', stderr: '' };
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      written.stdout += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      written.stderr += text;
    });
    await summaries(() => written.stderr, 1);
    await writeFile(join(directory, 'a.yaml'), namespace('a'));
    await summaries(() => written.stderr, 2);
    child.kill(signal);
    const [code] = await once(child, 'close');
    expect(code).toBe(exitCode);
    expect(written.stdout).toMatch(/^Error \[IST0101\]/);
    expect(written.stdout + written.stderr).not.toContain('\u001b');
    expect(written.stderr).not.toMatch(/^ +at /m);
    expect((await readdir(directory)).sort()).toEqual(['a.yaml', 'out.sarif']);
  });
});
