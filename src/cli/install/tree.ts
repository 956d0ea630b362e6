import type { Dirent } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { Fault } from '../../base/fault.ts';
import type { FileTree } from '../../install/chart/chart.ts';
import type { Io } from '../io.ts';
import { packageRoot } from '../package.ts';
import { isPackedChart, unpackChart } from './unpack.ts';

/** Directories below a manifests directory that charts and profiles are in, and the templates that heddle's charts share. */
const PARTS = ['charts', 'profiles', 'injection'];

const unreadable = (path: string, cause: unknown): Fault =>
  new Fault(`cannot read charts and profiles in ${path}`, {
    kind: 'input',
    code: 'NO_MANIFESTS',
    hint: 'name a directory that has charts and profiles, such as manifests of an Istio release',
    cause,
  });

const listFiles = async (directory: string): Promise<readonly Dirent[]> => {
  try {
    return (await readdir(directory, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return [];
    throw unreadable(directory, cause);
  }
};

/** Charts and profiles of a directory, of those that come with heddle where none is named; throws a Fault for neither. */
export const readTree = async (path: string | undefined, io: Io): Promise<FileTree> => {
  const root = path === undefined ? join(packageRoot(), 'templates') : resolve(io.cwd, path);
  const entries = (await Promise.all(PARTS.map((part) => listFiles(join(root, part))))).flat();
  if (entries.length === 0) throw unreadable(path ?? root, undefined);
  const texts = entries.map(async (entry): Promise<readonly (readonly [string, string])[]> => {
    const file = join(entry.parentPath, entry.name);
    const place = relative(root, file).split(sep).join('/');
    if (isPackedChart(place)) return unpackChart(place, await readFile(file));
    return [[place, await readFile(file, 'utf8')]];
  });
  return new Map((await Promise.all(texts)).flat());
};
