import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { type CertificateDescription, describeCertificates } from '../../../ca/inspect.ts';
import { rootCertificatesOf, workloadChainOf } from '../../../envoy/secrets.ts';
import { findStateDir } from '../../../local/state.ts';
import { type Context, defineCommand } from '../../command.ts';
import { EXIT } from '../../exit.ts';
import { printDocument } from '../../output.ts';
import { createLocalAdmin } from '../../proxy-config/local-admin.ts';
import { readDump, requireSection } from '../../proxy-config/read-dump.ts';
import { clock, ENVIRONMENT, EXIT_CODES, existingRoot, readPem, stateDirOf } from './authority-state.ts';

/** Certificates that were asked for, and whose; `roots` are SHA-256 fingerprints of what a proxy trusts. */
interface Found {
  readonly items: readonly CertificateDescription[];
  readonly proxy?: string;
  readonly roots?: readonly string[];
}

const isMeshRunning = async (context: Context): Promise<boolean> =>
  (await (await findStateDir(stateDirOf(context)))?.holder()) !== undefined;

/** What the proxy of a workload shows to the mesh at this moment; renewals change it. */
const inUse = async (context: Context, workload: string): Promise<Found> => {
  const proxy = createLocalAdmin(workload, undefined, context);
  const dump = await readDump(proxy, 'mask=dynamic_active_secrets');
  const secrets = requireSection(proxy, dump, 'SecretsConfigDump');
  const roots = describeCertificates(rootCertificatesOf(secrets), `the secret ROOTCA of ${workload}`);
  return {
    proxy: workload,
    items: describeCertificates(workloadChainOf(secrets), `the secret default of ${workload}`),
    roots: roots.map(({ fingerprint }) => fingerprint),
  };
};

const find = async (context: Context, source: string | undefined): Promise<Found> => {
  if (source === undefined) return { items: describeCertificates(existingRoot(context).certificatePem, 'the root') };
  const isFile = source === '-' || existsSync(resolve(context.io.cwd, source));
  if (!isFile && (await isMeshRunning(context))) return inUse(context, source);
  const pem = await readPem(context, source);
  return { items: describeCertificates(pem, source === '-' ? 'standard input' : source) };
};

/** What a clock says of a certificate's dates; empty when it is valid. */
const staleness = (certificate: CertificateDescription, nowMs: number): string => {
  if (nowMs >= Date.parse(certificate.notAfter)) return '  (expired)';
  return nowMs < Date.parse(certificate.notBefore) ? '  (not valid yet)' : '';
};

const describeText = ({ items, roots = [] }: Found, nowMs: number): string =>
  items
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
        ...roots.map((fingerprint) => ['root', `${fingerprint} (SHA-256)`] as const),
      ];
      return rows.map(([name, value]) => `${name.padEnd(12)}${value}\n`).join('');
    })
    .join('\n');

export const caInspect = defineCommand({
  summary: 'Describes the root of this state directory, the certificates of a PEM file, or those a workload uses now.',
  examples: [
    ['heddle ca inspect', 'the root'],
    ['heddle ca inspect cert-chain.pem', 'every certificate of the file'],
    ['heddle ca inspect reviews.default', 'what a workload of the running mesh shows to others'],
    ['openssl s_client -connect HOST:PORT -showcerts | heddle ca inspect -', 'what a server shows'],
  ],
  arguments: [{ name: 'WHAT', summary: 'a PEM file, - for standard input, or [TYPE/]NAME[.NAMESPACE] of the mesh' }],
  options: {},
  formats: ['text', 'json', 'yaml'],
  exitCodes: { 65: 'there is no such file, or no certificate in it', ...EXIT_CODES },
  environment: ENVIRONMENT,
  notes: ['What names no file names a workload or pod of the mesh that runs on this machine. Keys are never shown.'],
  seeAlso: ['heddle ca root', 'heddle proxy-config secret --local'],
  run: async (context, [source]) => {
    const found = await find(context, source);
    const document = { kind: 'CertificateList', ...found };
    await printDocument(context, document, () => describeText(found, clock.nowMs()));
    return EXIT.ok;
  },
});
