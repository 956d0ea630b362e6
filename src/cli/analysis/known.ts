import { existsSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import {
  applyBaseline,
  type Baseline,
  baselineOf,
  type Compared,
  type IsSettled,
  printBaseline,
  pruneBaseline,
  renewBaseline,
} from '../../analysis/baseline.ts';
import type { Finding } from '../../analysis/finding.ts';
import { Fault } from '../../base/fault.ts';
import type { SourceText } from '../../yaml/source-text.ts';
import { loadBaseline, writeWhole } from './files.ts';
import type { Settings } from './settings.ts';

/** What becomes of the baseline's file. */
export type BaselineChange = 'none' | 'update' | 'prune';

/** Tells from the flags what becomes of the baseline; throws a usage Fault where they contradict each other. */
export const baselineChange = (isUpdated: boolean, isPruned: boolean): BaselineChange => {
  if (!isUpdated) return isPruned ? 'prune' : 'none';
  if (!isPruned) return 'update';
  throw new Fault('--update-baseline and --prune-baseline exclude each other', {
    kind: 'usage',
    code: 'CONFLICTING_FLAGS',
    hint: '--update-baseline drops what is gone, too',
  });
};

/** A baseline and what a run can say of it. */
export interface Known {
  readonly baseline: Baseline;
  /** Takes out what the baseline knows. */
  apply(findings: readonly Finding[]): Compared;
}

const NOTHING: Known = {
  baseline: baselineOf([], (file) => file),
  apply: (kept) => ({ kept, suppressed: [], problems: [] }),
};

/** Reads the baseline that the settings name, after changing its file by the findings of this run where asked to. */
export const loadKnown = async (
  findings: readonly Finding[],
  sources: readonly SourceText[],
  { baseline: path, codes }: Settings,
  change: BaselineChange,
  cwd: string,
): Promise<Known> => {
  if (path === undefined) {
    if (change === 'none') return NOTHING;
    throw new Fault(`--${change}-baseline needs --baseline`, {
      kind: 'usage',
      code: 'MISSING_FLAG',
      hint: `for example: --baseline heddle-baseline.json --${change}-baseline`,
    });
  }
  const file = resolve(cwd, path);
  const directory = dirname(file);
  // Relative to the baseline, so that it means the same from every directory.
  const nameOf = (name: string): string =>
    name === '-' ? name : relative(directory, resolve(cwd, name)).replaceAll('\\', '/');
  const read = new Set(sources.map(({ name }) => nameOf(name)));
  const isSettled: IsSettled = (name, code) =>
    (codes.has(code) || code === 'HED0001') &&
    (read.has(name) || (name !== '-' && !existsSync(resolve(directory, name))));
  const before = await loadBaseline(file, change === 'update');
  const now = baselineOf(findings, nameOf);
  const after = { none: () => before, update: renewBaseline, prune: pruneBaseline }[change](before, now, isSettled);
  if (change !== 'none') await writeWhole(file, printBaseline(after));
  return {
    baseline: after,
    apply: (found) => applyBaseline(found, after, nameOf, isSettled),
  };
};
