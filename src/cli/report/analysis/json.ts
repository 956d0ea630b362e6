import type { Finding } from '../../../analysis/finding.ts';
import { fingerprintOf } from '../../../analysis/fingerprint.ts';
import { countLevels, createPlaces, documentationUrl, type Format, levelName, type Report } from './report.ts';

/** The bare array of Istio's `-o json`: code, documentationUrl, level, message, origin, reference. */
export const jsonCompat: Format = (report) => {
  const placeOf = createPlaces(report);
  const items = report.findings.map((finding) => ({
    code: finding.code,
    documentationUrl: documentationUrl(finding.code) ?? '',
    level: levelName(finding.level),
    message: finding.message,
    origin: finding.origin,
    reference: placeOf(finding),
  }));
  return `${JSON.stringify(items, null, '\t')}\n`;
};

const itemOf = (finding: Finding, placeOf: (finding: Finding) => string | undefined) => {
  const { code, level, message, origin, span, resource, labels, effect, hint, fix } = finding;
  const url = documentationUrl(code);
  return {
    code,
    level: levelName(level),
    message,
    origin,
    reference: placeOf(finding),
    span,
    ...(resource && { resource: { kind: resource.kind, namespace: resource.namespace, name: resource.name } }),
    ...(labels.length > 0 && { related: labels }),
    ...(effect !== undefined && { effect }),
    ...(hint !== undefined && { hint }),
    ...(fix !== undefined && { fix: { title: fix.title, safe: fix.isSafe, edits: fix.edits } }),
    ...(url !== undefined && { documentationUrl: url }),
    fingerprint: fingerprintOf(finding),
  };
};

const documentOf = (report: Report) => {
  const { findings, suppressed, problems, sources } = report;
  const { error, warning, info } = countLevels(findings);
  const placeOf = createPlaces(report);
  return {
    apiVersion: 'heddle/v1',
    kind: 'AnalysisReport',
    summary: {
      errors: error,
      warnings: warning,
      infos: info,
      suppressed: suppressed.length,
      problems: problems.length,
      files: sources.length,
      ...(report.live.length > 0 && { liveObjects: report.live.length }),
    },
    items: findings.map((finding) => itemOf(finding, placeOf)),
    suppressed: suppressed.map(({ finding, by, reason }) => ({
      by,
      ...(reason !== undefined && { reason }),
      finding: itemOf(finding, placeOf),
    })),
    problems,
  };
};

/** The versioned envelope: kind AnalysisReport. */
export const json: Format = (report) => `${JSON.stringify(documentOf(report), null, 2)}\n`;

/** The same document as YAML. */
export const yaml: Format = async (report) =>
  // Through JSON, which leaves out what is undefined.
  (await import('../../../yaml/print.ts')).printYaml(JSON.parse(JSON.stringify(documentOf(report))));
