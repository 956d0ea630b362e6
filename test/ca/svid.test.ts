import 'reflect-metadata';
import { X509Certificate as NodeCertificate, webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsageExtension,
  type Extension,
  type JsonGeneralName,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { describe, expect, test } from 'vitest';
import { createSigner, mintRoot } from '../../src/ca/mint.ts';
import { checkSvid, verifyWorkload } from '../../src/ca/svid.ts';

cryptoProvider.set(webcrypto);

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const SERVER = '1.3.6.1.5.5.7.3.1';
const CLIENT = '1.3.6.1.5.5.7.3.2';
const ID = 'spiffe://td/ns/default/sa/a';

const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
const certificateWith = async (extensions: Extension[]): Promise<NodeCertificate> => {
  const certificate = await X509CertificateGenerator.createSelfSigned({
    keys,
    name: 'CN=x',
    serialNumber: '01',
    notBefore: new Date('2030-01-01'),
    notAfter: new Date('2030-02-01'),
    signingAlgorithm: ALGORITHM,
    extensions,
  });
  return new NodeCertificate(certificate.toString('pem'));
};
const leaf = new BasicConstraintsExtension(false, undefined, true);
const signs = new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true);
const serves = new ExtendedKeyUsageExtension([SERVER, CLIENT]);
const named = (...names: string[]): Extension =>
  alternative(...names.map((value) => ({ type: 'url' as const, value })));
const alternative = (...names: JsonGeneralName[]): Extension => new SubjectAlternativeNameExtension(names, true);

describe('a certificate may stand for a workload', () => {
  test.each<[string, Extension[]]>([
    ['with all that X509-SVID asks for', [leaf, signs, serves, named(ID)]],
    ['without extended key usage', [leaf, signs, named(ID)]],
    ['without basic constraints', [signs, serves, named(ID)]],
    [
      'with a DNS name beside its id',
      [leaf, signs, serves, alternative({ type: 'dns', value: 'a' }, { type: 'url', value: ID })],
    ],
    [
      'with more uses of its key and of itself',
      [
        leaf,
        new KeyUsagesExtension(
          KeyUsageFlags.digitalSignature | KeyUsageFlags.keyAgreement | KeyUsageFlags.keyEncipherment,
        ),
        new ExtendedKeyUsageExtension([SERVER, '1.3.6.1.5.5.7.3.4', CLIENT]),
        named(ID),
      ],
    ],
  ])('%s', async (_how, extensions) => {
    expect(checkSvid(await certificateWith(extensions))).toMatchObject({ kind: 'valid', id: { text: ID } });
  });
});

describe('a certificate may not stand for a workload', () => {
  test.each<[string, RegExp, Extension[]]>([
    ['without extensions', /no URI name/, []],
    ['without a URI name', /no URI name/, [leaf, signs, serves, alternative({ type: 'dns', value: 'a' })]],
    ['with two SPIFFE IDs', /2 URI names/, [leaf, signs, serves, named(ID, `${ID}2`)]],
    ['with the same SPIFFE ID twice', /2 URI names/, [leaf, signs, serves, named(ID, ID)]],
    ['with another URI beside its id', /2 URI names/, [leaf, signs, serves, named(ID, 'https://a/')]],
    ['with a URI of another scheme', /not a SPIFFE ID/, [leaf, signs, serves, named('https://td/ns/a/sa/b')]],
    ['with an id with a port', /not a SPIFFE ID/, [leaf, signs, serves, named('spiffe://td:1/ns/a/sa/b')]],
    ['with an id with a user', /not a SPIFFE ID/, [leaf, signs, serves, named('spiffe://u@td/ns/a/sa/b')]],
    ['with an id with an escape', /not a SPIFFE ID/, [leaf, signs, serves, named('spiffe://td/ns/%61/sa/b')]],
    ['with an id with a comma', /not a SPIFFE ID/, [leaf, signs, serves, named(`${ID}, URI:spiffe://td/evil`)]],
    ['with an id over 2048 bytes', /not a SPIFFE ID/, [leaf, signs, serves, named(`spiffe://td/${'a'.repeat(2048)}`)]],
    ['with the id of a trust domain', /no path/, [leaf, signs, serves, named('spiffe://td')]],
    [
      'as a certificate authority',
      /authority/,
      [new BasicConstraintsExtension(true, 0, true), new KeyUsagesExtension(KeyUsageFlags.digitalSignature), named(ID)],
    ],
    [
      'with a key that signs certificates',
      /sign certificates/,
      [
        leaf,
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature | KeyUsageFlags.keyCertSign, true),
        serves,
        named(ID),
      ],
    ],
    [
      'with a key that signs revocation lists',
      /sign revocation lists/,
      [leaf, new KeyUsagesExtension(KeyUsageFlags.digitalSignature | KeyUsageFlags.cRLSign), serves, named(ID)],
    ],
    ['without key usage', /no key usage/, [leaf, serves, named(ID)]],
    [
      'with a key that makes no signatures',
      /not make signatures/,
      [leaf, new KeyUsagesExtension(KeyUsageFlags.keyAgreement), serves, named(ID)],
    ],
    ['for servers only', /extended key usage/, [leaf, signs, new ExtendedKeyUsageExtension([SERVER]), named(ID)]],
    ['for clients only', /extended key usage/, [leaf, signs, new ExtendedKeyUsageExtension([CLIENT]), named(ID)]],
  ])('%s', async (_how, reason, extensions) => {
    expect(checkSvid(await certificateWith(extensions))).toEqual({
      kind: 'invalid',
      reason: expect.stringMatching(reason),
    });
  });
});

describe('a certificate is verified against a root', () => {
  const beginMs = Date.parse('2030-01-01T00:00:00Z');
  const endMs = Date.parse('2030-01-02T00:00:00Z');
  const rootOf = (trustDomain: string) => mintRoot(trustDomain, { notBeforeMs: beginMs, notAfterMs: endMs });
  const root = rootOf('td');

  test.each<[string, number, string, string | undefined]>([
    ['from its first moment', beginMs, ID, undefined],
    ['until its last', endMs - 1, ID, undefined],
    ['not before', beginMs - 1, ID, 'it is not valid before Jan  1 00:00:00 2030 GMT'],
    ['not after', endMs, ID, 'it has expired on Jan  2 00:00:00 2030 GMT'],
    [
      'not with an id of another trust domain, though the root signed it',
      beginMs,
      'spiffe://td.evil/ns/default/sa/a',
      'the root does not serve its trust domain, td.evil',
    ],
  ])('%s', async (_when, nowMs, id, reason) => {
    const signer = await createSigner(await root);
    const { certificatePem } = await signer.sign(id, { notBeforeMs: beginMs, notAfterMs: endMs });
    const verdict = verifyWorkload(
      new NodeCertificate(certificatePem),
      new NodeCertificate((await root).certificatePem),
      nowMs,
    );
    expect(verdict.kind === 'invalid' ? verdict.reason : undefined).toBe(reason);
  });

  test('and not accepted when another root of the same name signed it', async () => {
    const signer = await createSigner(await rootOf('td'));
    const { certificatePem } = await signer.sign(ID, { notBeforeMs: beginMs, notAfterMs: endMs });
    const ours = new NodeCertificate((await root).certificatePem);
    expect(verifyWorkload(new NodeCertificate(certificatePem), ours, beginMs)).toEqual({
      kind: 'invalid',
      reason: 'it is not signed by the root',
    });
  });
});
