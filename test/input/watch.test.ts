import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Watch, watchSources } from '../../src/input/watch.ts';

let cwd = '';
let running: Watch | undefined;

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'heddle-watch-'));
  await mkdir(join(cwd, 'k'));
  await writeFile(join(cwd, 'k/a.yaml'), 'a: 1\n');
});

afterEach(async () => {
  running?.close();
  await rm(cwd, { recursive: true });
});

/** Starts a watch; each call of the answer waits for a change that no earlier call has consumed. */
const watching = async (...paths: string[]): Promise<() => Promise<void>> => {
  let told = 0;
  let awaited = 0;
  let wake = (): void => {};
  running = watchSources(
    paths,
    () => {
      told++;
      wake();
    },
    cwd,
  );
  await running.ready;
  return () =>
    new Promise((resolve) => {
      awaited++;
      wake = () => {
        if (told >= awaited) resolve();
      };
      wake();
    });
};

describe('a watch', () => {
  it('tells when a file is written', async () => {
    const changed = await watching('k');
    await writeFile(join(cwd, 'k/a.yaml'), 'a: 2\n');
    await changed();
  });

  it('tells again and again when an editor replaces the file by rename', async () => {
    const changed = await watching('k/a.yaml');
    for (const text of ['a: 2\n', 'a: 3\n', 'a: 4\n']) {
      await writeFile(join(cwd, 'k/.a.yaml.swp'), text);
      await rename(join(cwd, 'k/.a.yaml.swp'), join(cwd, 'k/a.yaml'));
      await changed();
    }
  });

  it('sees files in directories that appear later', async () => {
    const changed = await watching('k');
    await mkdir(join(cwd, 'k/new'));
    await writeFile(join(cwd, 'k/new/b.yaml'), 'b: 1\n');
    await changed();
    await writeFile(join(cwd, 'k/new/b.yaml'), 'b: 22\n');
    await changed();
  });

  it('outlives the directory', async () => {
    const changed = await watching('k');
    await rm(join(cwd, 'k'), { recursive: true });
    await changed();
    await mkdir(join(cwd, 'k'));
    await writeFile(join(cwd, 'k/a.yaml'), 'a: again\n');
    await changed();
  });

  it('awaits a file that is not there yet', async () => {
    const changed = await watching('later.yaml', 'k/*.yml');
    await writeFile(join(cwd, 'later.yaml'), 'a: 1\n');
    await changed();
    await writeFile(join(cwd, 'k/b.yml'), 'b: 1\n');
    await changed();
  });

  it('tells of many files written together in far fewer calls', async () => {
    let told = 0;
    running = watchSources(['k'], () => told++, cwd);
    await running.ready;
    await Promise.all(Array.from({ length: 100 }, (_, index) => writeFile(join(cwd, `k/f${index}.yaml`), 'x: 1\n')));
    await expect.poll(() => told).toBeGreaterThan(0);
    expect(told).toBeLessThan(10);
  });

  it('tells nothing of other files', async () => {
    let told = 0;
    running = watchSources(['k'], () => told++, cwd);
    await running.ready;
    for (const round of [1, 2, 3]) {
      await writeFile(join(cwd, 'k/notes.txt'), `not configuration ${round}\n`);
      await writeFile(join(cwd, 'k/.a'), `a: round ${round}\n`);
      await rename(join(cwd, 'k/.a'), join(cwd, 'k/a.yaml'));
      await expect.poll(() => told).toBe(round);
    }
  });

  it('tells nothing after it is closed', async () => {
    let told = 0;
    const closed = watchSources(['k'], () => told++, cwd);
    await closed.ready;
    const changed = await watching('k');
    closed.close();
    await writeFile(join(cwd, 'k/a.yaml'), 'a: 2\n');
    await changed();
    expect(told).toBe(0);
  });
});
