import 'reflect-metadata';
import { generateKeyPairSync, webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsageExtension,
  type JsonGeneralNames,
  type JsonName,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

cryptoProvider.set(webcrypto);

const EC_P256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
const DAY_MS = 86_400_000;

/** A certificate and its private key as PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

/** First and last moment of a certificate. */
interface Validity {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** A certificate authority of one cluster's own. */
export interface Authority extends KeyPair {
  /** A certificate for both ends of TLS; Kubernetes reads the user from CN and the groups from O. */
  issue(subject: JsonName, names?: JsonGeneralNames, valid?: Validity): Promise<KeyPair>;
}

const validity = (lifeMs = DAY_MS): Validity => ({
  notBefore: new Date(Date.now() - 60_000),
  notAfter: new Date(Date.now() + lifeMs),
});

const generateKeys = () => webcrypto.subtle.generateKey(EC_P256, true, ['sign', 'verify']);

const pemOf = async (key: webcrypto.CryptoKey): Promise<string> => {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key)).toString('base64');
  return `-----BEGIN PRIVATE KEY-----\n${der}\n-----END PRIVATE KEY-----\n`;
};

/** Makes an authority whose certificates are good for a day, and which itself is unless told otherwise. */
export const createAuthority = async (lifeMs = DAY_MS): Promise<Authority> => {
  const keys = await generateKeys();
  const root = await X509CertificateGenerator.createSelfSigned({
    name: [{ CN: ['test cluster CA'] }],
    ...validity(lifeMs),
    keys,
    signingAlgorithm: EC_P256,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.digitalSignature, true),
    ],
  });
  const issue = async (subject: JsonName, names: JsonGeneralNames = [], valid = validity()): Promise<KeyPair> => {
    const { publicKey, privateKey } = await generateKeys();
    const certificate = await X509CertificateGenerator.create({
      subject,
      issuer: root.subjectName,
      ...valid,
      publicKey,
      signingKey: keys.privateKey,
      signingAlgorithm: EC_P256,
      extensions: [
        new ExtendedKeyUsageExtension([SERVER_AUTH, CLIENT_AUTH]),
        ...(names.length === 0 ? [] : [new SubjectAlternativeNameExtension(names)]),
      ],
    });
    return { certificate: certificate.toString('pem'), key: await pemOf(privateKey) };
  };
  return { certificate: root.toString('pem'), key: await pemOf(keys.privateKey), issue };
};

/** The keys that service account tokens are signed and verified with, as PEM. */
export const createTokenKeys = (): { readonly publicKey: string; readonly privateKey: string } =>
  generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'sec1', format: 'pem' },
  });
