import { randomUUID } from 'node:crypto';
import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Baseline, EMPTY_BASELINE, readBaseline } from '../../analysis/baseline.ts';
import { Fault } from '../../base/fault.ts';

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'UNKNOWN';

/** Writes a file whole or not at all, with a mode where one is to be kept; throws a Fault where it cannot be created. */
export const writeWhole = async (path: string, text: string | Uint8Array, mode?: number): Promise<void> => {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(temporary, text, { mode: mode ?? 0o666 });
    if (mode !== undefined) await chmod(temporary, mode);
    await rename(temporary, path);
  } catch (cause) {
    // What could not be created may have no path to remove either.
    await rm(temporary, { force: true }).catch(() => undefined);
    throw new Fault(`cannot write ${path} (${codeOf(cause)})`, {
      kind: 'cannot-create',
      code: 'FILE_NOT_WRITTEN',
      hint: 'name a file in a directory you may write to',
      cause,
    });
  }
};

const notABaseline = (path: string, cause?: unknown): Fault =>
  new Fault(`${path} is no baseline of heddle`, {
    kind: 'config',
    code: 'BAD_BASELINE',
    hint: 'name another file, or delete it and write a new one with --update-baseline',
    cause,
  });

/** Reads a baseline; a missing one is empty where it is about to be written. */
export const loadBaseline = async (path: string, isUpdate: boolean): Promise<Baseline> => {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if (isUpdate && codeOf(cause) === 'ENOENT') return EMPTY_BASELINE;
    throw new Fault(`cannot read baseline ${path} (${codeOf(cause)})`, {
      kind: 'usage',
      code: 'BASELINE_NOT_FOUND',
      hint: '--update-baseline writes it',
      cause,
    });
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw notABaseline(path, cause);
  }
  const baseline = readBaseline(json);
  if (baseline === undefined) throw notABaseline(path);
  return baseline;
};
