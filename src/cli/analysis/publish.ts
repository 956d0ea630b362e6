import { resolve } from 'node:path';
import type { Context, Output } from '../command.ts';
import { PLAIN } from '../output.ts';
import { FORMATS } from '../report/analysis/formats.ts';
import { countLevels, type Page, type Report } from '../report/analysis/report.ts';
import { writeWhole } from './files.ts';

const FOR_PEOPLE = new Set(['pretty', 'concise', 'log']);

const render = async (format: string, report: Report, page: Page): Promise<string> => {
  const load = FORMATS.get(format);
  return load === undefined ? '' : (await load())(report, page);
};

const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`;

/** `, 3 fixable with --fix (2 safe, 1 unsafe)` */
const fixableOf = (findings: Report['findings']): string => {
  const fixes = findings.flatMap(({ fix }) => fix ?? []);
  const safe = fixes.filter(({ isSafe }) => isSafe).length;
  return fixes.length === 0 ? '' : `, ${fixes.length} fixable with --fix (${safe} safe, ${fixes.length - safe} unsafe)`;
};

/** `✖ 3 errors, 2 warnings in 14 files (1 suppressed), 2 fixable with --fix (1 safe, 1 unsafe)` */
const summaryOf = ({ findings, suppressed, problems, sources, live }: Report): string => {
  const { error, warning, info } = countLevels(findings);
  const counted = [
    [error, 'error'],
    [warning, 'warning'],
    [info, 'info'],
    [problems.filter(({ severity }) => severity === 'error').length, 'unreadable object'],
  ] as const;
  const parts = counted.flatMap(([count, word]) => (count === 0 ? [] : [plural(count, word)]));
  const silenced = suppressed.length === 0 ? '' : ` (${suppressed.length} suppressed)`;
  const head = parts.length === 0 ? '✔ no findings' : `✖ ${parts.join(', ')}`;
  const read = [
    ...(live.length === 0 ? [] : [`${plural(live.length, 'object')} of the cluster`]),
    ...(live.length > 0 && sources.length === 0 ? [] : [plural(sources.length, 'file')]),
  ];
  return `${head} in ${read.join(' and ')}${silenced}${fixableOf(findings)}`;
};

/** How a report is written beside what it says. */
export interface Publication {
  readonly outputs: readonly Output[];
  /** Whether annotations are written in GitHub Actions. */
  readonly annotates: boolean;
  /** Others follow it in the same stream: a JSON document takes one line. */
  readonly isRepeated: boolean;
}

/** One line of the documents of a stream, NDJSON. */
const onOneLine = (text: string): string => `${JSON.stringify(JSON.parse(text))}\n`;

/**
 * Writes the report in every format asked for: `pretty` to a terminal and Istio's lines into a pipe where none is.
 * In GitHub Actions annotations go to standard error, which the runner reads as well, so that the answer stays whole.
 */
export const publish = async (context: Context, report: Report, publication: Publication): Promise<void> => {
  const { io, out, err, quiet } = context;
  const usual: Output = { format: out.isTty ? 'pretty' : 'log', file: undefined };
  const outputs = publication.outputs.length > 0 ? publication.outputs : [usual];
  // Files first: when one cannot be written, the failure is all there is on standard output.
  for (const { format, file } of outputs)
    if (file !== undefined)
      await writeWhole(resolve(io.cwd, file), await render(format, report, { paint: PLAIN, columns: undefined }));
  for (const { format, file } of outputs) {
    if (file !== undefined) continue;
    const text = await render(format, report, { paint: out.paint, columns: io.stdout.columns });
    out.write(publication.isRepeated && format.startsWith('json') ? onOneLine(text) : text);
  }
  const isAsked = outputs.some(({ format }) => format === 'github');
  if (publication.annotates && io.env['GITHUB_ACTIONS'] === 'true' && !isAsked)
    err.write(await render('github', report, { paint: PLAIN, columns: undefined }));
  const isForPeople = outputs.every(({ format, file }) => file !== undefined || FOR_PEOPLE.has(format));
  if (isForPeople && !quiet) err.line(summaryOf(report));
};
