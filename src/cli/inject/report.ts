import type { LocatedOutcome } from '../../inject/preserve-stream.ts';

/** `NAMESPACE/NAME` as the manifest has them. */
export const workloadName = ({ namespace, name }: LocatedOutcome): string =>
  namespace === '' ? name : `${namespace}/${name}`;

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

/** One line for each workload that is left alone, so that nobody has to miss a sidecar unawares. */
export const skippedLines = (outcomes: readonly LocatedOutcome[]): readonly string[] =>
  outcomes
    .filter(({ injected }) => !injected)
    .map((outcome) => `not injected: ${outcome.kind} ${workloadName(outcome)} (${outcome.reason})`);
