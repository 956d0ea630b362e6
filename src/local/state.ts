import { randomUUID } from 'node:crypto';
import { link, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { Fault } from '../base/fault.ts';
import { makeDirectories } from '../ca/files.ts';

/**
 * Where a mesh keeps its CA, its lock and its admin token: `HEDDLE_STATE_DIR`, else `$XDG_STATE_HOME/heddle`, else
 * `~/.local/state/heddle`. Two directories are two meshes. Relative XDG paths are ignored, as that specification asks.
 */
export const stateDirectory = (env: Readonly<Record<string, string | undefined>>, cwd: string): string => {
  const own = env['HEDDLE_STATE_DIR'] ?? '';
  if (own !== '') return isAbsolute(own) ? own : join(cwd, own);
  const xdg = env['XDG_STATE_HOME'] ?? '';
  if (isAbsolute(xdg)) return join(xdg, 'heddle');
  return join(env['HOME'] ?? homedir(), '.local', 'state', 'heddle');
};

/** What a running mesh writes down so that other commands find it. */
interface MeshRecord {
  readonly pid: number;
  /** Differs at every start, so that an answer from another mesh on a reused port is recognised. */
  readonly startId: string;
  /** Path of the admin socket; undefined where its path would be too long for one. */
  readonly adminSocket: string | undefined;
  readonly adminPort: number;
  readonly gatewayPort: number;
  readonly paths: readonly string[];
}

/** The state directory of one mesh; every file in it is private to the user (0600 in 0700). */
export interface StateDir {
  readonly path: string;
  file(name: string): string;
  /** The text of a file; undefined when there is none. */
  read(name: string): Promise<string | undefined>;
  /** Replaces a file whole: a reader, or a crash, sees the old text or the new one. */
  write(name: string, text: string): Promise<void>;
  remove(name: string): Promise<void>;
  /** The record of the mesh that runs, or ran, here. */
  readRecord(): Promise<MeshRecord | undefined>;
  writeRecord(record: MeshRecord): Promise<void>;
  /** The admin token of this start; undefined when no mesh runs. */
  readToken(): Promise<string | undefined>;
  writeToken(token: string): Promise<void>;
  /**
   * Claims the directory for this process; throws MESH_RUNNING while another live process holds it. A claim whose
   * process is gone is taken over.
   */
  lock(pid: number): Promise<Lock>;
  /** The live process that holds the claim; undefined when the directory is free. */
  holder(): Promise<number | undefined>;
}

export interface Lock {
  release(): Promise<void>;
}

const RECORD = 'mesh.json';
const TOKEN = 'admin.token';
const LOCK = 'mesh.lock';

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

const unusable = (path: string, cause: unknown): Fault =>
  new Fault(`cannot use state directory ${path}: ${cause instanceof Error ? cause.message : String(cause)}`, {
    kind: codeOf(cause) === 'EACCES' || codeOf(cause) === 'EPERM' ? 'denied' : 'cannot-create',
    code: 'STATE_DIR',
    hint: 'set HEDDLE_STATE_DIR to a directory you own',
    cause,
  });

const notDirectory = (path: string): Fault =>
  new Fault(`state directory ${path} is not a directory`, {
    kind: 'cannot-create',
    code: 'STATE_DIR',
    hint: 'set HEDDLE_STATE_DIR to a directory you own',
  });

/** Refuses a directory others could plant files in: it holds the key of the mesh's root. Its files are 0600 anyway. */
const checkPrivate = async (path: string): Promise<void> => {
  const info = await stat(path);
  if (!info.isDirectory()) throw notDirectory(path);
  if (process.getuid !== undefined && info.uid !== process.getuid())
    throw new Fault(`state directory ${path} belongs to another user`, {
      kind: 'denied',
      code: 'STATE_DIR',
      hint: 'set HEDDLE_STATE_DIR to a directory you own',
    });
  if (process.platform !== 'win32' && (info.mode & 0o022) !== 0)
    throw new Fault(`state directory ${path} can be written by other users`, {
      kind: 'denied',
      code: 'STATE_DIR_OPEN',
      hint: `run: chmod go-w ${path}`,
    });
};

const writeAtomically = async (path: string, text: string): Promise<void> => {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
};

const readIfThere = async (path: string): Promise<string | undefined> => {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
};

/** Whether a process with this number exists, whoever owns it. */
const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
};

/**
 * When the process began, in the kernel's ticks: a reused number is another process. Empty where it cannot be told, and
 * for a zombie, which has ended and only waits for its parent to notice.
 */
const beginningOf = async (pid: number): Promise<string> => {
  const line = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The second field is the program's name in parentheses and may itself hold spaces: count from behind it.
  const [state = '', ...fields] = line.slice(line.lastIndexOf(')') + 2).split(' ');
  return state === 'Z' ? '' : (fields[18] ?? '');
};

interface Claim {
  readonly pid: number;
  readonly began: string;
}

const parseClaim = (text: string): Claim | undefined => {
  const [, pid, began = ''] = /^(\d+) (\d*)$/.exec(text) ?? [];
  return pid === undefined ? undefined : { pid: Number(pid), began };
};

const isHeld = async (claim: Claim): Promise<boolean> => {
  if (!isAlive(claim.pid)) return false;
  // Where the kernel told when the owner began, it must still tell the same.
  return claim.began === '' || (await beginningOf(claim.pid)) === claim.began;
};

/** Removing a dead claim takes no longer than this, unless its process was killed while at it. */
const TAKEOVER_MS = 5_000;

/**
 * Removes a dead claim if it is still the one that was seen. One process at a time may do so (the takeover file), or a
 * second one could remove the claim that a third has just made in its place. False when another is at it.
 */
const discardClaim = async (path: string, seen: string): Promise<boolean> => {
  const takeover = `${path}.takeover`;
  try {
    await (await open(takeover, 'wx', 0o600)).close();
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    const begunMs = await stat(takeover).then(
      ({ mtimeMs }) => mtimeMs,
      () => Date.now(),
    );
    if (Date.now() - begunMs > TAKEOVER_MS) await rm(takeover, { force: true });
    return false;
  }
  try {
    if ((await readIfThere(path)) === seen) await rm(path, { force: true });
    return true;
  } finally {
    await rm(takeover, { force: true });
  }
};

/** Younger files may belong to a process that is just writing them. */
const LEFTOVER_AGE_MS = 60_000;

/** Removes what killed processes left behind half-written. */
const sweep = async (directory: string): Promise<void> => {
  for (const name of await readdir(directory)) {
    if (!name.endsWith('.tmp')) continue;
    const path = join(directory, name);
    const age = await stat(path).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    );
    if (age > LEFTOVER_AGE_MS) await rm(path, { force: true });
  }
};

const ATTEMPTS = 1_000;
const RETRY_MS = 10;

const acquire = async (directory: string, pid: number): Promise<Lock> => {
  const path = join(directory, LOCK);
  const own = `${pid} ${await beginningOf(pid)}`;
  // Written beside and linked into place: the lock never exists without its owner's name in it.
  const prepared = `${path}.${randomUUID()}.tmp`;
  await writeAtomically(prepared, own);
  try {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      try {
        await link(prepared, path);
        await sweep(directory);
        return {
          release: async () => {
            if ((await readIfThere(path)) === own) await rm(path, { force: true });
          },
        };
      } catch (error) {
        if (codeOf(error) !== 'EEXIST') throw error;
      }
      const seen = await readIfThere(path);
      if (seen === undefined) continue;
      const claim = parseClaim(seen);
      if (claim !== undefined && (await isHeld(claim)))
        throw new Fault(`a mesh already runs with state directory ${directory} (process ${claim.pid})`, {
          kind: 'failure',
          code: 'MESH_RUNNING',
          hint: 'stop it with "heddle local down", or set HEDDLE_STATE_DIR to another directory for a second mesh',
        });
      if (!(await discardClaim(path, seen))) await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  } finally {
    await rm(prepared, { force: true });
  }
  throw new Fault(`cannot lock state directory ${directory}`, { kind: 'failure', code: 'STATE_DIR_LOCK' });
};

const stateDirAt = (path: string): StateDir => {
  const file = (name: string): string => join(path, name);
  const guarded = async <T>(effect: () => Promise<T>): Promise<T> => {
    try {
      return await effect();
    } catch (error) {
      throw error instanceof Fault ? error : unusable(path, error);
    }
  };
  const read = (name: string): Promise<string | undefined> => guarded(() => readIfThere(file(name)));
  const write = (name: string, text: string): Promise<void> => guarded(() => writeAtomically(file(name), text));
  return {
    path,
    file,
    read,
    write,
    remove: (name) => guarded(() => rm(file(name), { force: true })),
    readRecord: async () => {
      const text = await read(RECORD);
      return text === undefined ? undefined : parseRecord(text);
    },
    writeRecord: (record) => write(RECORD, `${JSON.stringify(record, null, 2)}\n`),
    readToken: async () => (await read(TOKEN))?.trim(),
    writeToken: (token) => write(TOKEN, `${token}\n`),
    lock: (pid) => guarded(() => acquire(path, pid)),
    holder: async () => {
      const claim = parseClaim((await read(LOCK)) ?? '');
      return claim !== undefined && (await isHeld(claim)) ? claim.pid : undefined;
    },
  };
};

/** Only heddle writes this file, but anything may have damaged it: a record that is not one is none. */
const parseRecord = (text: string): MeshRecord | undefined => {
  try {
    const value: unknown = JSON.parse(text);
    const isRecord =
      typeof value === 'object' && value !== null && 'pid' in value && 'startId' in value && 'adminPort' in value;
    return isRecord ? (value as MeshRecord) : undefined;
  } catch {
    return undefined;
  }
};

/** Opens the state directory, creating it 0700; throws a Fault when it cannot be made, or is not private. */
export const openStateDir = async (path: string): Promise<StateDir> => {
  try {
    makeDirectories(path);
    await checkPrivate(path);
  } catch (error) {
    // A file in the way, whether it is the last part of the path or an earlier one.
    if (codeOf(error) === 'EEXIST' || codeOf(error) === 'ENOTDIR') throw notDirectory(path);
    throw error instanceof Fault ? error : unusable(path, error);
  }
  return stateDirAt(path);
};

/** The state directory as it is, for commands that only look; undefined when there is none. */
export const findStateDir = async (path: string): Promise<StateDir | undefined> => {
  try {
    await checkPrivate(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined;
    throw error instanceof Fault ? error : unusable(path, error);
  }
  return stateDirAt(path);
};
