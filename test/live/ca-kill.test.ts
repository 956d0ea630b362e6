// Kills a process at a random moment while it opens the authority and issues certificates, many times over.
// HEDDLE_KILL_ROUNDS sets how often; the default keeps an ordinary test run short.
import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openAuthority, readRoot } from '../../src/ca/store.ts';

const ROUNDS = Number(process.env['HEDDLE_KILL_ROUNDS'] ?? 20);
const clock = { nowMs: () => Date.now(), monotonicMs: () => performance.now() };

let parent: string;
let program: string;

beforeAll(async () => {
  parent = mkdtempSync(join(tmpdir(), 'heddle-kill-'));
  program = join(parent, 'child.mjs');
  // One file starts several times faster than sources do, so that more of a round is spent in the authority.
  await build({
    entryPoints: [new URL('../support/ca-child.ts', import.meta.url).pathname],
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile: program,
    logLevel: 'error',
    banner: { js: "import{createRequire as r}from'node:module';const require=r(import.meta.url);" },
  });
});
afterAll(() => rmSync(parent, { recursive: true, force: true }));

type Moment = 'opening' | 'first certificate';

/** Starts the child and kills it `delayMs` after it got to a moment; resolves to the complete serials it printed. */
const killedAfter = (stateDir: string, moment: Moment, delayMs: number): Promise<readonly string[]> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, stateDir, 'issue'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const awaited = moment === 'opening' ? 1 : 2;
    let output = '';
    let isDoomed = false;
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (isDoomed || output.split('\n').length <= awaited) return;
      isDoomed = true;
      if (delayMs === 0) child.kill('SIGKILL');
      else setTimeout(() => child.kill('SIGKILL'), delayMs);
    });
    child.on('error', reject);
    child.on('close', (_code, signal) => {
      if (signal === 'SIGKILL') resolve(output.split('\n').slice(1, -1));
      else reject(new Error('the child ended before it was killed'));
    });
  });

interface LogReading {
  readonly serials: readonly string[];
  readonly torn: number;
}

const readLog = (stateDir: string): LogReading => {
  const path = join(stateDir, 'ca', 'issued.log');
  if (!readdirSync(join(stateDir, 'ca')).includes('issued.log')) return { serials: [], torn: 0 };
  const serials: string[] = [];
  let torn = 0;
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    if (line === '') continue;
    try {
      const parsed: { readonly serial: string } = JSON.parse(line);
      serials.push(parsed.serial);
    } catch {
      torn += 1;
    }
  }
  return { serials, torn };
};

const assertSound = async (stateDir: string, root: string | undefined, printed: readonly string[]): Promise<string> => {
  const authority = await openAuthority({ stateDir, trustDomain: 'cluster.local', clock });
  if (root !== undefined) expect(authority.rootPem).toBe(root);
  const { serial } = await authority.issue('spiffe://cluster.local/ns/default/sa/after');
  const log = readLog(stateDir);
  const logged = new Set(log.serials);
  expect(log.torn).toBe(0);
  expect([...printed, serial].filter((one) => !logged.has(one))).toEqual([]);
  for (const name of readdirSync(join(stateDir, 'ca'))) {
    expect(['root.pem', 'issued.log']).toContain(name);
    expect(statSync(join(stateDir, 'ca', name)).mode & 0o777).toBe(0o600);
  }
  return authority.rootPem;
};

test(`${ROUNDS} kills of an issuing process leave the root as it was, every certificate logged and nothing damaged`, {
  timeout: ROUNDS * 3_000,
}, async () => {
  const stateDir = join(parent, 'issuing');
  let root: string | undefined;
  for (let round = 0; round < ROUNDS; round += 1) {
    const printed = await killedAfter(stateDir, 'first certificate', randomInt(0, 60));
    expect(printed.length).toBeGreaterThan(0);
    root = await assertSound(stateDir, root, printed);
  }
});

test(`${ROUNDS} kills of a process that makes its first root leave a whole root or none`, {
  timeout: ROUNDS * 3_000,
}, async () => {
  const outcomes = { nothing: 0, temporary: 0, root: 0 };
  for (let round = 0; round < ROUNDS; round += 1) {
    const stateDir = join(parent, `fresh-${round}`);
    const printed = await killedAfter(stateDir, 'opening', randomInt(0, 40));
    const left = readRoot(stateDir)?.certificatePem;
    const names = existsSync(join(stateDir, 'ca')) ? readdirSync(join(stateDir, 'ca')) : [];
    const hasTemporary = names.some((name) => name.startsWith('.root.pem.new-'));
    outcomes[left !== undefined ? 'root' : hasTemporary ? 'temporary' : 'nothing'] += 1;
    await assertSound(stateDir, left, printed);
    rmSync(stateDir, { recursive: true });
  }
  // How well the kills were aimed, for whoever asks for many of them.
  if (process.env['HEDDLE_KILL_ROUNDS'] !== undefined) process.stdout.write(`${JSON.stringify(outcomes)}\n`);
});
