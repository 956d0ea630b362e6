import type { Finding } from '../../analysis/finding.ts';
import type { Problem } from '../../base/problem.ts';
import { formatSpan, type Span } from '../../base/span.ts';

const placeOf = (resource: string, span: Span): string =>
  `${resource} ${formatSpan(span)} ${span.endLine}:${span.endColumn}`;

/**
 * Problems without the reservations that a finding already states of the same stretch of the same object: Istio's words
 * win. Errors stay, because they tell why an object was left out.
 */
export const withoutRepeats = (problems: readonly Problem[], findings: readonly Finding[]): readonly Problem[] => {
  const told = new Set(
    findings.flatMap(({ origin, span, labels }) =>
      [span, ...labels.map((label) => label.span)].map((at) => placeOf(origin, at)),
    ),
  );
  return problems.filter(
    ({ severity, resource, span }) =>
      severity === 'error' || resource === undefined || span === undefined || !told.has(placeOf(resource, span)),
  );
};
