import { spawn } from 'node:child_process';
import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Authority } from '../../src/ca/authority.ts';
import { openAuthority, readRoot } from '../../src/ca/store.ts';

const clock = { nowMs: () => Date.parse('2030-06-01T12:00:00Z'), monotonicMs: () => 0 };
const ID = 'spiffe://cluster.local/ns/default/sa/a';
const isRoot = process.geteuid?.() === 0;

let parent: string;
let stateDir: string;
let rootFile: string;
const open = (trustDomain = 'cluster.local'): Promise<Authority> => openAuthority({ stateDir, trustDomain, clock });
const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'heddle-ca-'));
  stateDir = join(parent, 'state', 'heddle');
  rootFile = join(stateDir, 'ca', 'root.pem');
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

describe('a state directory', () => {
  test('that is fresh gets a root which only its owner can read, and no other file', async () => {
    await open();
    expect(modeOf(join(stateDir, 'ca'))).toBe('700');
    expect(modeOf(rootFile)).toBe('600');
    expect(readdirSync(join(stateDir, 'ca'))).toEqual(['root.pem']);
  });

  test('keeps the issue log from others as well, whatever the umask', async () => {
    const umask = process.umask(0);
    try {
      await (await open()).issue(ID);
    } finally {
      process.umask(umask);
    }
    expect(modeOf(join(stateDir, 'ca', 'issued.log'))).toBe('600');
    expect(modeOf(rootFile)).toBe('600');
    expect(modeOf(join(stateDir, 'ca'))).toBe('700');
  });

  test('gives the same root each time, and certificates of all times check against it', async () => {
    const first = await open();
    const early = await first.issue(ID);
    const second = await open();
    const late = await second.issue(ID);
    expect(second.rootPem).toBe(first.rootPem);
    const root = new X509Certificate(second.rootPem);
    for (const { chainPem } of [early, late]) expect(new X509Certificate(chainPem).verify(root.publicKey)).toBe(true);
  });

  test('tells its root without making one', async () => {
    expect(readRoot(stateDir)).toBe(undefined);
    expect(readdirSync(parent)).toEqual([]);
    const authority = await open();
    expect(readRoot(stateDir)).toEqual({
      certificatePem: authority.rootPem,
      trustDomain: 'cluster.local',
      earlierPems: [],
    });
  });

  test('of another trust domain is refused and stays as it is', async () => {
    await open('cluster.local');
    const before = readFileSync(rootFile);
    await expect(open('other.domain')).rejects.toMatchObject({ kind: 'config', code: 'CA_FOREIGN_TRUST_DOMAIN' });
    expect(readFileSync(rootFile)).toEqual(before);
  });

  test.each(['', 'UPPER', 'a b', 'a/b', 'td:80', 'a'.repeat(256)])('cannot serve the trust domain %j', async (name) => {
    await expect(open(name)).rejects.toMatchObject({ kind: 'input', code: 'INVALID_SPIFFE_ID' });
    expect(readdirSync(join(stateDir, 'ca'))).toEqual([]);
  });

  test('serves a trust domain of 255 bytes', async () => {
    const authority = await open('a'.repeat(255));
    expect(new X509Certificate(authority.rootPem).subject).toBe('CN=heddle root CA');
  });

  test('loses what killed processes left behind', async () => {
    mkdirSync(join(stateDir, 'ca'), { recursive: true, mode: 0o700 });
    writeFileSync(join(stateDir, 'ca', '.root.pem.new-0f1e'), '-----BEGIN PRIV', { mode: 0o600 });
    await open();
    expect(readdirSync(join(stateDir, 'ca'))).toEqual(['root.pem']);
  });
});

describe('opening is denied, naming the remedy,', () => {
  beforeEach(async () => {
    await open();
  });

  test.each([0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o644, 0o666])('when the key has mode %o', async (mode) => {
    chmodSync(rootFile, mode);
    await expect(open()).rejects.toMatchObject({
      kind: 'denied',
      code: 'PRIVATE_FILE_EXPOSED',
      hint: `chmod 600 ${rootFile}`,
    });
    expect(() => readRoot(stateDir)).toThrowError(expect.objectContaining({ kind: 'denied' }));
    chmodSync(rootFile, 0o600);
    await expect(open()).resolves.toHaveProperty('trustDomain', 'cluster.local');
  });

  test('when the directory is open to others', async () => {
    chmodSync(join(stateDir, 'ca'), 0o750);
    await expect(open()).rejects.toMatchObject({ kind: 'denied', hint: `chmod 700 ${join(stateDir, 'ca')}` });
  });

  test.skipIf(!isRoot)('when the key belongs to another user', async () => {
    chownSync(rootFile, 12_345, 12_345);
    await expect(open()).rejects.toMatchObject({ kind: 'denied', code: 'PRIVATE_FILE_FOREIGN' });
  });

  test.skipIf(!isRoot)('when the directory belongs to another user', async () => {
    chownSync(join(stateDir, 'ca'), 12_345, 12_345);
    await expect(open()).rejects.toMatchObject({ kind: 'denied', code: 'PRIVATE_FILE_FOREIGN' });
  });

  test('when the key is a symbolic link', async () => {
    renameSync(rootFile, join(parent, 'elsewhere.pem'));
    symlinkSync(join(parent, 'elsewhere.pem'), rootFile);
    await expect(open()).rejects.toMatchObject({ kind: 'denied', code: 'PRIVATE_FILE_IS_LINK' });
  });

  test('when the key is a dangling symbolic link, which is not followed to make a root elsewhere', async () => {
    rmSync(rootFile);
    symlinkSync(join(parent, 'elsewhere.pem'), rootFile);
    await expect(open()).rejects.toMatchObject({ kind: 'denied', code: 'PRIVATE_FILE_IS_LINK' });
    expect(readdirSync(parent)).toEqual(['state']);
    expect(lstatSync(rootFile).isSymbolicLink()).toBe(true);
  });

  test('when the directory is a symbolic link', async () => {
    renameSync(join(stateDir, 'ca'), join(parent, 'elsewhere'));
    symlinkSync(join(parent, 'elsewhere'), join(stateDir, 'ca'));
    await expect(open()).rejects.toMatchObject({ kind: 'denied', code: 'PRIVATE_FILE_IS_LINK' });
  });

  test('when the key is a directory', async () => {
    rmSync(rootFile);
    mkdirSync(rootFile);
    await expect(open()).rejects.toMatchObject({ code: 'PRIVATE_FILE_NOT_REGULAR' });
  });
});

describe('a root file is called damaged and never replaced', () => {
  beforeEach(async () => {
    await open();
  });

  const expectDamaged = async (what: RegExp): Promise<void> => {
    const before = readFileSync(rootFile);
    await expect(open()).rejects.toMatchObject({ kind: 'config', code: 'CA_ROOT_DAMAGED', message: what });
    expect(readFileSync(rootFile)).toEqual(before);
  };
  const rewrite = (change: (text: string) => string): void =>
    writeFileSync(rootFile, change(readFileSync(rootFile, 'utf8')));

  test('when it is empty', async () => {
    truncateSync(rootFile, 0);
    await expectDamaged(/does not hold one private key and one certificate/);
  });

  test.each([1, 100, 241, 242, 500])('when it ends after %d bytes', async (length) => {
    truncateSync(rootFile, length);
    await expectDamaged(/does not hold one private key and one certificate/);
  });

  test('when it lacks the key', async () => {
    rewrite((text) => text.slice(text.indexOf('-----BEGIN CERTIFICATE-----')));
    await expectDamaged(/does not hold one private key and one certificate/);
  });

  test('when a certificate follows that it does not expect', async () => {
    rewrite((text) => `${text}${text.slice(text.indexOf('-----BEGIN CERTIFICATE-----'))}`);
    await expectDamaged(/does not hold one private key and one certificate/);
  });

  test('when the key cannot be decoded', async () => {
    rewrite((text) => text.replace(/KEY-----\n.{8}/, 'KEY-----\nAAAAAAAA'));
    await expectDamaged(/cannot be decoded/);
  });

  test('when the certificate has a flipped byte', async () => {
    rewrite((text) => {
      const at = text.length - '-----END CERTIFICATE-----\n'.length - 20;
      return `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`;
    });
    await expectDamaged(/cannot be decoded|not signed by its own key/);
  });

  test('when the key is that of another certificate', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    rewrite((text) => pem + text.slice(text.indexOf('-----BEGIN CERTIFICATE-----')));
    await expectDamaged(/does not belong to the certificate/);
  });

  test('when the key is of another kind', async () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    rewrite((text) => pem + text.slice(text.indexOf('-----BEGIN CERTIFICATE-----')));
    await expectDamaged(/not an ECDSA P-256 key/);
  });

  test('when it holds a workload certificate', async () => {
    const { chainPem, keyPem } = await (await open()).issue(ID);
    rewrite(() => keyPem + chainPem);
    await expectDamaged(/not one of a certificate authority/);
  });

  test('when it is far too large, without reading all of it', async () => {
    truncateSync(rootFile, 1_000_000_000);
    await expect(open()).rejects.toMatchObject({ code: 'PRIVATE_FILE_TOO_LARGE' });
  });
});

describe('several openers of one fresh directory', () => {
  test('within a process end with one root', async () => {
    const authorities = await Promise.all(Array.from({ length: 8 }, () => open()));
    expect(new Set(authorities.map((authority) => authority.rootPem)).size).toBe(1);
    expect(readdirSync(join(stateDir, 'ca'))).toEqual(['root.pem']);
  });

  const rootOfOpener = (): Promise<string> =>
    new Promise((resolve, reject) => {
      const script = new URL('../support/ca-child.ts', import.meta.url).pathname;
      const child = spawn(process.execPath, ['--import', 'tsx', script, stateDir, 'root'], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let output = '';
      child.stdout.on('data', (chunk: Buffer) => {
        output += chunk.toString();
      });
      child.on('error', reject);
      child.on('close', (code) => (code === 0 ? resolve(output) : reject(new Error(`opener exited with ${code}`))));
    });

  test('in processes of their own end with one root, whose key fits', async () => {
    const roots = await Promise.all([rootOfOpener(), rootOfOpener(), rootOfOpener()]);
    const authority = await open();
    expect(roots).toEqual([authority.rootPem, authority.rootPem, authority.rootPem]);
    expect(readdirSync(join(stateDir, 'ca'))).toEqual(['root.pem']);
    const key = createPrivateKey(readFileSync(rootFile, 'utf8'));
    expect(new X509Certificate(authority.rootPem).checkPrivateKey(key)).toBe(true);
  });
});
