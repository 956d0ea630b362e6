import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { Fault } from '../../../base/fault.ts';
import { MAX_TTL_MS } from '../../../ca/authority.ts';
import { createPrivateFile } from '../../../ca/files.ts';
import { openAuthority } from '../../../ca/store.ts';
import { defineCommand, durationMs, text } from '../../command.ts';
import { EXIT } from '../../exit.ts';
import { printDocument } from '../../output.ts';
import { clock, ENVIRONMENT, EXIT_CODES, existingRoot, identityOf, stateDirOf } from './authority-state.ts';

const fileExists = (path: string): Fault =>
  new Fault(`${path} exists already`, {
    kind: 'cannot-create',
    code: 'FILE_EXISTS',
    hint: 'name another directory with --out-dir, or move the file away',
  });

const makeDirectory = async (path: string): Promise<void> => {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new Fault(`cannot create directory ${path}`, {
      kind: 'cannot-create',
      code: 'CANNOT_CREATE_DIRECTORY',
      hint: 'name another directory with --out-dir',
      cause,
    });
  }
};

export const caIssue = defineCommand({
  summary: 'Issues a workload certificate and writes it with its key and the root into a directory.',
  examples: [
    ['heddle ca issue default/reviews', 'for a service account, into ./reviews/'],
    ['heddle ca issue spiffe://cluster.local/ns/default/sa/reviews', 'the same, written out'],
    ['heddle ca issue default/reviews --ttl 10m --out-dir certs', 'short-lived, elsewhere'],
  ],
  arguments: [{ name: 'IDENTITY', summary: 'NAMESPACE/SERVICE-ACCOUNT or a SPIFFE ID', required: true }],
  options: {
    ttl: durationMs('--ttl <duration>', 'lifetime, 24h unless given, which is also the most', MAX_TTL_MS),
    outDir: text('--out-dir <directory>', 'where to write; the last part of the identity unless given'),
  },
  formats: ['text', 'json', 'yaml'],
  exitCodes: { ...EXIT_CODES, 73: 'a file is there already' },
  environment: ENVIRONMENT,
  notes: [
    'Writes cert-chain.pem, key.pem and root-cert.pem, readable by you alone; never over a file that is there.',
    'Each certificate is noted in ca/issued.log of the state directory.',
  ],
  seeAlso: ['heddle ca verify', 'heddle ca inspect'],
  run: async (context, [subject = ''], { ttl, outDir }) => {
    const { trustDomain } = existingRoot(context);
    const identity = identityOf(subject, trustDomain);
    const authority = await openAuthority({ stateDir: stateDirOf(context), trustDomain, clock, ttlMs: ttl });
    const directory = resolve(context.io.cwd, outDir ?? basename(identity));
    const keyFile = join(directory, 'key.pem');
    const chainFile = join(directory, 'cert-chain.pem');
    const rootFile = join(directory, 'root-cert.pem');
    const taken = [keyFile, chainFile, rootFile].find((path) => existsSync(path));
    if (taken !== undefined) throw fileExists(taken);
    const { spiffeId: id, serial, chainPem, keyPem, notAfterMs } = await authority.issue(identity);
    await makeDirectory(directory);
    const contents = new Map([
      [keyFile, keyPem],
      [chainFile, chainPem],
      [rootFile, authority.rootPem],
    ]);
    for (const [path, pem] of contents) if (!createPrivateFile(path, pem)) throw fileExists(path);
    const files = [...contents.keys()];
    const notAfter = new Date(notAfterMs).toISOString();
    const document = { kind: 'IssuedCertificate', spiffeId: id, serial, notAfter, files };
    await printDocument(context, document, () => files.map((path) => `${path}\n`).join(''));
    return EXIT.ok;
  },
});
