import { X509Certificate } from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CliResult, runCli } from '../support/cli.ts';

let parent: string;
let stateDir: string;

const heddle = (argv: readonly string[], stdin = ''): Promise<CliResult> =>
  runCli(argv, { env: { HEDDLE_STATE_DIR: stateDir }, stdin });

beforeAll(async () => {
  parent = mkdtempSync(join(tmpdir(), 'heddle-ca-'));
  stateDir = join(parent, 'state');
  await heddle(['ca', 'init', '--trust-domain', 'td.example']);
});
afterAll(() => rmSync(parent, { recursive: true, force: true }));

const without = async (argv: readonly string[]): Promise<CliResult> =>
  runCli(argv, { env: { HEDDLE_STATE_DIR: join(parent, 'none') } });

describe('heddle ca root', () => {
  test('prints the PEM of the root and nothing else', async () => {
    const { code, stdout, stderr } = await heddle(['ca', 'root']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^-----BEGIN CERTIFICATE-----\n[^-]+-----END CERTIFICATE-----\n$/);
    expect(new X509Certificate(stdout).subject).toBe('O=td.example\nCN=heddle root CA');
  });

  test('prints it in an envelope with what it says for -o json, and never the key', async () => {
    const { code, stdout } = await heddle(['ca', 'root', '-o', 'json']);
    expect(code).toBe(0);
    expect(stdout).not.toContain('PRIVATE');
    expect(JSON.parse(stdout)).toMatchObject({
      apiVersion: 'heddle/v1',
      kind: 'CaRoot',
      pem: (await heddle(['ca', 'root'])).stdout,
      certificate: { spiffeIds: ['spiffe://td.example'], isCa: true },
    });
  });

  test('says how to get one where there is none, and makes nothing', async () => {
    const { code, stdout, stderr } = await without(['ca', 'root']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('heddle ca init');
    expect(existsSync(join(parent, 'none'))).toBe(false);
  });

  test('exits with 77 and the remedy while others can read the key', async () => {
    const file = join(stateDir, 'ca', 'root.pem');
    chmodSync(file, 0o644);
    const { code, stderr } = await heddle(['ca', 'root']);
    chmodSync(file, 0o600);
    expect(code).toBe(77);
    expect(stderr).toContain(`chmod 600 ${file}`);
  });
});

describe('heddle ca init', () => {
  test('keeps the root and trust domain that are there', async () => {
    const { code, stdout } = await heddle(['ca', 'init']);
    expect(code).toBe(0);
    expect(stdout).toBe((await heddle(['ca', 'root'])).stdout);
  });

  test('exits with 78 for another trust domain than the one that is there', async () => {
    const { code, stderr } = await heddle(['ca', 'init', '--trust-domain', 'other']);
    expect(code).toBe(78);
    expect(stderr).toContain('td.example');
  });
});

describe('heddle ca issue', () => {
  test('writes certificate, key and root readable by their owner alone, and verify agrees', async () => {
    const directory = join(parent, 'reviews');
    const { code, stdout } = await heddle(['ca', 'issue', 'default/reviews', '--ttl', '10m', '--out-dir', directory]);
    expect(code).toBe(0);
    expect(stdout).toBe(`${directory}/key.pem\n${directory}/cert-chain.pem\n${directory}/root-cert.pem\n`);
    for (const name of ['key.pem', 'cert-chain.pem', 'root-cert.pem'])
      expect(statSync(join(directory, name)).mode & 0o777).toBe(0o600);
    const verified = await heddle(['ca', 'verify', join(directory, 'cert-chain.pem')]);
    expect(verified).toMatchObject({ code: 0, stdout: 'valid: spiffe://td.example/ns/default/sa/reviews\n' });
    const certificate = new X509Certificate(readFileSync(join(directory, 'cert-chain.pem')));
    expect((Date.parse(certificate.validTo) - Date.parse(certificate.validFrom)) / 60_000).toBeCloseTo(11, 1);
  });

  test('never writes over a file', async () => {
    const directory = join(parent, 'twice');
    await heddle(['ca', 'issue', 'default/a', '--out-dir', directory]);
    const before = readFileSync(join(directory, 'key.pem'));
    expect((await heddle(['ca', 'issue', 'default/a', '--out-dir', directory])).code).toBe(73);
    expect(readFileSync(join(directory, 'key.pem'))).toEqual(before);
  });

  test.each([
    ['default', 64],
    ['a/b/c', 64],
    ['/b', 64],
    ['A B/c', 65],
    ['spiffe://other/ns/a/sa/b', 77],
    ['spiffe://td.example', 65],
  ])('of %j exits with %d and leaves nothing', async (identity, expected) => {
    const directory = join(parent, 'refused');
    expect((await heddle(['ca', 'issue', identity, '--out-dir', directory])).code).toBe(expected);
    expect(existsSync(directory)).toBe(false);
  });

  test.each(['25h', '0s', 'soon'])('with a lifetime of %s exits with 64', async (ttl) => {
    expect((await heddle(['ca', 'issue', 'default/a', '--ttl', ttl, '--out-dir', join(parent, 'ttl')])).code).toBe(64);
  });
});

describe('heddle ca verify', () => {
  test('refuses a certificate of another mesh, saying so', async () => {
    const other = join(parent, 'other');
    const env = { HEDDLE_STATE_DIR: other };
    await runCli(['ca', 'init', '--trust-domain', 'td.example'], { env });
    await runCli(['ca', 'issue', 'default/a', '--out-dir', join(other, 'out')], { env });
    const { code, stdout } = await heddle(['ca', 'verify', join(other, 'out', 'cert-chain.pem'), '-o', 'json']);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toEqual({
      apiVersion: 'heddle/v1',
      kind: 'CertificateVerification',
      valid: false,
      reason: 'it is not signed by the root',
    });
  });

  test('refuses the root itself', async () => {
    const { stdout } = await heddle(['ca', 'root']);
    expect((await heddle(['ca', 'verify', '-'], stdout)).code).toBe(1);
  });
});

describe('heddle ca inspect', () => {
  test('describes the root without a file', async () => {
    const { code, stdout } = await heddle(['ca', 'inspect']);
    expect(code).toBe(0);
    expect(stdout).toContain('SPIFFE ID   spiffe://td.example\n');
  });

  test('describes every certificate of standard input', async () => {
    const { stdout: root } = await heddle(['ca', 'root']);
    const { stdout } = await heddle(['ca', 'inspect', '-', '-o', 'json'], root + root);
    expect(JSON.parse(stdout)).toMatchObject({ kind: 'CertificateList', items: [{ isCa: true }, { isCa: true }] });
  });

  test('exits with 65 for a file that is missing or holds no certificate', async () => {
    expect((await heddle(['ca', 'inspect', join(parent, 'missing.pem')])).code).toBe(65);
    writeFileSync(join(parent, 'text.pem'), 'hello');
    expect((await heddle(['ca', 'inspect', join(parent, 'text.pem')])).code).toBe(65);
  });
});

describe('heddle ca serve', () => {
  test('says where it serves and where tokens are, but no token, and ends when it is interrupted', async () => {
    const ending = new AbortController();
    const { code, stdout, stderr } = await runCli(['ca', 'serve', 'default/reviews', '--port', '0', '-o', 'json'], {
      env: { HEDDLE_STATE_DIR: stateDir },
      signal: ending.signal,
      onWrite: () => ending.abort(),
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { kind, url, items } = JSON.parse(stdout);
    expect([kind, url]).toEqual(['CaServer', expect.stringMatching(/^https:\/\/127\.0\.0\.1:\d+$/)]);
    expect(items).toEqual([
      { spiffeId: 'spiffe://td.example/ns/default/sa/reviews', tokenFile: expect.stringContaining(stateDir) },
    ]);
    expect(stdout).not.toContain(readFileSync(items[0].tokenFile, 'utf8').trim());
  });

  test.each([
    [['reviews'], 64],
    [['spiffe://other/ns/a/sa/b'], 77],
    [['default/a', '--address', 'localhost'], 64],
    [['default/a', '--ttl', '25h'], 64],
  ])('%j exits with %d', async (argv, expected) => {
    expect((await heddle(['ca', 'serve', ...argv, '--port', '0'])).code).toBe(expected);
  });
});
