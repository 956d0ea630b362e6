import { fingerprintOf } from '../../../analysis/fingerprint.ts';
import { type Format, repositoryPath } from './report.ts';

const SEVERITIES = { error: 'critical', warning: 'major', info: 'info' } as const;

/** GitLab's code quality report: a list of issues, each with a fingerprint of its own. */
export const gitlab: Format = ({ findings, problems }) => {
  const seen = new Map<string, number>();
  /** GitLab drops all but one of equal fingerprints; the second of a kind gets a number. */
  const unique = (fingerprint: string): string => {
    const count = seen.get(fingerprint) ?? 0;
    seen.set(fingerprint, count + 1);
    return count === 0 ? fingerprint : `${fingerprint}-${count}`;
  };
  const broken = problems.filter(({ severity, span }) => severity === 'error' && span !== undefined);
  const issues = [
    ...broken.map(({ code, message, span, resource }) => ({
      code,
      description: message,
      severity: 'blocker',
      span,
      key: fingerprintOf({ code, origin: resource ?? '', message }),
    })),
    ...findings.map((finding) => ({
      code: finding.code,
      description: `${finding.origin}: ${finding.message}`,
      severity: SEVERITIES[finding.level],
      span: finding.span,
      key: fingerprintOf(finding),
    })),
  ].map(({ code, description, severity, span, key }) => {
    const path = repositoryPath(span?.file ?? '');
    return {
      description,
      check_name: code,
      fingerprint: unique(`${fingerprintOf({ code: path, origin: '', message: '' })}${key}`),
      severity,
      location: { path, lines: { begin: span?.line ?? 1, end: span?.endLine ?? 1 } },
    };
  });
  return `${JSON.stringify(issues, null, 2)}\n`;
};
