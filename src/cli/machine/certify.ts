import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, X509Certificate } from 'node:crypto';
import type { CertificateRequest } from '../../template/functions/sprig/certificates.ts';
import { der, elementsOf, identifier, integer, sequence } from './der.ts';

const ID = {
  commonName: '2.5.4.3',
  subjectKeyId: '2.5.29.14',
  keyUsage: '2.5.29.15',
  alternativeNames: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyId: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
} as const;

const TRUE = Uint8Array.of(0x01, 0x01, 0xff);
const NULL = Uint8Array.of(0x05, 0x00);

const text = (value: string, tag: number): Uint8Array => der(tag, Buffer.from(value));

/** A name of one part; letters, digits and a little more are a PrintableString, all else is UTF-8. */
const nameOf = (commonName: string): Uint8Array => {
  if (commonName === '') return sequence();
  const value = text(commonName, /^[\w '()+,./:=?-]*$/.test(commonName) && !commonName.includes('_') ? 0x13 : 0x0c);
  return sequence(der(0x31, sequence(identifier(ID.commonName), value)));
};

/** Two digits of the year until 2049, four from then on. */
const time = (milliseconds: number): Uint8Array => {
  const digits = new Date(milliseconds).toISOString().replace(/[-:T]|\.\d+/g, '');
  return digits < '2050' ? text(digits.slice(2), 0x17) : text(digits, 0x18);
};

interface Signature {
  /** AlgorithmIdentifier. */
  readonly algorithm: Uint8Array;
  /** As node names it; null where the key decides. */
  readonly digest: string | null;
}

const CURVES: Readonly<Record<string, readonly [identifier: string, digest: string]>> = {
  prime256v1: ['1.2.840.10045.4.3.2', 'sha256'],
  secp384r1: ['1.2.840.10045.4.3.3', 'sha384'],
  secp521r1: ['1.2.840.10045.4.3.4', 'sha512'],
};

const signatureOf = (key: KeyObject): Signature => {
  if (key.asymmetricKeyType === 'rsa') {
    return { algorithm: sequence(identifier('1.2.840.113549.1.1.11'), NULL), digest: 'sha256' };
  }
  if (key.asymmetricKeyType === 'ed25519') return { algorithm: sequence(identifier('1.3.101.112')), digest: null };
  const [id, digest] = CURVES[key.asymmetricKeyDetails?.namedCurve ?? ''] ?? [];
  if (id === undefined || digest === undefined) {
    throw new Error('x509: only RSA, ECDSA and Ed25519 keys supported');
  }
  return { algorithm: sequence(identifier(id)), digest };
};

const extension = (id: string, isCritical: boolean, value: Uint8Array): Uint8Array =>
  sequence(identifier(id), ...(isCritical ? [TRUE] : []), der(0x04, value));

interface Issuer {
  readonly name: Uint8Array;
  readonly keyId: Uint8Array | undefined;
}

/** The subject and the key's id of a certificate. */
const issuerOf = (pem: string): Issuer => {
  const [whole] = elementsOf(new X509Certificate(pem).raw);
  const [body] = elementsOf(whole?.content ?? new Uint8Array());
  const fields = elementsOf(body?.content ?? new Uint8Array());
  const subject = fields[fields[0]?.tag === 0xa0 ? 5 : 4];
  const list = fields.find(({ tag }) => tag === 0xa3);
  const extensions = elementsOf(elementsOf(list?.content ?? new Uint8Array())[0]?.content ?? new Uint8Array());
  const wanted = Buffer.from(identifier(ID.subjectKeyId));
  const found = extensions.map(({ content }) => elementsOf(content)).find(([id]) => wanted.equals(id?.bytes ?? wanted));
  return {
    name: subject?.bytes ?? sequence(),
    keyId: found === undefined ? undefined : elementsOf(found.at(-1)?.content ?? new Uint8Array())[0]?.content,
  };
};

/** The first 20 bytes of the SHA-256 of the bits of a public key. */
const keyIdOf = (publicKey: Uint8Array): Uint8Array => {
  const bits = elementsOf(elementsOf(publicKey)[0]?.content ?? new Uint8Array())[1];
  return createHash('sha256')
    .update(bits?.content.subarray(1) ?? '')
    .digest()
    .subarray(0, 20);
};

/** Makes and signs a certificate; throws an Error for keys that cannot sign, and for a signer whose key is not its own. */
export const certify = (request: CertificateRequest): string => {
  const { serial, commonName, addresses, names, notBefore, notAfter, isAuthority, key, issuer } = request;
  const signer = createPrivateKey(issuer?.key ?? key);
  if (issuer !== undefined && !new X509Certificate(issuer.certificate).checkPrivateKey(signer)) {
    throw new Error("x509: provided PrivateKey doesn't match parent's PublicKey");
  }
  const { algorithm, digest } = signatureOf(signer);
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'der' });
  const subject = nameOf(commonName);
  const parent = issuer === undefined ? { name: subject, keyId: undefined } : issuerOf(issuer.certificate);
  const alternatives = [...names.map((name) => text(name, 0x82)), ...addresses.map((address) => der(0x87, address))];
  // Signing and encipherment, and certificates for an authority.
  const usage = isAuthority ? Uint8Array.of(2, 0xa4) : Uint8Array.of(5, 0xa0);
  const extensions = [
    extension(ID.keyUsage, true, der(0x03, usage)),
    extension(ID.extendedKeyUsage, false, sequence(identifier(ID.serverAuth), identifier(ID.clientAuth))),
    extension(ID.basicConstraints, true, isAuthority ? sequence(TRUE) : sequence()),
    ...(isAuthority ? [extension(ID.subjectKeyId, false, der(0x04, keyIdOf(publicKey)))] : []),
    ...(parent.keyId === undefined || Buffer.from(parent.name).equals(subject)
      ? []
      : [extension(ID.authorityKeyId, false, sequence(der(0x80, parent.keyId)))]),
    ...(alternatives.length === 0
      ? []
      : [extension(ID.alternativeNames, commonName === '', sequence(...alternatives))]),
  ];
  const body = sequence(
    der(0xa0, integer(Uint8Array.of(2))),
    integer(serial),
    algorithm,
    parent.name,
    sequence(time(notBefore), time(notAfter)),
    subject,
    publicKey,
    der(0xa3, sequence(...extensions)),
  );
  const whole = sequence(body, algorithm, der(0x03, Uint8Array.of(0), sign(digest, body, signer)));
  return pem('CERTIFICATE', whole);
};

/** Bytes in PEM, 64 characters a line. */
export const pem = (label: string, bytes: Uint8Array): string => {
  const lines = Buffer.from(bytes)
    .toString('base64')
    .replace(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
};
