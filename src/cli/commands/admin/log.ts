import { Fault } from '../../../base/fault.ts';
import { inParallel } from '../../../base/in-parallel.ts';
import type { Cluster, KubernetesObject } from '../../../cluster/cluster.ts';
import { istiodRefusal, noIstiod, runningIstiods } from '../../../cluster/istiods.ts';
import { getFromPod, type PodRequest } from '../../../cluster/pod-http.ts';
import { findPod } from '../../../cluster/pods.ts';
import { changedScopes, readChanges, SCOPE_LEVELS } from '../../admin-log/level-changes.ts';
import { type LogScope, parseScopes } from '../../admin-log/log-scope.ts';
import { CLUSTER_EXIT_CODES, clusterFlags, ISTIO_NAMESPACE, istioNamespaceFlag } from '../../cluster/flags.ts';
import { withCluster } from '../../cluster/with-cluster.ts';
import { defineCommand, flag, integer, text } from '../../command.ts';
import { EXIT } from '../../exit.ts';
import { printDocument } from '../../output.ts';
import { renderTable } from '../../table.ts';

const CONTROLZ_PORT = 9876;
const SCOPES = '/scopej/';
const AT_ONCE = 4;

/** The log scopes of one istiod, read and set through its ControlZ. */
const logScopes = (cluster: Cluster, pod: KubernetesObject, port: number) => {
  const { name, namespace = '' } = pod.metadata;
  const ask = async (path: string, wanted: number, request: PodRequest = {}): Promise<string> => {
    const { status, body } = await getFromPod(cluster, { namespace, name }, port, path, request);
    if (status === wanted) return body;
    throw istiodRefusal(pod, path, status);
  };
  return {
    pod: name,
    read: async (): Promise<readonly LogScope[]> => {
      const scopes = parseScopes(await ask(SCOPES, 200));
      if (scopes !== undefined) return scopes;
      throw new Fault(`istiod "${name}" answers ${SCOPES} with something else than a list in JSON`, {
        kind: 'failure',
        code: 'ISTIOD_REFUSED',
        hint: 'see that --ctrlz_port is the port of ControlZ',
      });
    },
    set: (scope: LogScope): Promise<string> =>
      ask(`${SCOPES}${encodeURIComponent(scope.name)}`, 202, { method: 'PUT', body: JSON.stringify(scope) }),
  };
};

interface Choice {
  readonly namespace: string;
  readonly revision: string | undefined;
  readonly labels: string | undefined;
}

const choosePods = async (
  cluster: Cluster,
  argument: string | undefined,
  choice: Choice,
): Promise<readonly KubernetesObject[]> => {
  if (argument !== undefined) return [await findPod(cluster, argument, choice.namespace)];
  const pods = await runningIstiods(cluster, choice);
  if (pods.length === 0) throw noIstiod(choice);
  return pods;
};

const LEVELS = SCOPE_LEVELS.join(', ');

export const adminLog = defineCommand({
  summary: 'Shows and sets the log levels of running istiods.',
  examples: [
    ['heddle admin log', 'every scope of every istiod with its levels'],
    ['heddle admin log --level ads:debug,authorization:debug', 'two scopes louder, in every istiod'],
    ['heddle admin log istiod-5c868d8bdd-pmvgg --stack-trace-level ads:error', 'stack traces, in one istiod'],
    ['heddle admin log -r canary --reset', 'back to what istiod starts with'],
  ],
  arguments: [{ name: 'POD', summary: 'an istiod; otherwise every one that runs' }],
  options: {
    level: text('--level <levels>', `SCOPE:LEVEL,...: ${LEVELS}`),
    stackTraceLevel: text('--stack-trace-level <levels>', `lines with a stack trace, SCOPE:LEVEL,...: ${LEVELS}`),
    reset: flag('--reset', 'both levels of every scope to their defaults'),
    logReset: flag('--log-reset', 'every scope back to info'),
    stackTraceReset: flag('--stack-trace-reset', 'no stack traces'),
    revision: text('-r, --revision <name>', 'only istiods of this revision'),
    selector: text('-l, --selector <labels>', 'the labels of istiods (app=istiod)'),
    ctrlzPort: integer('--ctrlz_port <number>', `port of ControlZ (${CONTROLZ_PORT})`, { min: 1, max: 65_535 }),
    namespace: text('-n, --namespace <name>', 'the namespace of these pods, where it is not that of istiod'),
    istioNamespace: istioNamespaceFlag,
    ...clusterFlags,
  },
  formats: ['short', 'json', 'yaml'],
  exitCodes: { ...CLUSTER_EXIT_CODES, 1: 'there is no istiod, or none with such a scope' },
  seeAlso: ['heddle proxy-config log', 'heddle dashboard controlz'],
  run: async (context, [argument], options) => {
    const { revision, selector: labels, istioNamespace = ISTIO_NAMESPACE, namespace = istioNamespace } = options;
    if (argument !== undefined && (revision !== undefined || labels !== undefined))
      throw new Fault('a pod excludes --revision and --selector', { kind: 'usage', code: 'WHICH_ISTIOD' });
    const changes = readChanges(options);
    const items = await withCluster(context, options, async (cluster) => {
      const pods = await choosePods(cluster, argument, { namespace, revision, labels });
      const istiods = pods.map((pod) => logScopes(cluster, pod, options.ctrlzPort ?? CONTROLZ_PORT));
      // All are read before one is set: a scope that does not exist changes nothing anywhere.
      const planned = await inParallel(istiods, AT_ONCE, async (istiod) => {
        const scopes = await istiod.read();
        return { istiod, scopes, changed: changedScopes(scopes, changes) };
      });
      return await inParallel(planned, AT_ONCE, async ({ istiod, scopes, changed }) => {
        for (const scope of changed) await istiod.set(scope);
        return { pod: istiod.pod, scopes: changed.length === 0 ? scopes : await istiod.read() };
      });
    });
    await printDocument(context, { kind: 'LogScopes', items }, () =>
      items
        .map(({ pod, scopes }) => {
          const table = renderTable(
            ['ACTIVE SCOPE', 'DESCRIPTION', 'LOG LEVEL', 'STACK TRACE LEVEL'],
            scopes.map((scope) => [scope.name, scope.description, scope.output_level, scope.stack_trace_level]),
          );
          return items.length === 1 ? table : `${pod}:\n${table}`;
        })
        .join('\n'),
    );
    return EXIT.ok;
  },
});
