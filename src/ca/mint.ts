// The only file that loads the X.509 library, which costs more than most commands take: import it lazily.
import 'reflect-metadata';
import { createPrivateKey, randomBytes, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  type PublicKeyType,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { keyOfRequest } from './certificate-request.ts';

cryptoProvider.set(webcrypto);

const { subtle } = webcrypto;
const EC_P256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';

/** First and last moment of a certificate, milliseconds since the epoch; X.509 keeps whole seconds. */
export interface Validity {
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** A certificate and its private key (PKCS #8), both as PEM text with a final line break. */
export interface KeyedCertificate {
  readonly certificatePem: string;
  readonly keyPem: string;
}

/** A certificate as PEM text, and its serial as lower case hex. */
export interface SignedCertificate {
  readonly certificatePem: string;
  readonly serial: string;
}

/** Signs workload certificates with one root; holds the root's key in memory, not extractable. */
export interface Signer {
  /** With a new key; `hosts` are DNS names and IP addresses that the certificate has beside the id. */
  sign(spiffeId: string, validity: Validity, hosts?: readonly string[]): Promise<KeyedCertificate & SignedCertificate>;
  /** For the key of a certificate request, PEM; throws a Fault `CA_BAD_REQUEST` or `CA_FOREIGN_IDENTITY`. */
  signRequest(requestPem: string, spiffeId: string, validity: Validity): Promise<SignedCertificate>;
}

/**
 * A serial of 128 random bits as lower case hex of whole bytes without leading zero bytes, as Envoy and Node print it.
 * RFC 5280 4.1.2.2 wants it positive and at most 20 bytes; the encoder puts a zero byte before a set top bit.
 */
const randomSerial = (): string => {
  const serial = randomBytes(16)
    .toString('hex')
    .replace(/^(00)+/, '');
  return serial === '' ? randomSerial() : serial;
};

const generateKeys = (): Promise<webcrypto.CryptoKeyPair> => subtle.generateKey(EC_P256, true, ['sign', 'verify']);

const pemOfKey = async (key: webcrypto.CryptoKey): Promise<string> => {
  const der = Buffer.from(await subtle.exportKey('pkcs8', key)).toString('base64');
  return `-----BEGIN PRIVATE KEY-----\n${der.replace(/.{64}(?=.)/g, '$&\n')}\n-----END PRIVATE KEY-----\n`;
};

const pemOf = (certificate: X509Certificate): string => `${certificate.toString('pem').trimEnd()}\n`;

const dates = (validity: Validity): { readonly notBefore: Date; readonly notAfter: Date } => ({
  notBefore: new Date(validity.notBeforeMs),
  notAfter: new Date(validity.notAfterMs),
});

/** A new root for a trust domain: signs leaves only (path length 0) and names its trust domain, as X509-SVID section 3.2 allows. */
export const mintRoot = async (trustDomain: string, validity: Validity): Promise<KeyedCertificate> => {
  const keys = await generateKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: randomSerial(),
    // RFC 5280 A.1 ends an organization name at 64 characters; the trust domain stands in the URI name in any case.
    name: [...(trustDomain.length <= 64 ? [{ O: [trustDomain] }] : []), { CN: ['heddle root CA'] }],
    ...dates(validity),
    keys,
    signingAlgorithm: EC_P256,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
      new SubjectAlternativeNameExtension([{ type: 'url', value: `spiffe://${trustDomain}` }]),
    ],
  });
  return { certificatePem: pemOf(certificate), keyPem: await pemOfKey(keys.privateKey) };
};

/** Makes ready to sign with a root; the pair must have been checked to belong together. */
export const createSigner = async (root: KeyedCertificate): Promise<Signer> => {
  const issuer = new X509Certificate(root.certificatePem);
  const der = createPrivateKey(root.keyPem).export({ type: 'pkcs8', format: 'der' });
  const signingKey = await subtle.importKey('pkcs8', der, EC_P256, false, ['sign']);
  const shared: readonly Extension[] = [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension([SERVER_AUTH, CLIENT_AUTH]),
    await AuthorityKeyIdentifierExtension.create(issuer.publicKey),
  ];
  const certify = async (
    publicKey: PublicKeyType,
    spiffeId: string,
    validity: Validity,
    hosts: readonly string[],
  ): Promise<SignedCertificate> => {
    const serial = randomSerial();
    const hostNames = hosts.map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value }) as const);
    const certificate = await X509CertificateGenerator.create({
      serialNumber: serial,
      issuer: issuer.subjectName,
      ...dates(validity),
      publicKey,
      signingKey,
      signingAlgorithm: EC_P256,
      extensions: [
        ...shared,
        await SubjectKeyIdentifierExtension.create(publicKey),
        // RFC 5280 4.2.1.6: critical, because the subject is empty.
        new SubjectAlternativeNameExtension([{ type: 'url', value: spiffeId }, ...hostNames], true),
      ],
    });
    return { serial, certificatePem: pemOf(certificate) };
  };
  return {
    sign: async (spiffeId, validity, hosts = []) => {
      const keys = await generateKeys();
      const signed = await certify(keys.publicKey, spiffeId, validity, hosts);
      return { ...signed, keyPem: await pemOfKey(keys.privateKey) };
    },
    signRequest: async (requestPem, spiffeId, validity) =>
      certify(await keyOfRequest(requestPem, spiffeId), spiffeId, validity, []),
  };
};
