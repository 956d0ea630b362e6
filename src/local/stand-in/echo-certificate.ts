// Loads the X.509 library, which most runs never need: import it lazily.
import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import { cryptoProvider, SubjectAlternativeNameExtension, X509CertificateGenerator } from '@peculiar/x509';

const names = ['echo.example.com', '*.example.com', '*.svc.cluster.local'];
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const lifetimeMs = 365 * 24 * 3_600_000;

/** A certificate nobody should trust, for stand-ins that are spoken to in TLS; its key never leaves the process. */
export const mintEchoCertificate = async (nowMs: number): Promise<{ readonly cert: string; readonly key: string }> => {
  cryptoProvider.set(webcrypto);
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: `01${randomBytes(15).toString('hex')}`,
    name: `CN=${names[0]}`,
    notBefore: new Date(nowMs - 60_000),
    notAfter: new Date(nowMs + lifetimeMs),
    keys,
    signingAlgorithm: algorithm,
    extensions: [new SubjectAlternativeNameExtension(names.map((value) => ({ type: 'dns', value })))],
  });
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  return {
    cert: certificate.toString('pem'),
    key: `-----BEGIN PRIVATE KEY-----\n${der.replace(/.{64}(?=.)/g, '$&\n')}\n-----END PRIVATE KEY-----\n`,
  };
};
