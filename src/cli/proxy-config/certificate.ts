import type { X509Certificate } from 'node:crypto';
import { Fault } from '../../base/fault.ts';
import { parseCertificates } from '../../ca/inspect.ts';
import { uriNamesOf } from '../../ca/spiffe.ts';
import type { CertificateFacts } from '../../envoy/secrets.ts';

const SERIAL_DIGITS = 32;

const factsOf = (certificate: X509Certificate): CertificateFacts => ({
  isCa: certificate.ca,
  serialHex: certificate.serialNumber.toLowerCase().replace(/^0+/, '').padStart(SERIAL_DIGITS, '0'),
  notBeforeMs: Date.parse(certificate.validFrom),
  notAfterMs: Date.parse(certificate.validTo),
  trustDomain:
    uriNamesOf(certificate)
      .findLast((name) => name.startsWith('spiffe://'))
      ?.split('/')[2] ?? '',
});

/** The facts of the first certificate of a PEM text; undefined where it holds none that can be read. */
export const readCertificate = (pem: string): CertificateFacts | undefined => {
  try {
    return factsOf(parseCertificates(pem, 'the secret')[0]);
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
};
