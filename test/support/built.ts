import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');
const lock = join(root, 'node_modules', '.heddle-build');

/** The program as users run it. */
export const HEDDLE = join(root, 'bin', 'heddle.js');

const newest = (directory: string): number =>
  Math.max(
    ...readdirSync(directory, { recursive: true, encoding: 'utf8' }).map(
      (file) => statSync(join(directory, file)).mtimeMs,
    ),
  );

const isFresh = (): boolean => {
  try {
    return statSync(join(root, 'dist', 'main.js')).mtimeMs >= newest(join(root, 'src'));
  } catch {
    return false;
  }
};

const tryLock = (): boolean => {
  try {
    mkdirSync(lock);
    return true;
  } catch {
    return false;
  }
};

/** Builds the program if a source is newer than it; test files that want it at the same time take turns. */
export const ensureBuilt = async (): Promise<void> => {
  for (let turn = 0; !isFresh() && turn < 600; turn++) {
    if (!tryLock()) {
      await new Promise((later) => setTimeout(later, 100));
      continue;
    }
    try {
      if (!isFresh()) execFileSync('npm', ['run', '--silent', 'build'], { cwd: root, stdio: 'pipe' });
    } finally {
      rmdirSync(lock);
    }
  }
};
