import { relative, resolve } from 'node:path';
import { Fault } from '../../base/fault.ts';
import type { Problem } from '../../base/problem.ts';
import { readSources, STDIN } from '../../input/read.ts';
import { compareMeshes } from '../../traffic/difference/difference.ts';
import type { SourceText } from '../../yaml/source-text.ts';
import { openRevision } from '../analysis/revision.ts';
import { sourcesAt } from '../analysis/since.ts';
import type { Context } from '../command.ts';
import { EXIT } from '../exit.ts';
import { loadMesh } from '../explain/load-mesh.ts';
import { printDocument } from '../output.ts';
import { markdown } from './markdown.ts';
import { pretty } from './pretty.ts';
import { summaryOf } from './text.ts';

interface Options {
  readonly base: string | undefined;
  readonly exitCode: boolean;
  readonly breaking: boolean;
}

/** Answers `heddle diff OLD NEW` and `heddle diff --base REV PATH...`. */
export const runDiff = async (context: Context, args: readonly string[], options: Options): Promise<number> => {
  const [oldTexts, newTexts] = await readBoth(context, args, options.base);
  const [before, after] = [await loadMesh(oldTexts), await loadMesh(newTexts)];
  const difference = compareMeshes(before.view, after.view);
  const notes = [...notesOf('old', before.problems), ...notesOf('new', after.problems)];
  const document = { kind: 'BehaviourDiff', summary: summaryOf(difference), ...difference, notes };
  if (context.format === 'markdown') context.out.write(markdown(document));
  else await printDocument(context, document, () => pretty(document, context.out.paint));
  if (context.format !== 'json' && context.format !== 'yaml')
    for (const { side, message, source } of notes)
      context.err.line(`${side}: ${source === undefined ? '' : `${source}: `}${message}`);
  const { changes } = difference;
  if (options.breaking) return changes.some(({ impact }) => impact === 'breaking') ? EXIT.drift : EXIT.ok;
  return options.exitCode && changes.length > 0 ? EXIT.drift : EXIT.ok;
};

const readBoth = async (
  { io }: Context,
  args: readonly string[],
  base: string | undefined,
): Promise<readonly [readonly SourceText[], readonly SourceText[]]> => {
  const input = { stdin: io.stdin, cwd: io.cwd };
  if (base === undefined) {
    const [old, now] = args;
    if (old === undefined || now === undefined || args.length > 2)
      throw new Fault('heddle diff needs two configurations', {
        kind: 'usage',
        code: 'MISSING_ARGUMENT',
        hint: 'heddle diff OLD NEW, or heddle diff --base REV PATH...; several paths in one are joined by commas',
      });
    return [await readSources(old.split(','), input), await readSources(now.split(','), input)];
  }
  const paths = args.length === 0 ? ['.'] : args;
  if (paths.includes(STDIN))
    throw new Fault('--base cannot tell what standard input was before', {
      kind: 'usage',
      code: 'CONFLICTING_FLAGS',
      hint: 'name files of the repository, or OLD and NEW',
    });
  const then = await sourcesAt(await openRevision(base, io), paths, io.cwd);
  const named = then.map(({ name, text }) => ({ name: `${base}:${relative(resolve(io.cwd), name)}`, text }));
  return [named, await readSources(paths, input)];
};

/** Objects left out of the comparison because Istio would refuse them. */
const notesOf = (side: 'old' | 'new', problems: readonly Problem[]) =>
  problems
    .filter(({ severity }) => severity === 'error')
    .map(({ message, span, resource }) => ({
      side,
      message: resource === undefined ? message : `${resource}: ${message}`,
      ...(span === undefined ? {} : { source: `${span.file}:${span.line}` }),
    }));
