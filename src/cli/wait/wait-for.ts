import { setTimeout as pause } from 'node:timers/promises';
import { Fault } from '../../base/fault.ts';
import type { Cluster, ObjectRef } from '../../cluster/cluster.ts';
import { parsePodArgument } from '../../cluster/pods.ts';
import type { Kind } from '../../model/kinds.ts';
import { type ClusterFlags, ISTIO_NAMESPACE } from '../cluster/flags.ts';
import { withCluster } from '../cluster/with-cluster.ts';
import type { Context } from '../command.ts';
import { EXIT } from '../exit.ts';
import { printDocument } from '../output.ts';
import { createClusterSource } from '../proxy-status/cluster-source.ts';
import { kindNamed } from './kind-named.ts';
import { type Progress, progressOf } from './progress.ts';

/** What the flags of `wait` read. */
export interface WaitFlags extends ClusterFlags {
  readonly for: string | undefined;
  readonly namespace: string | undefined;
  readonly threshold: number;
  readonly timeout: number;
  readonly settle: number;
  readonly istioNamespace: string | undefined;
  readonly revision: string | undefined;
}

const EVERY_MS = 250;

/** Whoever is asked has this long, however short the wait is. */
const QUESTION_MS = 1_000;

/** The object in the newest version that the cluster serves. */
const referenceTo = async (
  cluster: Cluster,
  { group, versions, kind }: Kind,
  name: string,
  namespace: string,
): Promise<ObjectRef> => {
  const served = new Set(await cluster.apiVersions());
  const apiVersion = versions.map((version) => `${group}/${version}`).find((one) => served.has(one));
  if (apiVersion !== undefined) return { apiVersion, kind, namespace, name };
  throw new Fault(`the cluster does not serve ${kind} of ${group}`, {
    kind: 'failure',
    code: 'KIND_NOT_SERVED',
    hint: 'install its CustomResourceDefinition: heddle install',
  });
};

const tooLate = (what: string, progress: Progress | undefined, timeoutMs: number): Fault =>
  new Fault(`${what} did not get there within ${timeoutMs / 1000} s: ${progress?.waitingFor ?? 'nothing answered'}`, {
    kind: 'timeout',
    code: 'NOT_DISTRIBUTED',
    hint: 'see with heddle proxy-status which proxy is behind or refuses it, or wait longer with --timeout',
  });

/** Waits as `heddle wait` promises; answers the exit code, and throws a Fault when the time is over. */
export const waitFor = async (context: Context, type: string, argument: string, flags: WaitFlags): Promise<number> => {
  const { for: until = 'distribution', threshold, settle, timeout } = flags;
  if (until !== 'distribution' && until !== 'delete')
    throw new Fault(`heddle cannot wait for ${until}`, {
      kind: 'usage',
      code: 'INVALID_FLAG',
      hint: 'say --for=distribution or --for=delete',
    });
  const kind = kindNamed(type);
  const { name, namespace: own } = parsePodArgument(argument);
  return withCluster(context, flags, async (cluster) => {
    const namespace = own ?? flags.namespace ?? cluster.namespace;
    const what = `${kind.kind} ${name} in namespace ${namespace}`;
    const object = await referenceTo(cluster, kind, name, namespace);
    const limits = {
      timeoutMs: Math.min(Math.max(timeout, QUESTION_MS), flags.kubeclientTimeout),
      signal: context.signal,
    };
    const choice = { namespace: flags.istioNamespace ?? ISTIO_NAMESPACE, revision: flags.revision };
    const access = { ...choice, xds: undefined, podNamespace: undefined, limits };
    const sources = { cluster, sync: createClusterSource(cluster, access), choice, limits };
    const endsAt = performance.now() + timeout;
    let since: number | undefined;
    let reached: string | undefined;
    for (;;) {
      const progress = await progressOf(sources, object, until === 'delete', threshold);
      const now = performance.now();
      const isReached = progress.waitingFor === undefined;
      // A version that came meanwhile has to get there as well.
      if (!isReached || progress.version !== reached) since = undefined;
      reached = progress.version;
      if (isReached) since ??= now;
      if (since !== undefined && now - since >= settle) {
        const document = { kind: 'Distribution', object, for: until, ...progress };
        const end = until === 'delete' ? 'is gone from' : 'has reached';
        await printDocument(
          context,
          document,
          () => `${what} ${end} ${progress.istiods} istiod and ${progress.synced} of ${progress.proxies} proxies\n`,
        );
        return EXIT.ok;
      }
      if (now >= endsAt) throw tooLate(what, progress, timeout);
      // Whoever is asked next ends with the Fault of an interruption.
      await pause(EVERY_MS, undefined, { signal: context.signal }).catch(() => undefined);
    }
  });
};
