import { execFileSync, spawnSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Authority } from '../../src/ca/authority.ts';
import type { WorkloadCertificate } from '../../src/ca/certificate.ts';
import { uriNamesOf } from '../../src/ca/spiffe.ts';
import { openAuthority } from '../../src/ca/store.ts';

const NOW = Date.parse('2030-06-01T12:00:00.700Z');
const HOUR = 3_600_000;
const ID = 'spiffe://cluster.local/ns/default/sa/reviews';
const OPENSSL = 'openssl';
const hasOpenssl = spawnSync(OPENSSL, ['version']).status === 0;

let stateDir: string;
let authority: Authority;
let issued: WorkloadCertificate;
let leaf: X509Certificate;
let root: X509Certificate;
let nowMs = NOW;
const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };

beforeAll(async () => {
  stateDir = mkdtempSync(join(tmpdir(), 'heddle-ca-'));
  authority = await openAuthority({ stateDir, trustDomain: 'cluster.local', clock });
  issued = await authority.issue(ID);
  leaf = new X509Certificate(issued.chainPem);
  root = new X509Certificate(authority.rootPem);
});
afterAll(() => rmSync(stateDir, { recursive: true, force: true }));

describe('a workload certificate', () => {
  test('names its workload by exactly one URI and nothing else', () => {
    expect(leaf.subjectAltName).toBe(`URI:${ID}`);
    expect(uriNamesOf(leaf)).toEqual([ID]);
    expect(issued.spiffeId).toBe(ID);
  });

  test('has an empty subject', () => {
    expect(leaf.subject ?? '').toBe('');
  });

  test('is signed by the root and checks against it', () => {
    expect(leaf.checkIssued(root)).toBe(true);
    expect(leaf.verify(root.publicKey)).toBe(true);
  });

  test('is no certificate authority', () => {
    expect(leaf.ca).toBe(false);
  });

  test('serves as server and as client and for nothing else', () => {
    // Node calls the extended key usage `keyUsage`.
    expect(leaf.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
  });

  test('has an ECDSA P-256 key, which comes with it as PKCS #8', () => {
    expect(leaf.publicKey.asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
    expect(issued.keyPem).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
    expect(leaf.checkPrivateKey(createPrivateKey(issued.keyPem))).toBe(true);
  });

  test('lives for 24 hours from now', () => {
    expect(leaf.validTo).toBe('Jun  2 12:00:00 2030 GMT');
    expect(issued.notAfterMs).toBe(Date.parse('2030-06-02T12:00:00Z'));
  });

  test('begins at most two minutes and at least some seconds before it was made', () => {
    expect(issued.notBeforeMs).toBe(Date.parse(leaf.validFrom));
    expect(NOW - issued.notBeforeMs).toBeGreaterThanOrEqual(10_000);
    expect(NOW - issued.notBeforeMs).toBeLessThanOrEqual(120_000);
  });

  test('says its serial as the certificate does', () => {
    expect(issued.serial).toBe(leaf.serialNumber.toLowerCase());
  });

  test('has a key and a serial of its own every time, the serial of about 128 random bits', async () => {
    const many = await Promise.all(Array.from({ length: 64 }, () => authority.issue(ID)));
    expect(new Set(many.map((one) => one.keyPem)).size).toBe(64);
    expect(new Set(many.map((one) => one.serial)).size).toBe(64);
    expect(Math.max(...many.map((one) => one.serial.length))).toBe(32);
    // Of 64 random serials each bit is set in some and clear in some; a fixed or counted part would show.
    const values = many.map((one) => BigInt(`0x${one.serial}`));
    expect(values.reduce((all, value) => all | value, 0n)).toBe(2n ** 128n - 1n);
    expect(values.reduce((all, value) => all & value, 2n ** 128n - 1n)).toBe(0n);
  });
});

describe('the root certificate', () => {
  test('is a certificate authority that lives ten years', () => {
    expect(root.ca).toBe(true);
    expect(root.verify(root.publicKey)).toBe(true);
    const days = (Date.parse(root.validTo) - NOW) / (24 * HOUR);
    expect(days).toBeGreaterThan(3649);
    expect(days).toBeLessThan(3654);
  });

  test('names its trust domain as a SPIFFE ID without path', () => {
    expect(uriNamesOf(root)).toEqual(['spiffe://cluster.local']);
    expect(root.subject).toBe('O=cluster.local\nCN=heddle root CA');
  });

  test('comes with an identity as what to trust', async () => {
    const identity = await authority.identityFor(ID);
    expect(identity.rootsPem).toBe(authority.rootPem);
    expect(new X509Certificate(identity.certificate.chainPem).checkIssued(root)).toBe(true);
  });
});

describe('the authority refuses', () => {
  test.each([
    ['an identity of another trust domain', 'spiffe://other.domain/ns/default/sa/a', 'CA_FOREIGN_TRUST_DOMAIN'],
    [
      'a trust domain that only begins like its own',
      'spiffe://cluster.local.evil/ns/a/sa/a',
      'CA_FOREIGN_TRUST_DOMAIN',
    ],
    ['the trust domain itself', 'spiffe://cluster.local', 'INVALID_SPIFFE_ID'],
    ['what is no SPIFFE ID', 'https://cluster.local/ns/a/sa/a', 'INVALID_SPIFFE_ID'],
    ['a path that climbs', 'spiffe://cluster.local/ns/../sa/a', 'INVALID_SPIFFE_ID'],
  ])('%s', async (_what, id, code) => {
    await expect(authority.issue(id)).rejects.toMatchObject({ code });
  });

  test.each([0, 999, 24 * HOUR + 1, Number.NaN, -1, Number.POSITIVE_INFINITY])('a lifetime of %d ms', async (ttlMs) => {
    await expect(openAuthority({ stateDir, trustDomain: 'cluster.local', clock, ttlMs })).rejects.toMatchObject({
      kind: 'usage',
      code: 'CA_TTL_OUT_OF_RANGE',
    });
  });

  test.each([
    ['before the root begins', NOW - 24 * HOUR, /not valid yet/],
    ['after the root has expired', NOW + 11 * 365 * 24 * HOUR, /expired/],
  ])('to issue %s', async (_when, at, message) => {
    nowMs = at;
    try {
      await expect(authority.issue(ID)).rejects.toMatchObject({ code: 'CA_ROOT_NOT_VALID', message });
    } finally {
      nowMs = NOW;
    }
  });
});

describe('a certificate made late in the life of the root', () => {
  test('does not outlive it', async () => {
    const end = Date.parse(root.validTo);
    nowMs = end - HOUR;
    try {
      expect((await authority.issue(ID)).notAfterMs).toBe(end);
    } finally {
      nowMs = NOW;
    }
  });
});

describe.skipIf(!hasOpenssl)('to OpenSSL', () => {
  const text = (pem: string): string =>
    execFileSync(OPENSSL, ['x509', '-noout', '-text'], { input: pem, encoding: 'utf8' });
  const verify = (extra: readonly string[]): string => {
    const directory = join(stateDir, 'openssl');
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, 'root.pem'), authority.rootPem);
    writeFileSync(join(directory, 'leaf.pem'), issued.chainPem);
    const at = ['-attime', String(NOW / 1000 - 0.7), '-CAfile', 'root.pem'];
    return execFileSync(OPENSSL, ['verify', '-x509_strict', ...extra, ...at, 'leaf.pem'], {
      cwd: directory,
      encoding: 'utf8',
    });
  };

  test.each([[[]], [['-purpose', 'sslserver']], [['-purpose', 'sslclient']]])(
    'the certificate is valid under its strict rules %j',
    (extra) => {
      expect(verify(extra)).toBe('leaf.pem: OK\n');
    },
  );

  test('the alternative name of a workload is critical, because its subject is empty', () => {
    expect(text(issued.chainPem)).toContain(`X509v3 Subject Alternative Name: critical\n                URI:${ID}\n`);
  });

  test('the key of a workload may make signatures and nothing else', () => {
    expect(text(issued.chainPem)).toContain('X509v3 Key Usage: critical\n                Digital Signature\n');
    expect(text(issued.chainPem)).toContain('X509v3 Basic Constraints: critical\n                CA:FALSE\n');
  });

  test('the key of the root may sign certificates and revocation lists, of leaves only', () => {
    expect(text(authority.rootPem)).toContain(
      'X509v3 Key Usage: critical\n                Certificate Sign, CRL Sign\n',
    );
    expect(text(authority.rootPem)).toContain(
      'X509v3 Basic Constraints: critical\n                CA:TRUE, pathlen:0\n',
    );
  });

  test('the authority key of a workload is the subject key of the root', () => {
    const keyId = (pem: string, name: string): string =>
      new RegExp(`X509v3 ${name} Key Identifier: \\n\\s+([0-9A-F:]{59})`).exec(text(pem))?.[1] ?? `no ${name} key`;
    expect(keyId(issued.chainPem, 'Authority')).toBe(keyId(authority.rootPem, 'Subject'));
    expect(keyId(issued.chainPem, 'Subject')).toMatch(/^[0-9A-F:]{59}$/);
  });
});

describe('the issue log', () => {
  const log = (): string => join(stateDir, 'ca', 'issued.log');

  test('has a line for each certificate with time, serial, identity and end', async () => {
    const certificate = await authority.issue('spiffe://cluster.local/ns/default/sa/logged');
    expect(JSON.parse(readFileSync(log(), 'utf8').trimEnd().split('\n').at(-1) ?? '')).toEqual({
      time: '2030-06-01T12:00:00.700Z',
      serial: certificate.serial,
      spiffeId: 'spiffe://cluster.local/ns/default/sa/logged',
      notAfter: '2030-06-02T12:00:00.000Z',
    });
  });

  test('goes on after a torn last line on a line of its own', async () => {
    writeFileSync(log(), '{"time":"2030-06-01T1', { mode: 0o600 });
    const certificate = await authority.issue(ID);
    const [torn, next, end] = readFileSync(log(), 'utf8').split('\n');
    expect(torn).toBe('{"time":"2030-06-01T1');
    expect(JSON.parse(next ?? '')).toMatchObject({ serial: certificate.serial });
    expect(end).toBe('');
  });

  test('holds back the certificate when it cannot be written', async () => {
    rmSync(log());
    mkdirSync(log());
    await expect(authority.issue(ID)).rejects.toMatchObject({ kind: 'io', code: 'PRIVATE_FILE_IO' });
    rmSync(log(), { recursive: true });
  });

  test('holds back the certificate when others could write it', async () => {
    await authority.issue(ID);
    chmodSync(log(), 0o666);
    await expect(authority.issue(ID)).rejects.toMatchObject({ kind: 'denied', hint: `chmod 600 ${log()}` });
    chmodSync(log(), 0o600);
  });
});
