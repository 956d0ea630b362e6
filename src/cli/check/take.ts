import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '../../base/fault.ts';
import { type CheckResult, type HealthCheck, runHealthChecks } from '../../cluster/check/check.ts';
import { takeSnapshot } from '../../cluster/check/snapshot.ts';
import { type ClusterFlags, ISTIO_NAMESPACE } from '../cluster/flags.ts';
import { withCluster } from '../cluster/with-cluster.ts';
import type { Context } from '../command.ts';
import type { Threshold } from './exit-code.ts';
import { proxyLags } from './proxy-lags.ts';

/** What checks found in a cluster. */
export interface Checked {
  readonly context: string;
  readonly server: string;
  readonly kubernetes: string;
  readonly results: readonly CheckResult[];
}

/** The flags that say which mesh is checked. */
export interface CheckFlags extends ClusterFlags {
  readonly istioNamespace: string | undefined;
}

const PAUSE_MS = 1000;

/** Looks at a cluster once and answers the checks; throws a Fault where the API server does not answer. */
export const takeChecks = (checks: readonly HealthCheck[], flags: CheckFlags, context: Context): Promise<Checked> =>
  withCluster(context, flags, async (cluster) => {
    const needed = new Set(checks.flatMap(({ needs }) => needs));
    const namespace = flags.istioNamespace ?? ISTIO_NAMESPACE;
    const snapshot = await takeSnapshot(cluster, needed, { namespace, nowMs: Date.now(), askLags: proxyLags });
    const { context: name, server } = cluster;
    return { context: name, server, kubernetes: snapshot.kubernetes, results: runHealthChecks(checks, snapshot) };
  });

/** What is worth waiting for: what is at or above the threshold, and what could not be asked; leave that nobody has does not come by waiting. */
const unsettled = ({ results }: Checked, threshold: Threshold): readonly CheckResult[] =>
  results.filter(
    ({ status, unseen }) =>
      status === 'error' ||
      status === threshold ||
      (status === 'unknown' && unseen.some((fault) => fault.kind !== 'denied')),
  );

/** The same again until nothing is wrong, or the time is over; the last answers, or the last Fault, count. */
export const waitForHealth = async (
  take: () => Promise<Checked>,
  timeoutMs: number,
  threshold: Threshold,
  { signal, quiet, err }: Context,
): Promise<Checked> => {
  const endsAt = performance.now() + timeoutMs;
  let told = '';
  for (;;) {
    const taken = await take().catch((error: unknown) => {
      if (error instanceof Fault && ['unreachable', 'timeout'].includes(error.kind)) return error;
      throw error;
    });
    const remainingMs = endsAt - performance.now();
    if (remainingMs <= 0 && taken instanceof Fault) throw taken;
    if (!(taken instanceof Fault) && (unsettled(taken, threshold).length === 0 || remainingMs <= 0)) return taken;
    const reason =
      taken instanceof Fault
        ? taken.message
        : unsettled(taken, threshold)
            .map(({ check }) => check.id)
            .join(', ');
    if (!quiet && reason !== told) err.line(`waiting for ${reason}`);
    told = reason;
    try {
      await sleep(Math.min(PAUSE_MS, Math.max(remainingMs, 0)), undefined, { signal });
    } catch (cause) {
      throw new Fault('interrupted: waiting until the mesh is healthy', {
        kind: 'interrupted',
        code: 'INTERRUPTED',
        cause,
      });
    }
  }
};
