import { formatSpan } from '../../base/span.ts';
import type { LocatedOutcome } from '../../inject/preserve-stream.ts';
import { renderTable } from '../table.ts';
import { workloadName } from './report.ts';

const verdictOf = ({ injected, changes }: LocatedOutcome): string => {
  if (!injected) return 'no';
  return changes ? 'yes' : 'already';
};

/** What became of each workload, as a table. */
export const injectionTable = (outcomes: readonly LocatedOutcome[]): string =>
  outcomes.length === 0
    ? 'no workloads\n'
    : renderTable(
        ['WORKLOAD', 'INJECTED', 'WHY', 'SOURCE'],
        outcomes.map((outcome) => [
          `${outcome.kind} ${workloadName(outcome)}`,
          verdictOf(outcome),
          outcome.reason,
          outcome.span === undefined ? '' : formatSpan(outcome.span),
        ]),
      );
