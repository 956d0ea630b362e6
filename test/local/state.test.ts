import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { findStateDir, openStateDir, stateDirectory } from '../../src/local/state.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'heddle-state-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

describe('stateDirectory', () => {
  it.each([
    [{ HEDDLE_STATE_DIR: '/a', XDG_STATE_HOME: '/b', HOME: '/c' }, '/a'],
    [{ HEDDLE_STATE_DIR: 'a', HOME: '/c' }, '/work/a'],
    [{ HEDDLE_STATE_DIR: '', XDG_STATE_HOME: '/b', HOME: '/c' }, '/b/heddle'],
    [{ XDG_STATE_HOME: 'relative', HOME: '/c' }, '/c/.local/state/heddle'],
    [{ HOME: '/c' }, '/c/.local/state/heddle'],
  ])('of %o is %s', (env, path) => {
    expect(stateDirectory(env, '/work')).toBe(path);
  });
});

describe('openStateDir', () => {
  it('makes the directory for its owner alone, parents included', async () => {
    const path = join(root, 'a', 'b');
    await openStateDir(path);
    expect((await stat(path)).mode & 0o777).toBe(0o700);
  });

  it('refuses a directory others can write to', async () => {
    await chmod(root, 0o777);
    await expect(openStateDir(root)).rejects.toMatchObject({ kind: 'denied', code: 'STATE_DIR_OPEN' });
  });

  it('refuses a file in its place', async () => {
    await writeFile(join(root, 'file'), '');
    await expect(openStateDir(join(root, 'file'))).rejects.toMatchObject({ code: 'STATE_DIR' });
    await expect(openStateDir(join(root, 'file', 'below'))).rejects.toMatchObject({ code: 'STATE_DIR' });
  });

  it('is not needed to find out that there is none', async () => {
    expect(await findStateDir(join(root, 'none'))).toBeUndefined();
    expect(await readdir(root)).toEqual([]);
  });
});

describe('files of the state directory', () => {
  it('are private, are replaced whole and leave no temporary file', async () => {
    const state = await openStateDir(root);
    await state.write('note', 'one');
    await Promise.all(['two', 'three', 'four'].map((text) => state.write('note', text)));
    expect(['two', 'three', 'four']).toContain(await state.read('note'));
    expect((await stat(state.file('note'))).mode & 0o777).toBe(0o600);
    expect(await readdir(root)).toEqual(['note']);
  });

  it('read as absent when they are, and a damaged record as none', async () => {
    const state = await openStateDir(root);
    expect(await state.read('note')).toBeUndefined();
    expect(await state.readRecord()).toBeUndefined();
    await state.write('mesh.json', '{"pid": 1');
    expect(await state.readRecord()).toBeUndefined();
    await state.write('mesh.json', '[]');
    expect(await state.readRecord()).toBeUndefined();
  });

  it('that cannot be written are a Fault', async () => {
    const state = await openStateDir(root);
    await mkdir(state.file('note'));
    await expect(state.write('note', 'one')).rejects.toMatchObject({ code: 'STATE_DIR' });
  });
});

describe('the lock', () => {
  let other: ChildProcess;
  beforeEach(() => {
    other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  });
  afterEach(() => other.kill('SIGKILL'));

  it('is refused while a live process holds it, naming the process', async () => {
    const state = await openStateDir(root);
    const lock = await state.lock(other.pid ?? 0);
    await expect(state.lock(process.pid)).rejects.toMatchObject({
      code: 'MESH_RUNNING',
      message: expect.stringContaining(`(process ${other.pid})`),
    });
    expect(await state.holder()).toBe(other.pid);
    await lock.release();
    expect(await state.holder()).toBeUndefined();
    expect(await readdir(root)).toEqual([]);
  });

  it('is taken over from a process that was killed', async () => {
    const state = await openStateDir(root);
    await state.lock(other.pid ?? 0);
    other.kill('SIGKILL');
    await once(other, 'exit');
    expect(await state.holder()).toBeUndefined();
    await state.lock(process.pid);
    expect(await state.holder()).toBe(process.pid);
    expect(await readdir(root)).toEqual(['mesh.lock']);
  });

  it.runIf(process.platform === 'linux')('is taken over when another process has the number of its owner', async () => {
    const state = await openStateDir(root);
    await state.write('mesh.lock', `${other.pid} 1`);
    expect(await state.holder()).toBeUndefined();
    await state.lock(process.pid);
    expect(await state.holder()).toBe(process.pid);
  });

  it('is taken over when it is damaged', async () => {
    const state = await openStateDir(root);
    await state.write('mesh.lock', 'not a claim');
    await state.lock(process.pid);
    expect(await state.holder()).toBe(process.pid);
  });

  it.skipIf(process.platform !== 'linux')(
    'of a process that has ended is free though its parent has not noticed',
    async () => {
      const state = await openStateDir(root);
      // The shell becomes a program that never asks after the child it had: a zombie.
      const parent = spawn('sh', ['-c', 'sleep 0.3 & echo $!; exec sleep 30'], { stdio: ['ignore', 'pipe', 'ignore'] });
      try {
        const [line] = await once(parent.stdout, 'data');
        await state.lock(Number(line));
        await expect(state.lock(process.pid)).rejects.toMatchObject({ code: 'MESH_RUNNING' });
        await vi.waitFor(() => state.lock(process.pid), { timeout: 5_000 });
      } finally {
        parent.kill('SIGKILL');
      }
    },
  );

  it('goes to exactly one of many that want a dead one at once', async () => {
    const state = await openStateDir(root);
    await state.write('mesh.lock', '999999999 1');
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => state.lock(process.pid)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('that went to another is left alone when the first owner lets go', async () => {
    const state = await openStateDir(root);
    const first = await state.lock(other.pid ?? 0);
    other.kill('SIGKILL');
    await once(other, 'exit');
    await state.lock(process.pid);
    await first.release();
    expect(await state.holder()).toBe(process.pid);
  });
});
