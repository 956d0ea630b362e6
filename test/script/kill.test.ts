// Kills a whole mesh at a random moment of its start, many times over, and looks at what the next one finds.
// HEDDLE_KILL_ROUNDS sets how often; the default keeps an ordinary test run short.
import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readRoot } from '../../src/ca/store.ts';
import { ensureBuilt, HEDDLE } from '../support/built.ts';

const ROUNDS = Number(process.env['HEDDLE_KILL_ROUNDS'] ?? 6);
/** About how long a start takes: kills fall before, into and after the issue of certificates. */
const START_MS = 700;

let directory: string;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  await ensureBuilt();
  directory = mkdtempSync(join(tmpdir(), 'heddle-kill-mesh-'));
  env = { PATH: process.env['PATH'], HOME: directory, HEDDLE_STATE_DIR: join(directory, 'state') };
}, 60_000);
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const UP = ['local', 'up', '--sample', 'hello', '--gateway-port', '0'];

const heddle = (...argv: readonly string[]) =>
  spawn(process.execPath, [HEDDLE, ...argv], { env, cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] });

const run = async (...argv: readonly string[]): Promise<{ readonly code: unknown; readonly output: string }> => {
  const child = heddle(...argv);
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data: Buffer) => {
      output += data;
    });
  const [code] = await once(child, 'close');
  return { code, output };
};

it(
  `survives ${ROUNDS} kills: one root, no half-written file, and a next start that works`,
  async () => {
    const stateDir = join(directory, 'state');
    let root: string | undefined;
    for (let round = 0; round < ROUNDS; round++) {
      const child = heddle(...UP);
      setTimeout(() => child.kill('SIGKILL'), randomInt(START_MS));
      await once(child, 'close');
      if (!existsSync(stateDir)) continue;
      const found = readRoot(stateDir)?.certificatePem;
      if (root !== undefined) expect(found).toBe(root);
      root = found ?? root;
    }
    expect(
      await run(...UP, '--exec', `${process.execPath} ${HEDDLE} local curl http://hello-service.example-namespace/`),
    ).toMatchObject({
      code: 0,
      output: expect.stringContaining('Hello from Istio!\n'),
    });
    if (root !== undefined) expect(readRoot(stateDir)?.certificatePem).toBe(root);
    expect(readdirSync(stateDir).filter((name) => !/^(access\.log|ca|.*\.tmp)$/.test(name))).toEqual([]);
  },
  30_000 + ROUNDS * 2_000,
);
