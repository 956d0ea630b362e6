import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { ensureBuilt } from '../support/built.ts';
import { freePort } from '../support/free-port.ts';
import { playScript } from '../support/play-script.ts';

const here = import.meta.dirname;
const scripts = (await readdir(here)).filter((file) => file.endsWith('.txtar')).toSorted();
const shared = resolve(here, '../../../shared');

beforeAll(ensureBuilt, 60_000);

describe.each(scripts)('%s', (file) => {
  it('prints what it says', { timeout: 60_000 }, async () => {
    const settings = { PORT: String(await freePort()), SHARED: shared };
    let left: readonly string[] = [];
    await playScript(join(here, file), settings, async (perform, state) => {
      await perform('heddle local down');
      left = await readdir(state).catch(() => []);
    });
    expect(left.filter((name) => /\.(tmp|stale|sock|lock|token)$|^mesh\./.test(name))).toEqual([]);
  });
});
