import { type FSWatcher, watch } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { type IsExcluded, surveyInputs } from './find.ts';
import { STDIN } from './read.ts';

/** A running watch; `close` ends it at once and for good. */
export interface Watch {
  /** Resolves when every later change will be noticed. Read the sources after it, and none is missed. */
  readonly ready: Promise<void>;
  close(): void;
}

/** Editors write in several steps; a change is told when it has been quiet for this long. */
const QUIET_MS = 50;
/** A directory that is never quiet is looked at all the same. */
const PATIENCE_MS = 500;
const POLL_MS = 500;

/** One line per file that changes whenever its content may have: another inode is a file replaced by rename. */
const fingerprint = async (paths: readonly string[]): Promise<string> => {
  const lines = await Promise.all(
    paths.map(async (path) => {
      const stats = await stat(path, { bigint: true }).catch(() => undefined);
      return stats === undefined ? `${path}\0` : `${path}\0${stats.ino}\0${stats.size}\0${stats.mtimeNs}`;
    }),
  );
  return lines.join('\n');
};

class SourceWatch implements Watch {
  readonly ready: Promise<void>;
  readonly #paths: readonly string[];
  readonly #cwd: string;
  readonly #onChange: () => void;
  readonly #isExcluded: IsExcluded | undefined;
  readonly #watchers = new Map<string, FSWatcher>();
  #timer: NodeJS.Timeout | undefined;
  #poll: NodeJS.Timeout | undefined;
  #firstEventMs: number | undefined;
  #known: string | undefined;
  #isChecking = false;
  #isDirty = false;
  #isClosed = false;

  constructor(paths: readonly string[], onChange: () => void, cwd: string, isExcluded: IsExcluded | undefined) {
    this.#paths = paths;
    this.#cwd = cwd;
    this.#onChange = onChange;
    this.#isExcluded = isExcluded;
    this.ready = this.#check();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    clearInterval(this.#poll);
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  readonly #noticed = (): void => {
    if (this.#isClosed) return;
    const now = performance.now();
    this.#firstEventMs ??= now;
    const patience = Math.max(0, PATIENCE_MS - (now - this.#firstEventMs));
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#check(), Math.min(QUIET_MS, patience));
  };

  /** Looks at the disk, moves the watchers to the directories there are now, and tells of a change. */
  async #check(): Promise<void> {
    if (this.#isChecking) {
      this.#isDirty = true;
      return;
    }
    this.#isChecking = true;
    this.#firstEventMs = undefined;
    const survey = await surveyInputs(this.#paths, this.#cwd, this.#isExcluded);
    const hasMoved = this.#isClosed ? false : this.#rearm(survey.directories);
    const seen = await fingerprint(survey.files.map((file) => file.path));
    this.#isChecking = false;
    if (this.#isClosed) return;
    const isChange = this.#known !== undefined && this.#known !== seen;
    this.#known = seen;
    // What changed between the look and the new watcher has sent no event.
    if (hasMoved || this.#isDirty) this.#noticed();
    this.#isDirty = false;
    if (isChange) this.#onChange();
  }

  /** Watches exactly these directories; answers whether one was added. */
  #rearm(directories: readonly string[]): boolean {
    for (const [directory, watcher] of this.#watchers) {
      if (directories.includes(directory)) continue;
      watcher.close();
      this.#watchers.delete(directory);
    }
    let hasMoved = false;
    for (const directory of directories) {
      if (this.#watchers.has(directory)) continue;
      hasMoved = this.#arm(directory) || hasMoved;
    }
    return hasMoved;
  }

  #arm(directory: string): boolean {
    try {
      const watcher = watch(directory, this.#noticed);
      const drop = (): void => {
        watcher.close();
        if (this.#watchers.get(directory) === watcher) this.#watchers.delete(directory);
        this.#noticed();
      };
      watcher.on('error', drop);
      // The directory itself was removed or replaced; another of the same name has to be watched anew.
      watcher.on('change', (event, name) => {
        if (event === 'rename' && (name === null || name === basename(directory))) drop();
      });
      this.#watchers.set(directory, watcher);
      return true;
    } catch {
      // Out of watches, or a file system that has none: look now and then instead.
      this.#poll ??= setInterval(() => void this.#check(), POLL_MS);
      return false;
    }
  }
}

/**
 * Calls `onChange` after the files behind paths, directories and patterns have changed, appeared, vanished or been
 * replaced (editors write a temporary file and rename it), once per burst. Standard input is ignored. Falls back to
 * looking twice a second where the system cannot watch. Keeps the process alive until closed.
 */
export const watchSources = (
  paths: readonly string[],
  onChange: () => void,
  cwd = '.',
  isExcluded?: IsExcluded,
): Watch =>
  new SourceWatch(
    paths.filter((path) => path !== STDIN),
    onChange,
    cwd,
    isExcluded,
  );
