import type { Problem } from '../../base/problem.ts';
import { shorten } from '../../base/shorten.ts';
import { formatSpan } from '../../base/span.ts';
import { escapeControls } from '../../telemetry/access-log.ts';
import { codeFrame } from '../../yaml/frame.ts';
import type { SourceText } from '../../yaml/source-text.ts';
import type { Printer } from '../output.ts';

/** Code frames of one command are plenty; the rest is one line each. */
const MAX_FRAMES = 20;

const headline = (problem: Problem, { paint }: Printer): string => {
  const color = { error: paint.red, warning: paint.yellow, info: paint.cyan }[problem.severity];
  return `${color(`${problem.severity}[${problem.code}]`)} ${paint.bold(escapeControls(shorten(problem.message)))}`;
};

const printOne = (problem: Problem, source: SourceText | undefined, err: Printer): void => {
  err.line(headline(problem, err));
  if (problem.span !== undefined) {
    const title = problem.resource === undefined ? {} : { title: problem.resource };
    const { dim, cyan, red } = err.paint;
    const style = { gutter: dim, location: cyan, mark: red };
    if (source === undefined) err.line(`  at ${formatSpan(problem.span)}  ${problem.resource ?? ''}`.trimEnd());
    else err.line(codeFrame(source, problem.span, { ...title, style }));
  } else if (problem.resource !== undefined) err.line(`  in ${problem.resource}`);
  if (problem.hint !== undefined) err.line(`  Try: ${escapeControls(shorten(problem.hint))}`);
};

/** Shows problems of the input in their order, each with its lines where the text is at hand. */
export const printProblems = (problems: readonly Problem[], sources: readonly SourceText[], err: Printer): void => {
  const byName = new Map(sources.map((source) => [source.name, source]));
  for (const [at, problem] of problems.entries())
    printOne(problem, at < MAX_FRAMES ? byName.get(problem.span?.file ?? '') : undefined, err);
};
