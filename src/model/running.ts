import type { Problem } from '../base/problem.ts';
import type { SourceText } from '../yaml/source-text.ts';
import type { Resource } from './resource.ts';

/** How texts that stand for a running cluster's objects are treated beside texts that somebody wrote. */
export interface Running {
  readonly has: (resource: Pick<Resource, 'span'>) => boolean;
  /** A cluster took its objects: what cannot be read of one is heddle's loss, and doubts about the rest are idle. */
  readonly soften: (problem: Problem) => readonly Problem[];
}

/** Tells the objects of these texts, one a text, from all others. */
export const createRunning = (sources: readonly SourceText[]): Running => {
  const names = new Set(sources.map(({ name }) => name));
  return {
    has: ({ span }) => names.has(span.file),
    soften: (problem) => {
      if (!names.has(problem.span?.file ?? '')) return [problem];
      return problem.severity === 'error' ? [{ ...problem, severity: 'warning' }] : [];
    },
  };
};
