// What the commands of the certificate authority share: where it is, its root, certificates from files.
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Fault } from '../../../base/fault.ts';
import type { Clock } from '../../../base/ports.ts';
import { describeCertificates } from '../../../ca/inspect.ts';
import { spiffeId } from '../../../ca/spiffe.ts';
import { type RootCertificate, readRoot } from '../../../ca/store.ts';
import { stateDirectory } from '../../../local/state.ts';
import type { Context } from '../../command.ts';
import { printDocument } from '../../output.ts';

export const ENVIRONMENT = { HEDDLE_STATE_DIR: 'where the root is kept; default ~/.local/state/heddle' };
export const EXIT_CODES = {
  77: 'the root is open to other users',
  78: 'the root is damaged or of another trust domain',
};

export const clock: Clock = { nowMs: () => Date.now(), monotonicMs: () => performance.now() };

export const stateDirOf = (context: Context): string => stateDirectory(context.io.env, context.io.cwd);

/** The root certificate; throws a Fault `CA_NO_ROOT` where none has been made. */
export const existingRoot = (context: Context): RootCertificate => {
  const stateDir = stateDirOf(context);
  const root = readRoot(stateDir);
  if (root !== undefined) return root;
  throw new Fault(`there is no certificate authority in ${stateDir} yet`, {
    kind: 'failure',
    code: 'CA_NO_ROOT',
    hint: 'make one with heddle ca init, or start a mesh with heddle local up',
  });
};

/** A SPIFFE ID as it is, or that of `NAMESPACE/SERVICE-ACCOUNT` in the root's trust domain; throws a Fault `BAD_IDENTITY`. */
export const identityOf = (subject: string, trustDomain: string): string => {
  if (subject.includes('://')) return subject;
  const [namespace = '', serviceAccount = '', ...more] = subject.split('/');
  if (namespace === '' || serviceAccount === '' || more.length > 0)
    throw new Fault(`"${subject}" is no identity`, {
      kind: 'usage',
      code: 'BAD_IDENTITY',
      hint: 'write NAMESPACE/SERVICE-ACCOUNT or a whole spiffe:// id',
    });
  return spiffeId(trustDomain, namespace, serviceAccount);
};

/** Prints a root: its PEM as text, with what it says of itself as data. */
export const printRoot = (context: Context, rootPem: string): Promise<void> => {
  const [certificate] = describeCertificates(rootPem, 'the root');
  const document = { kind: 'CaRoot', pem: rootPem, certificate };
  return printDocument(context, document, () => rootPem);
};

/** The text of a PEM file, or of standard input for `-`; throws a Fault when it cannot be read. */
export const readPem = async (context: Context, source: string): Promise<string> => {
  if (source === '-') {
    if (context.io.stdinIsTty) context.err.line('reading a certificate from standard input:');
    return context.io.readStdin();
  }
  try {
    return await readFile(resolve(context.io.cwd, source), 'utf8');
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error';
    throw new Fault(`cannot read ${source}: ${code}`, {
      kind: code === 'EACCES' ? 'denied' : 'input',
      code: 'FILE_UNREADABLE',
      hint: 'give the path of a PEM file, or - for standard input',
      cause,
    });
  }
};
