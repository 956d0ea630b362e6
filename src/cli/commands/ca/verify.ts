import { X509Certificate } from 'node:crypto';
import { parseCertificates } from '../../../ca/inspect.ts';
import { verifyWorkload } from '../../../ca/svid.ts';
import { defineCommand } from '../../command.ts';
import { EXIT } from '../../exit.ts';
import { printDocument } from '../../output.ts';
import { clock, ENVIRONMENT, EXIT_CODES, existingRoot, readPem } from './authority-state.ts';

export const caVerify = defineCommand({
  summary: 'Tells whether a certificate stands for a workload of this mesh: signature, dates, SPIFFE rules.',
  examples: [['heddle ca verify reviews/cert-chain.pem', 'exit code 0 when it does, 1 when not']],
  arguments: [
    { name: 'FILE', summary: 'a PEM file, its first certificate counts; - reads standard input', required: true },
  ],
  options: {},
  formats: ['text', 'json', 'yaml'],
  exitCodes: { 1: 'the certificate is not valid', 65: 'there is no such file, or no certificate in it', ...EXIT_CODES },
  environment: ENVIRONMENT,
  seeAlso: ['heddle ca inspect'],
  run: async (context, [source = '']) => {
    const { certificatePem, earlierPems } = existingRoot(context);
    const pem = await readPem(context, source);
    const [certificate] = parseCertificates(pem, source === '-' ? 'standard input' : source);
    const verifyBy = (rootPem: string) => verifyWorkload(certificate, new X509Certificate(rootPem), clock.nowMs());
    const own = verifyBy(certificatePem);
    const verdict =
      own.kind === 'valid' ? own : (earlierPems.map(verifyBy).find(({ kind }) => kind === 'valid') ?? own);
    const isValid = verdict.kind === 'valid';
    const document = {
      kind: 'CertificateVerification',
      valid: isValid,
      ...(isValid ? { spiffeId: verdict.id.text } : { reason: verdict.reason }),
    };
    await printDocument(context, document, () =>
      isValid ? `valid: ${verdict.id.text}\n` : `not valid: ${verdict.reason}\n`,
    );
    return isValid ? EXIT.ok : EXIT.failure;
  },
});
