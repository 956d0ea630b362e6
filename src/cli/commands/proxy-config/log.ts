import { Fault } from '../../../base/fault.ts';
import type { Cluster, KubernetesObject } from '../../../cluster/cluster.ts';
import { withCluster } from '../../cluster/with-cluster.ts';
import { defineCommand, flag, text } from '../../command.ts';
import { EXIT } from '../../exit.ts';
import { printDocument } from '../../output.ts';
import { LOG_LEVELS, parseLevels, readLevels } from '../../proxy-config/log-levels.ts';
import { POD_OPTIONS, PROXY_EXIT_CODES } from '../../proxy-config/options.ts';
import { askEnvoy } from '../../proxy-config/pod-admin.ts';

/** What Envoy is asked to set, one question each; `level` stands for every logger. */
const changesOf = (level: string | undefined, reset: boolean): readonly string[] => {
  if (level !== undefined && reset)
    throw new Fault('--level and --reset exclude each other', { kind: 'usage', code: 'BAD_FLAG_VALUE' });
  const levels = reset ? new Map([['level', 'warning']]) : readLevels(level ?? '');
  return [...levels].map(([logger, wanted]) => `?${logger}=${wanted}`);
};

const choosePods = async (
  cluster: Cluster,
  argument: string | undefined,
  selector: string | undefined,
  namespace: string | undefined,
): Promise<readonly KubernetesObject[]> => {
  const { findPod, podsByLabels } = await import('../../../cluster/pods.ts');
  if (argument !== undefined) return [await findPod(cluster, argument, namespace)];
  const pods = await podsByLabels(cluster, selector ?? '', namespace ?? cluster.namespace);
  if (pods.length > 0) return pods;
  throw new Fault(`no pods in namespace ${namespace ?? cluster.namespace} match ${selector}`, {
    kind: 'failure',
    code: 'POD_NOT_FOUND',
    hint: 'name another namespace with -n, or see kubectl get pods --show-labels',
  });
};

export const proxyConfigLog = defineCommand({
  summary: 'Shows and sets the log levels of running proxies.',
  examples: [
    ['heddle proxy-config log web-1.shop', 'every logger with its level'],
    ['heddle proxy-config log web-1.shop --level http:debug,redis:debug', 'two loggers louder'],
    ['heddle proxy-config log -l app=web -n shop --level debug', 'every logger of several pods'],
    ['heddle proxy-config log deployment/web.shop -r', 'back to warning'],
  ],
  arguments: [{ name: 'POD', summary: 'a proxy of a cluster: [TYPE/]NAME[.NAMESPACE]' }],
  options: {
    ...POD_OPTIONS,
    selector: text('-l, --selector <labels>', 'the pods with these labels, in place of one named'),
    level: text('--level <levels>', `[LOGGER:]LEVEL,...: ${LOG_LEVELS.join(', ')}`),
    reset: flag('-r, --reset', 'back to warning'),
  },
  formats: ['short', 'json', 'yaml'],
  exitCodes: PROXY_EXIT_CODES,
  run: async (context, [argument], { level, reset, selector, namespace, proxyAdminPort, ...flags }) => {
    if ((argument === undefined) === (selector === undefined))
      throw new Fault(argument === undefined ? 'no proxy is named' : 'a pod and --selector exclude each other', {
        kind: 'usage',
        code: 'WHICH_PROXY',
        hint: 'give a pod, or labels with -l',
      });
    const changes = changesOf(level, reset);
    const items = await withCluster(context, flags, async (cluster) => {
      const found: { pod: string; levels: Readonly<Record<string, string>> }[] = [];
      for (const pod of await choosePods(cluster, argument, selector, namespace)) {
        const post = (query: string): Promise<string> =>
          askEnvoy(cluster, pod, proxyAdminPort, { method: 'POST', path: `/logging${query}` });
        for (const change of changes) await post(change);
        found.push({ pod: `${pod.metadata.name}.${pod.metadata.namespace}`, levels: parseLevels(await post('')) });
      }
      return found;
    });
    await printDocument(context, { kind: 'LogLevels', items }, () =>
      items
        .map(({ pod, levels }) => {
          const lines = Object.entries(levels).map(([logger, wanted]) => `  ${logger}: ${wanted}\n`);
          return `${pod}:\nactive loggers:\n${lines.join('')}`;
        })
        .join('\n'),
    );
    return EXIT.ok;
  },
});
