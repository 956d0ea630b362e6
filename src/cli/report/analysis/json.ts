import { documentationUrl, type Format, levelName } from './report.ts';

/** The bare array of Istio's `-o json`: code, documentationUrl, level, message, origin, reference. */
export const jsonCompat: Format = ({ findings, lineOf }) => {
  const items = findings.map((finding) => ({
    code: finding.code,
    documentationUrl: documentationUrl(finding.code) ?? '',
    level: levelName(finding.level),
    message: finding.message,
    origin: finding.origin,
    reference: `${finding.span.file}:${lineOf(finding)}`,
  }));
  return `${JSON.stringify(items, null, '\t')}\n`;
};
