import { formatSpan } from '../../base/span.ts';
import type { LocatedOutcome } from '../../inject/preserve-stream.ts';
import { renderTable } from '../table.ts';

const nameOf = ({ namespace, name }: LocatedOutcome): string => (namespace === '' ? name : `${namespace}/${name}`);

/** What became of each workload, for `-o json`. */
export const injectionReport = (outcomes: readonly LocatedOutcome[]) => ({
  kind: 'InjectionReport',
  summary: {
    workloads: outcomes.length,
    injected: outcomes.filter(({ injected }) => injected).length,
    skipped: outcomes.filter(({ injected }) => !injected).length,
    changed: outcomes.filter(({ changes }) => changes).length,
  },
  items: outcomes.map(({ kind, namespace, name, injected, changes, reason, span }) => ({
    kind,
    ...(namespace !== '' && { namespace }),
    name,
    injected,
    changes,
    reason,
    ...(span !== undefined && { source: `${span.file}:${span.line}` }),
  })),
});

const verdictOf = ({ injected, changes }: LocatedOutcome): string => {
  if (!injected) return 'no';
  return changes ? 'yes' : 'already';
};

/** The same as a table. */
export const injectionTable = (outcomes: readonly LocatedOutcome[]): string =>
  outcomes.length === 0
    ? 'no workloads\n'
    : renderTable(
        ['WORKLOAD', 'INJECTED', 'WHY', 'SOURCE'],
        outcomes.map((outcome) => [
          `${outcome.kind} ${nameOf(outcome)}`,
          verdictOf(outcome),
          outcome.reason,
          outcome.span === undefined ? '' : formatSpan(outcome.span),
        ]),
      );

/** One line for each workload that is left alone, so that nobody has to miss a sidecar unawares. */
export const skippedLines = (outcomes: readonly LocatedOutcome[]): readonly string[] =>
  outcomes
    .filter(({ injected }) => !injected)
    .map((outcome) => `not injected: ${outcome.kind} ${nameOf(outcome)} (${outcome.reason})`);
