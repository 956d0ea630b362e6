import type { Span } from './span.ts';

export type Severity = 'error' | 'warning' | 'info';

/**
 * Something wrong, or not supported, in what the user wrote: a value, never thrown.
 * `code` is stable and upper snake case (`YAML_SYNTAX`, `UNKNOWN_FIELD`, `UNSUPPORTED_FIELD`, ...).
 */
export interface Problem {
  readonly severity: Severity;
  readonly code: string;
  /** One sentence without final period that stands alone in a log. */
  readonly message: string;
  readonly span?: Span;
  /** `VirtualService default/reviews`, when the problem belongs to an object. */
  readonly resource?: string;
  /** What to do about it, imperative. */
  readonly hint?: string;
}

/** Whether any of the problems forbids using the input. */
export const hasErrors = (problems: readonly Problem[]): boolean =>
  problems.some((problem) => problem.severity === 'error');
