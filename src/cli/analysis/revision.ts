import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { Fault } from '../../base/fault.ts';
import type { Io } from '../io.ts';

/** Far above any tree of configuration, far below what a process may hold. */
const MAX_OUTPUT_BYTES = 1024 * 1024 * 1024;

/** Runs git without a shell and answers its standard output; rejects with a Fault that has its words where it fails. */
const git = (args: readonly string[], { cwd, env }: Pick<Io, 'cwd' | 'env'>, stdin = ''): Promise<Buffer> =>
  new Promise((done, failed) => {
    const options = { cwd, env, encoding: 'buffer', maxBuffer: MAX_OUTPUT_BYTES } as const;
    const child = execFile('git', [...args], options, (error, stdout, stderr) => {
      if (error === null) done(stdout);
      else if (error.code === 'ENOENT') failed(gitMissing(error));
      else failed(gitFailed(stderr.toString('utf8').trim() || error.message));
    });
    // A git that ends before it has read everything says why on its own.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(stdin);
  });

const gitMissing = (cause: Error): Fault =>
  new Fault('git is needed to read a revision, and there is none on the PATH', {
    kind: 'failure',
    code: 'GIT_NOT_FOUND',
    hint: 'install git, or compare with files',
    cause,
  });

const gitFailed = (words: string): Fault =>
  new Fault(`git failed: ${words}`, { kind: 'failure', code: 'GIT_FAILED', hint: 'see whether git status works' });

/** Answers a Fault in place of git's own words, which become its cause. */
const because =
  (message: string, code: string, hint: string) =>
  (cause: unknown): never => {
    if (cause instanceof Fault && cause.code === 'GIT_NOT_FOUND') throw cause;
    throw new Fault(message, { kind: 'usage', code, hint, cause });
  };

const unknownRevision = (revision: string) =>
  because(
    `git knows no revision "${revision}"`,
    'UNKNOWN_REVISION',
    'name a branch, tag or commit; in CI fetch it first (a shallow checkout has one commit only)',
  );

/** The commit behind `REV`, or behind `REV...` the one at which it and HEAD parted, as `git diff REV...` has it. */
const commitOf = async (revision: string, io: Pick<Io, 'cwd' | 'env'>): Promise<string> => {
  const [, fork] = /^(.+)\.\.\.$/.exec(revision) ?? [];
  const name = fork ?? revision;
  // What begins with a dash would be an option of git.
  if (name === '' || name.startsWith('-')) return unknownRevision(revision)(undefined);
  const answer = await git(['rev-parse', '--verify', '--quiet', `${name}^{commit}`], io).catch(
    unknownRevision(revision),
  );
  const commit = answer.toString('utf8').trim();
  if (fork === undefined) return commit;
  const base = await git(['merge-base', commit, 'HEAD'], io).catch(unknownRevision(revision));
  return base.toString('utf8').trim();
};

/** The files of a repository at one commit. */
export interface Revision {
  /** Absolute paths, of regular files only, in git's order. */
  readonly files: readonly string[];
  /** The bytes of some of the files, in the order asked for. */
  read(files: readonly string[]): Promise<readonly Buffer[]>;
}

/** Takes the answers of `git cat-file --batch` apart: `ID blob SIZE`, the bytes and a line feed for each. */
const splitBatch = (bytes: Buffer, count: number): readonly Buffer[] => {
  const blobs: Buffer[] = [];
  for (let at = 0; blobs.length < count; ) {
    const headEnd = bytes.indexOf(10, at);
    const size = Number(bytes.toString('utf8', at, headEnd).split(' ')[2]);
    if (headEnd < 0 || !Number.isSafeInteger(size)) throw gitFailed('it answered with something else than files');
    blobs.push(bytes.subarray(headEnd + 1, headEnd + 1 + size));
    at = headEnd + size + 2;
  }
  return blobs;
};

/**
 * Opens a revision of the repository around the working directory; throws a Fault outside of one, and for a revision it
 * does not have. Reads git's objects only: nothing is checked out, and no file is written.
 */
export const openRevision = async (revision: string, io: Pick<Io, 'cwd' | 'env'>): Promise<Revision> => {
  const top = await git(['rev-parse', '--show-toplevel'], io).catch(
    because(
      'a revision needs a git repository around the working directory',
      'NOT_A_REPOSITORY',
      'run heddle inside one, or compare with files',
    ),
  );
  const root = top.toString('utf8').replace(/\r?\n$/, '');
  const tree = await git(['ls-tree', '-r', '-z', '--full-tree', await commitOf(revision, io)], io);
  const ids = new Map<string, string>();
  for (const entry of tree.toString('utf8').split('\0')) {
    // Modes of regular files; links and submodules have others.
    const [, id, path] = /^100\d+ blob ([0-9a-f]+)\t(.+)$/s.exec(entry) ?? [];
    if (id !== undefined && path !== undefined) ids.set(join(root, path), id);
  }
  return {
    files: [...ids.keys()],
    read: async (files) => {
      if (files.length === 0) return [];
      const wanted = files.map((file) => ids.get(file) ?? '');
      return splitBatch(await git(['cat-file', '--batch'], io, `${wanted.join('\n')}\n`), files.length);
    },
  };
};
