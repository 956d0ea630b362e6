import type { Problem } from '../../../base/problem.ts';
import type { Span } from '../../../base/span.ts';
import { escapeControls } from '../../../telemetry/access-log.ts';
import { createPlaces, type Format, repositoryPath } from './report.ts';

// GitHub's workflow commands: properties escape more than the message.
const data = (text: string): string =>
  text
    .split('\n')
    .map((line) => escapeControls(line).replaceAll('%', '%25'))
    .join('%0A');
const property = (text: string): string => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');

const COMMANDS = { error: 'error', warning: 'warning', info: 'notice' } as const;

/** One workflow command that puts a message at a place of a file. */
export const annotation = (
  level: Problem['severity'],
  title: string,
  message: string,
  span: Span | undefined,
): string => {
  const place =
    span === undefined
      ? []
      : [
          `file=${property(repositoryPath(span.file))}`,
          `line=${span.line}`,
          `endLine=${span.endLine}`,
          // Columns are only allowed where they are on one line.
          ...(span.line === span.endLine ? [`col=${span.column}`, `endColumn=${span.endColumn}`] : []),
        ];
  return `::${COMMANDS[level]} ${[...place, `title=${property(title)}`].join(',')}::${data(message)}\n`;
};

/** Annotations of GitHub Actions; documents that could not be read are among them. */
export const github: Format = (report) => {
  const placeOf = createPlaces(report);
  const { findings, problems } = report;
  return [
    ...problems
      .filter(({ severity }) => severity === 'error')
      .map(({ severity, code, message, span }) => annotation(severity, code, message, span)),
    ...findings.map((finding) => {
      const { level, code, origin, message, hint, span } = finding;
      const words = `${origin}: ${message}${hint === undefined ? '' : `\n${hint}`}`;
      return annotation(level, code, words, placeOf(finding) === undefined ? undefined : span);
    }),
  ].join('');
};
