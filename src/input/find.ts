import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { suggest } from '../base/distance.ts';
import { Fault } from '../base/fault.ts';
import { matchesGlob } from '../base/glob.ts';
import { matchesPath } from '../base/path-glob.ts';

/** A file to read: `name` is fit for messages (as typed, or joined to what was typed), `path` is absolute. */
export interface InputFile {
  readonly name: string;
  readonly path: string;
}

const EXTENSIONS = ['.yaml', '.yml', '.json'];
const WILDCARD = /[*?]/;

const isConfigurationFile = (name: string): boolean => EXTENSIONS.some((extension) => name.endsWith(extension));
const isSkipped = (name: string): boolean => name.startsWith('.') || name === 'node_modules';

/** `special`: a pipe or device, which is read when the user names it and never otherwise, since it may have no end. */
type EntryKind = 'file' | 'directory' | 'special' | 'missing';

/** A path and how messages call it. */
type Located = InputFile;

interface Entry extends Located {
  readonly kind: EntryKind;
  /** The path without links. */
  readonly real: string;
}

/** The failure of a disk that refuses a file or directory. */
export const unreadable = (name: string, cause: unknown): Fault =>
  new Fault(`cannot read ${name}`, {
    kind: 'io',
    code: 'INPUT_UNREADABLE',
    hint: 'check that it exists and that you may read it',
    cause,
  });

const kindOf = async (path: string): Promise<EntryKind> => {
  try {
    const stats = await stat(path);
    if (stats.isDirectory()) return 'directory';
    return stats.isFile() ? 'file' : 'special';
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    // ELOOP and dangling links are entries nothing can be read from; a directory walk passes over them.
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP') return 'missing';
    throw unreadable(path, error);
  }
};

/** What an entry of a directory is; only links cost a look at the disk. */
const locate = async (directory: Located, realDirectory: string, entry: Dirent): Promise<Entry> => {
  const path = join(directory.path, entry.name);
  const name = join(directory.name, entry.name);
  if (!entry.isSymbolicLink()) {
    const kind = entry.isDirectory() ? 'directory' : entry.isFile() ? 'file' : 'special';
    return { name, path, kind, real: join(realDirectory, entry.name) };
  }
  const kind = await kindOf(path);
  return { name, path, kind, real: kind === 'missing' ? path : await resolveLinks({ name, path }) };
};

const list = async (directory: Located): Promise<readonly Dirent[]> => {
  try {
    const entries = await readdir(directory.path, { withFileTypes: true });
    return entries.toSorted((left, right) => (left.name < right.name ? -1 : 1));
  } catch (error) {
    throw unreadable(directory.name, error);
  }
};

const resolveLinks = async (found: Located): Promise<string> => {
  try {
    return await realpath(found.path);
  } catch (error) {
    throw unreadable(found.name, error);
  }
};

/** Whether an absolute path found in a directory is left out; never asked of what the user named itself. */
export type IsExcluded = (path: string) => boolean;

const takeAll: IsExcluded = () => false;

/** Collects files and the directories they were looked for in; each file and each directory's tree is taken once. */
class Search {
  readonly #isExcluded: IsExcluded;
  readonly files: InputFile[] = [];
  readonly directories = new Set<string>();
  /** Hits, those already taken included: what tells "nothing there" from "nothing new". */
  hits = 0;
  readonly #seen = new Set<string>();

  constructor(isExcluded: IsExcluded) {
    this.#isExcluded = isExcluded;
  }

  /** `real` is the file's path without links. */
  addFile(file: InputFile, real: string): void {
    this.hits++;
    if (this.#seen.has(real)) return;
    this.#seen.add(real);
    this.files.push(file);
  }

  async walk(directory: Located): Promise<void> {
    const real = await resolveLinks(directory);
    if (this.#seen.has(real)) {
      this.hits++;
      return;
    }
    this.#seen.add(real);
    this.directories.add(directory.path);
    for (const entry of await list(directory)) {
      if (isSkipped(entry.name)) continue;
      const found = await locate(directory, real, entry);
      if (this.#isExcluded(found.path)) continue;
      if (found.kind === 'directory') await this.walk(found);
      else if (found.kind === 'file' && isConfigurationFile(entry.name)) this.addFile(found, found.real);
    }
  }

  /** Takes what matches the segments below a directory; `ancestors` are the real directories a `**` went through. */
  async expand(directory: Located, segments: readonly string[], ancestors: readonly string[] = []): Promise<void> {
    const [segment, ...rest] = segments;
    const real = await resolveLinks(directory);
    if (segment === undefined || ancestors.includes(real)) return;
    this.directories.add(directory.path);
    if (segment === '**') await this.expand(directory, rest.length === 0 ? ['*'] : rest);
    for (const entry of await list(directory)) {
      const found = await locate(directory, real, entry);
      if (this.#isExcluded(found.path)) continue;
      if (segment === '**') {
        const isDeeper = found.kind === 'directory' && !isSkipped(entry.name);
        if (isDeeper) await this.expand(found, segments, [...ancestors, real]);
      } else if (matchesSegment(segment, entry.name)) {
        await this.#take(found, segment, rest);
      }
    }
  }

  async #take(found: Entry, segment: string, rest: readonly string[]): Promise<void> {
    if (found.kind === 'directory') await (rest.length > 0 ? this.expand(found, rest) : this.walk(found));
    else if (found.kind === 'file' && rest.length === 0 && isWanted(segment, found.path))
      this.addFile(found, found.real);
  }
}

const matchesSegment = (segment: string, entry: string): boolean =>
  (segment.startsWith('.') || !isSkipped(entry) || segment === entry) && matchesGlob(segment, entry, '?');

/** A pattern that spells the extension out gets what it asks for; `*` alone means configuration files. */
const isWanted = (segment: string, entry: string): boolean => /\.[^*?.]+$/.test(segment) || isConfigurationFile(entry);

/** Splits `a/b/*.yaml` into the directory before the first wildcard and the segments to match below it. */
const splitPattern = (pattern: string, cwd: string): { readonly base: Located; readonly segments: string[] } => {
  const parts = pattern.split(sep === '\\' ? /[\\/]/ : '/');
  const first = parts.findIndex((part) => WILDCARD.test(part));
  const prefix = parts.slice(0, first).join('/');
  const name = first > 0 && prefix === '' ? '/' : prefix;
  const segments = parts
    .slice(first)
    .filter((part, index, all) => part !== '' && (part !== '**' || all[index - 1] !== '**'));
  return { base: { name, path: resolve(cwd, name) }, segments };
};

const notFound = async (path: string, cwd: string): Promise<Fault> => {
  let missing = resolve(cwd, path);
  while (dirname(missing) !== missing && (await kindOf(dirname(missing))) !== 'directory') missing = dirname(missing);
  const siblings = await readdir(dirname(missing)).catch(() => []);
  const near = suggest(basename(missing), siblings);
  const rest = resolve(cwd, path).slice(missing.length);
  const typedHead = path.slice(0, Math.max(0, path.length - rest.length - basename(missing).length));
  return new Fault(`no such file or directory: ${path}`, {
    kind: 'usage',
    code: 'INPUT_NOT_FOUND',
    hint: near === undefined ? 'check the path' : `did you mean ${typedHead}${near}${rest}?`,
  });
};

const noMatch = (message: string): Fault =>
  new Fault(message, {
    kind: 'usage',
    code: 'INPUT_NO_MATCH',
    hint: 'name a file, or a directory with .yaml, .yml or .json files',
  });

const addInput = async (search: Search, path: string, cwd: string): Promise<void> => {
  const absolute = resolve(cwd, path);
  const input = { name: path, path: absolute };
  const hits = search.hits;
  const kind = await kindOf(absolute);
  if (kind === 'file' || kind === 'special') {
    search.directories.add(dirname(absolute));
    search.addFile(input, await resolveLinks(input));
  } else if (kind === 'directory') {
    await search.walk(input);
    if (search.hits === hits) throw noMatch(`no YAML or JSON file in ${path}`);
  } else if (WILDCARD.test(path)) {
    const { base, segments } = splitPattern(path, cwd);
    if ((await kindOf(base.path)) !== 'directory') throw await notFound(base.name, cwd);
    await search.expand(base, segments);
    if (search.hits === hits) throw noMatch(`no file matches ${path}`);
  } else {
    throw await notFound(path, cwd);
  }
};

/**
 * The files that paths, directories (recursively, sorted, hidden entries and node_modules left out) and patterns with
 * `*`, `**` and `?` name, each file once. Throws a Fault for what names nothing.
 */
export const findFiles = async (
  paths: readonly string[],
  cwd: string,
  isExcluded = takeAll,
): Promise<readonly InputFile[]> => {
  const search = new Search(isExcluded);
  for (const path of paths) await addInput(search, path, cwd);
  return search.files;
};

/**
 * Whether paths, directories and patterns would name a file (absolute) if it existed, by the rules of `findFiles` but for
 * links, which only a disk can follow: for files that are not there any more.
 */
export const wouldFind = (paths: readonly string[], cwd: string, isExcluded = takeAll): ((file: string) => boolean) => {
  const named = paths.map((path) => ({
    absolute: resolve(cwd, path),
    below: WILDCARD.test(path) ? resolve(cwd, splitPattern(path, cwd).base.path) : resolve(cwd, path),
    isPattern: WILDCARD.test(path),
  }));
  return (file) =>
    named.some(({ absolute, below, isPattern }) => {
      if (file === absolute) return true;
      if (!file.startsWith(below === sep ? sep : `${below}${sep}`) || isExcluded(file)) return false;
      const names = relative(below, file).split(sep);
      if (names.some(isSkipped)) return false;
      const isFitting = !isPattern || matchesPath(toSlashes(absolute), toSlashes(file));
      return isFitting && isWanted(isPattern ? basename(absolute) : '', file);
    });
};

const toSlashes = (path: string): string => path.replaceAll(sep, '/');

/** What there is to watch: files now, and every directory in which one may appear, change or be replaced. */
export interface Survey {
  readonly files: readonly InputFile[];
  readonly directories: readonly string[];
}

/** Like `findFiles`, but what names nothing yet is awaited in the nearest directory that exists. */
export const surveyInputs = async (paths: readonly string[], cwd: string, isExcluded = takeAll): Promise<Survey> => {
  const search = new Search(isExcluded);
  for (const path of paths) {
    await addInput(search, path, cwd).catch(async () => {
      let directory = dirname(resolve(cwd, path));
      while ((await kindOf(directory).catch(() => 'missing')) !== 'directory' && dirname(directory) !== directory) {
        directory = dirname(directory);
      }
      search.directories.add(directory);
    });
  }
  return { files: search.files, directories: [...search.directories] };
};
