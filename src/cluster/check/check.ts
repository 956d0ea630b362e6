import type { Fault } from '../../base/fault.ts';
import type { Part, Snapshot } from './snapshot.ts';

/** What is wrong, with one thing. */
export interface Trouble {
  readonly severity: 'error' | 'warning';
  /** One sentence without final period that stands alone in a log. */
  readonly message: string;
  /** What to do about it, imperative. */
  readonly hint?: string;
  /** Istio's code for it, where it has one: `IST0142`. */
  readonly code?: string;
  /** `Namespace shop`; the cluster as a whole where absent. */
  readonly origin?: string;
}

/** One question about the health of a mesh. */
export interface HealthCheck {
  /** Stable, for scripts: `webhook-certificates`. */
  readonly id: string;
  /** The heading it stands under. */
  readonly category: string;
  /** What holds when nothing is wrong. */
  readonly title: string;
  /** What goes wrong in the mesh otherwise. */
  readonly why: string;
  /** Where Istio writes about it. */
  readonly docs: string;
  /** What it looks at; where one of them may not be seen, nothing is known. */
  readonly needs: readonly Part[];
  run(snapshot: Snapshot): readonly Trouble[];
}

/** The answer to one question. */
export interface CheckResult {
  readonly check: Pick<HealthCheck, 'id' | 'category' | 'title' | 'why' | 'docs'>;
  readonly status: 'ok' | 'warning' | 'error' | 'unknown';
  readonly troubles: readonly Trouble[];
  /** Why nothing is known. */
  readonly unseen: readonly Fault[];
}

const statusOf = (troubles: readonly Trouble[]): CheckResult['status'] => {
  if (troubles.some(({ severity }) => severity === 'error')) return 'error';
  return troubles.some(({ severity }) => severity === 'warning') ? 'warning' : 'ok';
};

/** Answers every question, in the order of the checks. */
export const runHealthChecks = (checks: readonly HealthCheck[], snapshot: Snapshot): readonly CheckResult[] =>
  checks.map((check) => {
    const unseen = [...new Set(check.needs.flatMap((part) => snapshot.unseen.get(part) ?? []))];
    if (unseen.length > 0) return { check, status: 'unknown', troubles: [], unseen };
    const troubles = check.run(snapshot);
    return { check, status: statusOf(troubles), troubles, unseen: [] };
  });
