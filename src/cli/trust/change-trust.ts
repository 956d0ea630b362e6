import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { Fault } from '../../base/fault.ts';
import type { Context } from '../command.ts';
import { enabled, flag, texts } from '../command.ts';
import { existingRoot } from '../commands/ca/authority-state.ts';
import { confirm } from '../confirm.ts';
import { EXIT } from '../exit.ts';
import { printDocument } from '../output.ts';
import { CERTIFICATE_FILE, type TrustStep, type TrustStore, trustStores } from './trust-stores.ts';

/** The flags of `ca trust` and `ca untrust`. */
export const TRUST_OPTIONS = {
  system: enabled('--system', "change the system's store (default); --no-system leaves it alone"),
  store: texts('--store <directory>', 'a directory of certificates as well; repeatable'),
  dryRun: flag('--dry-run', 'say what would be changed, and change nothing'),
  yes: flag('-y, --yes', 'do not ask'),
};

interface Options {
  readonly system: boolean;
  readonly store: readonly string[];
  readonly dryRun: boolean;
  readonly yes: boolean;
}

/** Makes programs of this machine trust the root, or no longer; says first which stores that changes, and asks. */
export const changeTrust = async (
  context: Context,
  direction: 'trust' | 'untrust',
  { system, store, dryRun, yes }: Options,
): Promise<number> => {
  const { io } = context;
  const pem = existingRoot(context).certificatePem;
  const certificate = new X509Certificate(pem);
  const hex = (fingerprint: string): string => fingerprint.replaceAll(':', '');
  const stores = trustStores({
    platform: process.platform,
    home: io.env['HOME'] ?? '',
    exists: existsSync,
    label: `heddle-${hex(certificate.fingerprint256).slice(0, 16).toLowerCase()}`,
    sha1: hex(certificate.fingerprint),
    directories: store.map((directory) => resolve(io.cwd, directory)),
    usesSystem: system,
  });
  const planned = stores.map((own) => ({ store: own.name, steps: own[direction].map(stepText) }));
  const document = { kind: 'CaTrust', direction, changed: !dryRun && stores.length > 0, stores: planned };
  const lines = planned.flatMap((own) => [own.store, ...own.steps.map((step) => `  ${step}`)]);
  if (stores.length === 0) context.err.line('no store of this machine is known here; name a directory with --store');
  if (!dryRun && stores.length > 0) {
    if (!yes) {
      for (const line of lines) context.err.line(line);
      const text =
        direction === 'trust' ? 'Trust the root of the mesh there?' : 'Take the root of the mesh away there?';
      if (!(await confirm(context, { text, flag: '--yes' }))) return EXIT.failure;
    }
    await carryOut(stores, direction, pem);
  }
  await printDocument(context, document, () => lines.map((line) => `${line}\n`).join(''));
  return EXIT.ok;
};

const stepText = (step: TrustStep): string =>
  step.kind === 'run' ? `run ${step.command.join(' ')}` : `${step.kind} ${step.path}`;

const carryOut = async (stores: readonly TrustStore[], direction: 'trust' | 'untrust', pem: string): Promise<void> => {
  const directory = await mkdtemp(join(tmpdir(), 'heddle-trust-'));
  try {
    const file = join(directory, 'root.pem');
    await writeFile(file, pem);
    for (const store of stores) for (const step of store[direction]) await take(step, pem, file, store.name);
  } finally {
    await rm(directory, { recursive: true });
  }
};

const take = async (step: TrustStep, pem: string, file: string, store: string): Promise<void> => {
  try {
    if (step.kind === 'write') await writeFile(step.path, pem);
    else if (step.kind === 'remove') await rm(step.path, { force: true });
    else {
      const [program, ...args] = step.command;
      await promisify(execFile)(
        program,
        args.map((part) => (part === CERTIFICATE_FILE ? file : part)),
      );
    }
  } catch (cause) {
    const why = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause);
    throw new Fault(`${store} is not changed: ${why}`, {
      kind: 'denied',
      code: 'TRUST_NOT_CHANGED',
      hint: 'stores before it are changed; it may need an administrator, or leave it out (--no-system)',
      cause,
    });
  }
};
