import { X509Certificate } from 'node:crypto';

/**
 * What is wrong with the first certificate of a PEM text at a point in time (milliseconds); undefined if nothing is.
 * Only what a gateway looks at before it takes a certificate: that it can be read, and its period of validity.
 */
export const judgeCertificate = (pem: string, now: number): string | undefined => {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(pem);
  } catch {
    return 'the certificate cannot be read';
  }
  if (now > Date.parse(certificate.validTo)) return `it expired on ${dayOf(certificate.validTo)}`;
  if (now < Date.parse(certificate.validFrom)) return `it is not valid before ${dayOf(certificate.validFrom)}`;
  return undefined;
};

const dayOf = (time: string): string => new Date(time).toISOString().slice(0, 10);
