import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Authority } from '../../src/ca/authority.ts';
import { describeCertificates } from '../../src/ca/inspect.ts';
import { openAuthority } from '../../src/ca/store.ts';

const ID = 'spiffe://cluster.local/ns/default/sa/a';

let stateDir: string;
let authority: Authority;

beforeAll(async () => {
  stateDir = mkdtempSync(join(tmpdir(), 'heddle-ca-'));
  const clock = { nowMs: () => Date.parse('2030-06-01T12:00:00Z'), monotonicMs: () => 0 };
  authority = await openAuthority({ stateDir, trustDomain: 'cluster.local', clock });
});
afterAll(() => rmSync(stateDir, { recursive: true, force: true }));

describe('a certificate is described', () => {
  test('with its chain in order, and keys between are passed over', async () => {
    const { chainPem, keyPem, serial } = await authority.issue(ID);
    const text = `some text\n${keyPem}${chainPem}\n${authority.rootPem}`;
    const [leaf, root, ...more] = describeCertificates(text, 'chain.pem');
    expect(more).toEqual([]);
    expect(leaf).toMatchObject({
      subject: '',
      issuer: 'O=cluster.local, CN=heddle root CA',
      spiffeIds: [ID],
      serial,
      notBefore: '2030-06-01T11:59:00.000Z',
      notAfter: '2030-06-02T12:00:00.000Z',
      keyType: 'EC P-256',
      fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
      isCa: false,
    });
    expect(root).toMatchObject({ subject: 'O=cluster.local, CN=heddle root CA', isCa: true });
  });

  test('never with its key', async () => {
    const { chainPem, keyPem } = await authority.issue(ID);
    const secret = keyPem.split('\n')[2] ?? keyPem;
    expect(secret.length).toBeGreaterThan(40);
    expect(JSON.stringify(describeCertificates(keyPem + chainPem, 'x'))).not.toContain(secret);
  });
});

describe('what is no certificate is refused', () => {
  test.each([
    ['the empty text', '', 'x.pem holds no certificate'],
    ['a key', '-----BEGIN PRIVATE KEY-----\nMIGH\n-----END PRIVATE KEY-----\n', 'x.pem holds no certificate'],
    ['a begin without an end', '-----BEGIN CERTIFICATE-----\nMIIB', 'x.pem holds no certificate'],
    [
      'a block of something else',
      '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n',
      'certificate 1 of x.pem cannot be decoded',
    ],
  ])('%s', (_what, pem, message) => {
    expect(() => describeCertificates(pem, 'x.pem')).toThrowError(
      expect.objectContaining({ kind: 'input', code: 'NOT_A_CERTIFICATE', message }),
    );
  });
});
