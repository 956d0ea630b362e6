import { constants } from 'node:fs';
import { access, realpath, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type FixResult, fixSources, type Judge } from '../../analysis/fix.ts';
import { Fault } from '../../base/fault.ts';
import { STDIN } from '../../input/read.ts';
import { escapeControls } from '../../telemetry/access-log.ts';
import type { SourceText } from '../../yaml/source-text.ts';
import type { Context } from '../command.ts';
import type { Printer } from '../output.ts';
import { writeWhole } from './files.ts';
import { unifiedDiff } from './fix-diff.ts';

/** What `--fix` is to do. */
export interface Fixing {
  readonly unsafe: boolean;
  /** Shows what would change, and writes nothing. */
  readonly isDryRun: boolean;
}

interface Flags {
  readonly fix: boolean;
  readonly unsafe: boolean;
  readonly dryRun: boolean;
  readonly watch: boolean;
  readonly updateBaseline: boolean;
  readonly pruneBaseline: boolean;
}

const CONFLICTS = [
  ['watch', '--watch'],
  ['updateBaseline', '--update-baseline'],
  ['pruneBaseline', '--prune-baseline'],
] as const;

/** What the flags want fixed; undefined without `--fix`. Throws a usage Fault for flags that need it or exclude it. */
export const fixing = (flags: Flags): Fixing | undefined => {
  if (flags.fix) {
    const other = CONFLICTS.find(([key]) => flags[key]);
    if (other === undefined) return { unsafe: flags.unsafe, isDryRun: flags.dryRun };
    throw new Fault(`--fix and ${other[1]} exclude each other`, {
      kind: 'usage',
      code: 'CONFLICTING_FLAGS',
      hint: `run with --fix first, then with ${other[1]}`,
    });
  }
  if (!flags.unsafe && !flags.dryRun) return undefined;
  throw new Fault(`${flags.unsafe ? '--unsafe' : '--dry-run'} needs --fix`, {
    kind: 'usage',
    code: 'MISSING_FLAG',
    hint: 'for example: heddle analyze --fix --dry-run ./k8s',
  });
};

/** Whether standard output belongs to the fixed text or the difference, so that reports go to standard error. */
export const takesOutput = (fixing: Fixing | undefined, paths: readonly string[]): boolean =>
  fixing !== undefined && (fixing.isDryRun || paths.includes(STDIN));

interface Target {
  /** Without links. */
  readonly path: string;
  readonly mode: number;
}

const refuse = (name: string, reason: string, cause?: unknown): Fault =>
  new Fault(`cannot fix ${name}: ${reason}`, {
    kind: 'cannot-create',
    code: 'FILE_NOT_WRITTEN',
    hint: 'nothing was written; --dry-run shows what would change',
    cause,
  });

/** The file to replace behind a name; throws a Fault for what is no file or may not be written. */
const targetOf = async (name: string, cwd: string): Promise<Target> => {
  try {
    const path = await realpath(resolve(cwd, name));
    const stats = await stat(path);
    if (!stats.isFile()) throw refuse(name, 'it is no file');
    await access(path, constants.W_OK);
    return { path, mode: stats.mode & 0o7777 };
  } catch (cause) {
    throw cause instanceof Fault ? cause : refuse(name, 'it may not be written', cause);
  }
};

/** Writes files whole, links and modes kept, and standard input's text to standard output. */
const write = async (changed: readonly SourceText[], sources: readonly SourceText[], { io, out }: Context) => {
  const files = changed.filter(({ name }) => name !== STDIN);
  const targets = await Promise.all(files.map(({ name }) => targetOf(name, io.cwd)));
  for (const [index, { path, mode }] of targets.entries()) await writeWhole(path, files[index]?.text ?? '', mode);
  const stdin = sources.find(({ name }) => name === STDIN);
  if (stdin !== undefined) out.write(stdin.text);
};

const printDiff = (before: SourceText, after: SourceText, { paint, isTty, line }: Printer): void => {
  const [from, to, ...rest] = unifiedDiff(before.name, before.text, after.text);
  if (from === undefined || to === undefined) return;
  // A file must not move the cursor of a terminal; a pipe gets what patch can apply.
  const shown = (text: string): string => (isTty ? escapeControls(text) : text);
  for (const text of [from, to]) line(paint.bold(shown(text)));
  for (const text of rest) {
    const brush = { '@': paint.cyan, '-': paint.red, '+': paint.green }[text.charAt(0)];
    line(brush === undefined ? shown(text) : brush(shown(text)));
  }
};

const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`;

/** Fixes texts and writes them, or shows the difference; answers the texts as they are, or would be, afterwards. */
export const fixTexts = async (
  sources: readonly SourceText[],
  judge: Judge,
  { unsafe, isDryRun }: Fixing,
  context: Context,
): Promise<FixResult> => {
  const result = await fixSources(sources, judge, { unsafe });
  const pairs = sources.flatMap((before, index) => {
    const after = result.sources[index];
    return after === undefined || after.text === before.text ? [] : [{ before, after }];
  });
  if (isDryRun) for (const { before, after } of pairs) printDiff(before, after, context.out);
  else
    await write(
      pairs.map(({ after }) => after),
      result.sources,
      context,
    );
  if (!context.quiet && result.fixed.length > 0) {
    const verb = isDryRun ? 'would fix' : 'fixed';
    context.err.line(`✔ ${verb} ${plural(result.fixed.length, 'finding')} in ${plural(pairs.length, 'file')}`);
  }
  return result;
};
