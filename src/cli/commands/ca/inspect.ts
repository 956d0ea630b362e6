import { type CertificateDescription, describeCertificates } from '../../../ca/inspect.ts';
import { defineCommand } from '../../command.ts';
import { EXIT } from '../../exit.ts';
import { printDocument } from '../../output.ts';
import { clock, ENVIRONMENT, EXIT_CODES, existingRoot, readPem } from './authority-state.ts';

/** What a clock says of a certificate's dates; empty when it is valid. */
const staleness = (certificate: CertificateDescription, nowMs: number): string => {
  if (nowMs >= Date.parse(certificate.notAfter)) return '  (expired)';
  return nowMs < Date.parse(certificate.notBefore) ? '  (not valid yet)' : '';
};

const describeText = (certificates: readonly CertificateDescription[], nowMs: number): string =>
  certificates
    .map((certificate) => {
      const rows: readonly (readonly [string, string])[] = [
        ['SPIFFE ID', certificate.spiffeIds.join(', ') || '-'],
        ['subject', certificate.subject || '-'],
        ['issuer', certificate.issuer || '-'],
        ['serial', certificate.serial],
        ['not before', certificate.notBefore],
        ['not after', `${certificate.notAfter}${staleness(certificate, nowMs)}`],
        ['key', certificate.keyType],
        ['authority', certificate.isCa ? 'yes' : 'no'],
        ['SHA-256', certificate.fingerprint],
      ];
      return rows.map(([name, value]) => `${name.padEnd(12)}${value}\n`).join('');
    })
    .join('\n');

export const caInspect = defineCommand({
  summary: 'Describes the certificates of a PEM file; without one, the root of this state directory.',
  examples: [
    ['heddle ca inspect', 'the root'],
    ['heddle ca inspect cert-chain.pem', 'every certificate of the file'],
    ['openssl s_client -connect HOST:PORT -showcerts | heddle ca inspect -', 'what a server shows'],
  ],
  arguments: [{ name: 'FILE', summary: 'a PEM file; - reads standard input' }],
  options: {},
  formats: ['text', 'json', 'yaml'],
  exitCodes: { 65: 'there is no such file, or no certificate in it', ...EXIT_CODES },
  environment: ENVIRONMENT,
  seeAlso: ['heddle ca root'],
  run: async (context, [source]) => {
    const pem = source === undefined ? existingRoot(context).certificatePem : await readPem(context, source);
    const name = source === undefined ? 'the root' : source === '-' ? 'standard input' : source;
    const items = describeCertificates(pem, name);
    const document = { kind: 'CertificateList', items };
    await printDocument(context, document, () => describeText(items, clock.nowMs()));
    return EXIT.ok;
  },
});
