import { X509Certificate } from 'node:crypto';
import { Fault } from '../base/fault.ts';
import { spiffeIdsOf } from './spiffe.ts';

/** A certificate as plain data, for people and for JSON. */
export interface CertificateDescription {
  /** Distinguished name on one line (`O=cluster.local, CN=heddle root CA`); empty for workload certificates. */
  readonly subject: string;
  readonly issuer: string;
  readonly spiffeIds: readonly string[];
  /** Lower case hex of whole bytes. */
  readonly serial: string;
  /** RFC 3339, UTC. */
  readonly notBefore: string;
  readonly notAfter: string;
  /** `EC P-256`, `RSA 2048`, `Ed25519`, ... */
  readonly keyType: string;
  /** SHA-256 of the DER form, lower case hex. */
  readonly fingerprint: string;
  readonly isCa: boolean;
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

const CURVES: ReadonlyMap<string, string> = new Map([
  ['prime256v1', 'P-256'],
  ['secp384r1', 'P-384'],
  ['secp521r1', 'P-521'],
]);

const keyTypeOf = (certificate: X509Certificate): string => {
  const { asymmetricKeyType = 'unknown', asymmetricKeyDetails } = certificate.publicKey;
  if (asymmetricKeyType === 'ec') {
    const curve = asymmetricKeyDetails?.namedCurve ?? 'unknown';
    return `EC ${CURVES.get(curve) ?? curve}`;
  }
  if (asymmetricKeyType === 'rsa') return `RSA ${asymmetricKeyDetails?.modulusLength ?? 'unknown'}`;
  return asymmetricKeyType.replace(/^ed/, 'Ed');
};

const describe = (certificate: X509Certificate): CertificateDescription => ({
  subject: (certificate.subject ?? '').replaceAll('\n', ', '),
  issuer: (certificate.issuer ?? '').replaceAll('\n', ', '),
  spiffeIds: spiffeIdsOf(certificate),
  serial: certificate.serialNumber.toLowerCase(),
  notBefore: new Date(certificate.validFrom).toISOString(),
  notAfter: new Date(certificate.validTo).toISOString(),
  keyType: keyTypeOf(certificate),
  fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
  isCa: certificate.ca,
});

const decode = (block: string, position: number, name: string): X509Certificate => {
  try {
    return new X509Certificate(block);
  } catch (cause) {
    throw new Fault(`certificate ${position} of ${name} cannot be decoded`, {
      kind: 'input',
      code: 'NOT_A_CERTIFICATE',
      hint: 'check that the file is complete',
      cause,
    });
  }
};

/**
 * Every certificate of a PEM text in its order, at least one; keys and other text in it are passed over. Throws a Fault
 * `NOT_A_CERTIFICATE` (`input`) when there is none or one cannot be decoded; `name` says whose text it is.
 */
export const parseCertificates = (pem: string, name: string): readonly [X509Certificate, ...X509Certificate[]] => {
  const [first, ...more] = pem.match(CERTIFICATE) ?? [];
  if (first === undefined)
    throw new Fault(`${name} holds no certificate`, {
      kind: 'input',
      code: 'NOT_A_CERTIFICATE',
      hint: 'give a PEM file with "-----BEGIN CERTIFICATE-----" in it',
    });
  return [decode(first, 1, name), ...more.map((block, index) => decode(block, index + 2, name))];
};

/** Describes every certificate of a PEM text; the same Faults as `parseCertificates`. */
export const describeCertificates = (pem: string, name: string): readonly CertificateDescription[] =>
  parseCertificates(pem, name).map(describe);
