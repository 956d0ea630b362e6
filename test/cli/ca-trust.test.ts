import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CERTIFICATE_FILE, type TrustScene, trustStores } from '../../src/cli/trust/trust-stores.ts';
import { type CliResult, runCli } from '../support/cli.ts';

let parent: string;
let store: string;
const heddle = (...argv: readonly string[]): Promise<CliResult> =>
  runCli(argv, { env: { HEDDLE_STATE_DIR: join(parent, 'state'), HOME: parent }, cwd: parent });

beforeEach(async () => {
  parent = mkdtempSync(join(tmpdir(), 'heddle-trust-'));
  store = join(parent, 'store');
  mkdirSync(store);
  await heddle('ca', 'init');
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

describe('ca trust and untrust', () => {
  const there = ['--no-system', '--store', 'store'] as const;

  it('put the certificate, and no key, into a directory and take it away again', async () => {
    const { code, stdout } = await heddle('ca', 'trust', ...there, '--yes');
    const [file = ''] = readdirSync(store);
    expect([code, stdout]).toEqual([0, `directory ${store}\n  write ${join(store, file)}\n`]);
    expect(readFileSync(join(store, file), 'utf8')).toBe((await heddle('ca', 'root')).stdout);
    expect((await heddle('ca', 'untrust', ...there, '--yes')).code).toBe(0);
    expect(readdirSync(store)).toEqual([]);
    expect((await heddle('ca', 'untrust', ...there, '--yes')).code).toBe(0);
  });

  it('change nothing without a yes, and say what they would', async () => {
    const { code, stderr } = await heddle('ca', 'trust', ...there);
    expect(code).toBe(64);
    expect(stderr).toContain(`write ${store}`);
    expect(stderr).toContain('--yes');
    const dry = JSON.parse((await heddle('ca', 'trust', ...there, '--dry-run', '-o', 'json')).stdout);
    expect(dry).toMatchObject({ kind: 'CaTrust', changed: false, stores: [{ store: `directory ${store}` }] });
    expect(readdirSync(store)).toEqual([]);
  });

  it('name the store that cannot be changed', async () => {
    const { code, stderr } = await heddle('ca', 'trust', '--no-system', '--store', 'none', '--yes');
    expect(code).toBe(77);
    expect(stderr).toContain(`directory ${join(parent, 'none')} is not changed`);
    expect(existsSync(join(parent, 'none'))).toBe(false);
  });
});

describe('the stores of a machine', () => {
  const on = (platform: string, ...paths: readonly string[]): TrustScene => ({
    platform,
    home: '/home/me',
    exists: (path) => paths.includes(path),
    label: 'heddle-1',
    sha1: 'AB',
    directories: [],
    usesSystem: true,
  });
  const commands = (scene: TrustScene, direction: 'trust' | 'untrust'): readonly string[] =>
    trustStores(scene).flatMap((own) =>
      own[direction].map((step) => (step.kind === 'run' ? step.command.join(' ') : `${step.kind} ${step.path}`)),
    );

  it.each([
    ['/usr/local/share/ca-certificates', 'crt', 'update-ca-certificates'],
    ['/etc/pki/ca-trust/source/anchors', 'pem', 'update-ca-trust extract'],
  ])('on a Linux with %s are its files', (directory, extension, command) => {
    const path = `${directory}/heddle-1.${extension}`;
    expect(commands(on('linux', directory), 'trust')).toEqual([`write ${path}`, command]);
    expect(commands(on('linux', directory), 'untrust')).toEqual([`remove ${path}`, command]);
  });

  it('are those of browsers too, which stay without the system', () => {
    const scene = { ...on('linux', '/home/me/.pki/nssdb', '/usr/local/share/ca-certificates'), usesSystem: false };
    const database = 'certutil -d sql:/home/me/.pki/nssdb';
    expect(commands(scene, 'trust')).toEqual([`${database} -A -t C,, -n heddle-1 -i ${CERTIFICATE_FILE}`]);
    expect(commands(scene, 'untrust')).toEqual([`${database} -D -n heddle-1`]);
  });

  it('are the keychain and the store of the user elsewhere', () => {
    expect(commands(on('darwin'), 'untrust')[0]).toContain('delete-certificate -Z AB');
    expect(commands(on('win32'), 'trust')).toEqual([`certutil -addstore -user Root ${CERTIFICATE_FILE}`]);
    expect(trustStores(on('linux'))).toEqual([]);
  });
});
