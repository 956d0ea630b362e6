// Files that only their owner may read: made, opened and checked the way ssh treats private keys.

import { randomUUID } from 'node:crypto';
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  type Stats,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { userInfo } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { Fault } from '../base/fault.ts';

const { O_APPEND, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY } = constants;
const GROUP_OR_OTHER = 0o077;
const FILE_MODE = 0o600;
const DIRECTORY_MODE = 0o700;

/** The system's name of an error (`ENOENT`), if it is one of the system's. */
const systemCode = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

const ioFault = (action: string, path: string, cause: unknown): Fault => {
  if (cause instanceof Fault) return cause;
  const code = systemCode(cause);
  if (code === 'ELOOP')
    return new Fault(`${path} is a symbolic link`, {
      kind: 'denied',
      code: 'PRIVATE_FILE_IS_LINK',
      hint: `replace ${path} by the file itself`,
      cause,
    });
  const isDenied = code === 'EACCES' || code === 'EPERM' || code === 'EROFS';
  return new Fault(`cannot ${action} ${path}: ${code ?? 'unknown error'}`, {
    kind: isDenied ? 'denied' : 'io',
    code: isDenied ? 'PRIVATE_FILE_DENIED' : 'PRIVATE_FILE_IO',
    hint: `check the permissions and the free space of ${dirname(path)}`,
    cause,
  });
};

const attempt = <T>(action: string, path: string, run: () => T): T => {
  try {
    return run();
  } catch (error) {
    throw ioFault(action, path, error);
  }
};

type User = { readonly kind: 'known'; readonly id: number } | { readonly kind: 'nameless' | 'no-owners' };

/** The user this process acts as. In a container its number may have no entry in the user database; Windows has none. */
const findUser = (): User => {
  try {
    const id = userInfo().uid;
    return id >= 0 ? { kind: 'known', id } : { kind: 'no-owners' };
  } catch {
    return { kind: 'nameless' };
  }
};

let currentUser: User | undefined;

/** Throws when somebody else owns the path or may touch it. Systems without owners check nothing. */
const assertPrivate = (path: string, stats: Stats, mode: number): void => {
  currentUser ??= findUser();
  if (currentUser.kind === 'no-owners') return;
  if (currentUser.kind === 'known' && stats.uid !== currentUser.id)
    throw new Fault(`${path} belongs to another user (uid ${stats.uid})`, {
      kind: 'denied',
      code: 'PRIVATE_FILE_FOREIGN',
      hint: `run as the owner of ${path} or choose another state directory with HEDDLE_STATE_DIR`,
    });
  if ((stats.mode & GROUP_OR_OTHER) !== 0)
    throw new Fault(`${path} is open to other users (mode ${(stats.mode & 0o777).toString(8).padStart(4, '0')})`, {
      kind: 'denied',
      code: 'PRIVATE_FILE_EXPOSED',
      hint: `chmod ${mode.toString(8)} ${path}`,
    });
};

const openPrivate = (path: string, flags: number): number => {
  const descriptor = openSync(path, flags | O_NOFOLLOW | O_NONBLOCK, FILE_MODE);
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile())
      throw new Fault(`${path} is not a regular file`, { kind: 'denied', code: 'PRIVATE_FILE_NOT_REGULAR' });
    assertPrivate(path, stats, FILE_MODE);
    return descriptor;
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
};

const writeAll = (descriptor: number, text: string): void => {
  const bytes = Buffer.from(text);
  for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done);
};

const syncDirectory = (path: string): void => {
  const descriptor = openSync(path, O_RDONLY);
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
};

const unlinkIfThere = (path: string): void => {
  try {
    unlinkSync(path);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
  }
};

/**
 * Makes a directory (0700) with its parents; one that exists is left alone. Node's own recursive mkdir never returns
 * where the file system refuses a name with ENOENT although the parent exists, as /proc does.
 */
export const makeDirectories = (path: string): void => {
  try {
    mkdirSync(path, { mode: DIRECTORY_MODE });
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return;
    if (systemCode(error) !== 'ENOENT' || existsSync(dirname(path))) throw error;
    makeDirectories(dirname(path));
    mkdirSync(path, { mode: DIRECTORY_MODE });
  }
};

/** Makes the directory (0700, with its parents) or checks that the one there is private and no symbolic link. */
export const ensurePrivateDirectory = (path: string): void =>
  attempt('create', path, () => {
    makeDirectories(path);
    const stats = lstatSync(path);
    if (stats.isSymbolicLink())
      throw new Fault(`${path} is a symbolic link`, { kind: 'denied', code: 'PRIVATE_FILE_IS_LINK' });
    assertPrivate(path, stats, DIRECTORY_MODE);
  });

/** The text of a private file of at most `maxBytes`; undefined when there is none. */
export const readPrivateFile = (path: string, maxBytes: number): string | undefined =>
  attempt('read', path, () => {
    let descriptor: number;
    try {
      descriptor = openPrivate(path, O_RDONLY);
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return undefined;
      throw error;
    }
    try {
      const bytes = Buffer.alloc(maxBytes + 1);
      let length = 0;
      for (let got = -1; got !== 0 && length <= maxBytes; length += got)
        got = readSync(descriptor, bytes, length, bytes.length - length, null);
      if (length > maxBytes)
        throw new Fault(`${path} is larger than ${maxBytes} bytes`, { kind: 'io', code: 'PRIVATE_FILE_TOO_LARGE' });
      return bytes.toString('utf8', 0, length);
    } finally {
      closeSync(descriptor);
    }
  });

const temporaryPrefix = (path: string): string => `.${basename(path)}.new-`;

const writeDurably = (path: string, text: string): void => {
  const descriptor = openPrivate(path, O_WRONLY | O_CREAT | O_EXCL);
  try {
    writeAll(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
};

/** Gives the finished file its name; false when the name is taken. A link and not a rename, which would replace. */
const publish = (temporary: string, path: string): boolean => {
  try {
    linkSync(temporary, path);
    return true;
  } catch (error) {
    // ENOENT: the process that was first has swept our temporary file away (see removeTemporaries).
    const code = systemCode(error);
    if (code !== 'EEXIST' && code !== 'ENOENT') throw error;
    return false;
  }
};

/**
 * Creates the file with its whole text or not at all, durable when it returns. False when the file was already there
 * or another process was first: then that one's text stands.
 */
export const createPrivateFile = (path: string, text: string): boolean =>
  attempt('create', path, () => {
    const directory = dirname(path);
    const temporary = join(directory, `${temporaryPrefix(path)}${randomUUID()}`);
    try {
      writeDurably(temporary, text);
      if (!publish(temporary, path)) return false;
    } finally {
      unlinkIfThere(temporary);
    }
    syncDirectory(directory);
    return true;
  });

/** Puts a whole new text in place of a private file, or of none: readers see the one or the other. Durable when it returns. */
export const replacePrivateFile = (path: string, text: string): void =>
  attempt('write', path, () => {
    const directory = dirname(path);
    const temporary = join(directory, `${temporaryPrefix(path)}${randomUUID()}`);
    try {
      writeDurably(temporary, text);
      renameSync(temporary, path);
    } finally {
      unlinkIfThere(temporary);
    }
    syncDirectory(directory);
  });

/** Removes a private file; false when there is none. */
export const removePrivateFile = (path: string): boolean =>
  attempt('remove', path, () => {
    try {
      unlinkSync(path);
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return false;
      throw error;
    }
    syncDirectory(dirname(path));
    return true;
  });

/**
 * Removes what killed processes left of their attempts to create the file. Call it once the file exists: a process that
 * is still trying has lost by then, so taking its temporary file does no harm.
 */
export const removeTemporaries = (path: string): void =>
  attempt('clean up', dirname(path), () => {
    for (const name of readdirSync(dirname(path))) {
      if (name.startsWith(temporaryPrefix(path))) unlinkIfThere(join(dirname(path), name));
    }
  });

/**
 * Appends one line to a private file, created when missing; several processes may do so at once. When the last line
 * there is torn (a process was killed, the disk was full), the new one begins on a line of its own.
 */
export const appendPrivateLine = (path: string, line: string): void =>
  attempt('write', path, () => {
    const descriptor = openPrivate(path, O_RDWR | O_CREAT | O_APPEND);
    try {
      const size = fstatSync(descriptor).size;
      const last = Buffer.alloc(1);
      const isTorn = size > 0 && readSync(descriptor, last, 0, 1, size - 1) === 1 && last[0] !== 0x0a;
      const bytes = Buffer.from(`${isTorn ? '\n' : ''}${line}\n`);
      // One write, so that lines of two processes never mix; a short one means that the disk is full.
      if (writeSync(descriptor, bytes) !== bytes.length)
        throw new Fault(`cannot write ${path}: the line was cut short`, {
          kind: 'io',
          code: 'PRIVATE_FILE_IO',
          hint: `check the free space of ${dirname(path)}`,
        });
    } finally {
      closeSync(descriptor);
    }
  });
