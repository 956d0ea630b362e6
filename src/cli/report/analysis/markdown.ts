import { escapeControls } from '../../../telemetry/access-log.ts';
import { countLevels, createPlaces, documentationUrl, type Format, levelName } from './report.ts';

/** Text that means nothing to Markdown, tables and HTML. */
export const literal = (text: string): string =>
  escapeControls(text).replace(/[\\`*_{}[\]<>()#+!|~&]/g, (char) =>
    char === '<' ? '&lt;' : char === '&' ? '&amp;' : `\\${char}`,
  );

const linked = (code: string): string => {
  const url = documentationUrl(code);
  return url === undefined ? code : `[${code}](${url})`;
};

/** A table for a comment on a change. */
export const markdown: Format = (report) => {
  const { findings, problems } = report;
  const placeOf = createPlaces(report);
  const { error, warning, info } = countLevels(findings);
  const broken = problems.filter(({ severity }) => severity === 'error');
  const rows = findings.map(
    (finding) =>
      `| ${levelName(finding.level)} | ${linked(finding.code)} | ${literal(finding.origin)} | ${literal(finding.message)} | ${literal(placeOf(finding) ?? '-')} |\n`,
  );
  const table =
    rows.length === 0 ? '' : `\n| Level | Code | Object | Finding | Place |\n|---|---|---|---|---|\n${rows.join('')}`;
  const refused = broken.map(
    ({ code, message, span }) =>
      `- ${code} ${literal(message)}${span === undefined ? '' : ` (${literal(`${span.file}:${span.line}`)})`}\n`,
  );
  const unread = refused.length === 0 ? '' : `\nNot analyzed:\n\n${refused.join('')}`;
  return `## Analysis of Istio configuration\n\n${error} errors, ${warning} warnings, ${info} infos\n${table}${unread}`;
};
