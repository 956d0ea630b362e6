import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openAuthority, readRoot, rotateRoot } from '../../src/ca/store.ts';
import { openStateDir } from '../../src/local/state.ts';
import { type CliResult, runCli } from '../support/cli.ts';

let parent: string;
let stateDir: string;

const heddle = (...argv: readonly string[]): Promise<CliResult> =>
  runCli(argv, { env: { HEDDLE_STATE_DIR: stateDir }, cwd: parent });

const rootPem = (): string => readRoot(stateDir)?.certificatePem ?? '';

beforeEach(async () => {
  parent = mkdtempSync(join(tmpdir(), 'heddle-ca-'));
  stateDir = join(parent, 'state');
  await heddle('ca', 'init', '--trust-domain', 'td.example');
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

describe('heddle ca rotate', () => {
  test('makes another root and goes on believing certificates of the one before', async () => {
    const before = rootPem();
    await heddle('ca', 'issue', 'default/a', '--out-dir', 'old');
    const { code, stdout } = await heddle('ca', 'rotate', '-o', 'json');
    const document = JSON.parse(stdout);
    expect([code, document.kind, document.earlier.length]).toEqual([0, 'CaRotation', 1]);
    expect(rootPem()).not.toBe(before);
    expect(readRoot(stateDir)?.trustDomain).toBe('td.example');
    await heddle('ca', 'issue', 'default/a', '--out-dir', 'new');
    for (const directory of ['old', 'new']) {
      const verdict = await heddle('ca', 'verify', join(parent, directory, 'cert-chain.pem'));
      expect([verdict.code, verdict.stdout]).toEqual([0, 'valid: spiffe://td.example/ns/default/sa/a\n']);
    }
    const clock = { nowMs: () => Date.now(), monotonicMs: () => 0 };
    const authority = await openAuthority({ stateDir, trustDomain: 'td.example', clock });
    const { rootsPem } = await authority.identityFor('spiffe://td.example/ns/default/sa/a');
    expect(rootsPem).toBe(rootPem() + before);
  });

  test('drops earlier roots when told, and their certificates with them', async () => {
    await heddle('ca', 'issue', 'default/a', '--out-dir', 'old');
    await heddle('ca', 'rotate');
    const present = rootPem();
    const { stdout } = await heddle('ca', 'rotate', '--drop-earlier');
    expect(stdout).toMatch(/^root +\S+\ndropped +\S+\n$/);
    expect(rootPem()).toBe(present);
    expect((await heddle('ca', 'verify', join(parent, 'old', 'cert-chain.pem'))).code).toBe(1);
    expect((await heddle('ca', 'rotate', '--drop-earlier')).stdout).toMatch(/^root +\S+\n$/);
  });

  test('keeps everything private and leaves no temporary file', async () => {
    await heddle('ca', 'rotate');
    await heddle('ca', 'rotate');
    expect(readRoot(stateDir)?.earlierPems).toHaveLength(2);
    const files = readdirSync(join(stateDir, 'ca')).sort();
    expect(files).toEqual(['earlier-roots.pem', 'root.pem']);
    for (const file of files) expect((statSync(join(stateDir, 'ca', file)).mode & 0o777).toString(8)).toBe('600');
  });

  test('does nothing without a root, or while a mesh runs with it', async () => {
    const nowhere = join(parent, 'none');
    const none = await runCli(['ca', 'rotate'], { env: { HEDDLE_STATE_DIR: nowhere } });
    expect([none.code, none.stderr.includes('heddle ca init')]).toEqual([1, true]);
    const clock = { nowMs: () => Date.now(), monotonicMs: () => 0 };
    expect(await rotateRoot(nowhere, clock)).toBeUndefined();
    const lock = await (await openStateDir(stateDir)).lock(process.pid);
    const before = rootPem();
    const running = await heddle('ca', 'rotate');
    await lock.release();
    expect(running.code).toBe(1);
    expect(running.stderr).toContain('heddle local down');
    expect(rootPem()).toBe(before);
  });

  test('forgets roots that have expired', async () => {
    const later = { nowMs: () => Date.now() + 11 * 365 * 24 * 3_600_000, monotonicMs: () => 0 };
    expect((await rotateRoot(stateDir, later))?.earlierPems).toEqual([]);
  });
});
