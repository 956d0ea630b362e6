import type { Finding, SecondaryLabel } from '../../../analysis/finding.ts';
import { formatSpan, type Span } from '../../../base/span.ts';
import { escapeControls } from '../../../telemetry/access-log.ts';
import { codeFrame } from '../../../yaml/frame.ts';
import type { SourceText } from '../../../yaml/source-text.ts';
import type { Format, Page } from './report.ts';

const WIDEST = 100;

const isInside = (inner: Span, outer: Span): boolean =>
  inner.file === outer.file && inner.line >= outer.line && inner.endLine <= outer.endLine;

/** The label to show in the frame: of a finding about a whole object, the first place inside that is labelled. */
const pictured = ({ span, labels }: Finding): SecondaryLabel | undefined =>
  span.line === span.endLine ? undefined : labels.find((label) => isInside(label.span, span));

/** What to do, and with which flags heddle does it. */
const adviceOf = ({ hint, fix }: Finding): string | undefined => {
  if (fix === undefined) return hint;
  return `${hint ?? fix.title}   apply with --fix${fix.isSafe ? '' : ' --unsafe'}`;
};

/** The lines under a frame: other places, effect, hint. The last one closes the box. */
const details = (
  finding: Finding,
  shown: SecondaryLabel | undefined,
): readonly (readonly [name: string, text: string])[] => {
  const { labels, effect, code } = finding;
  const advice = adviceOf(finding);
  return [
    ...labels
      .filter((label) => label !== shown)
      .map((label) => ['related', `${formatSpan(label.span)} ${label.text}`] as const),
    ...(effect === undefined ? [] : [['effect', effect] as const]),
    ...(advice === undefined ? [] : [['fix', advice] as const]),
    ['explain', `heddle explain ${code}`],
  ];
};

const block = (finding: Finding, source: SourceText | undefined, { paint, columns }: Page): string => {
  const { level, code, message, origin } = finding;
  const label = pictured(finding);
  const span = label?.span ?? finding.span;
  const color = { error: paint.red, warning: paint.yellow, info: paint.cyan }[level];
  const style = { gutter: paint.dim, location: paint.cyan, mark: color };
  const margin = ' '.repeat(String(span.line).length);
  const width = Math.min(WIDEST, Math.max(20, (columns ?? WIDEST) - margin.length - 2));
  // The whole object is to blame where no field is: its first line says enough.
  const shown = span.line === span.endLine ? span : { ...span, endLine: span.line, endColumn: span.column + 1 };
  const rows = details(finding, label);
  return [
    `${color(`${level}[${code}]`)} ${paint.bold(escapeControls(message))}`,
    source === undefined
      ? `${margin}${paint.dim('╭─')}${paint.cyan(`[${formatSpan(span)}]`)}  ${origin}`
      : codeFrame(source, shown, {
          title: escapeControls(origin),
          style,
          width,
          ...(label && { label: escapeControls(label.text) }),
        }),
    ...rows.map(([name, text], at) => {
      const corner = at === rows.length - 1 ? '╰─' : '├─';
      return `${margin}${paint.dim(corner)} ${paint.dim(name.padEnd(8))} ${escapeControls(text)}`;
    }),
    '',
    '',
  ].join('\n');
};

/** A code frame per finding with what else belongs to it, for people. */
export const pretty: Format = ({ findings, sources, live }, page) => {
  const byName = new Map([...sources, ...live].map((source) => [source.name, source]));
  return findings.map((finding) => block(finding, byName.get(finding.span.file), page)).join('');
};
