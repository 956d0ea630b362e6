import { Fault } from '../../base/fault.ts';
import { inParallel } from '../../base/in-parallel.ts';
import { askMonitoring, noIstiod, runningIstiods } from '../../cluster/istiods.ts';
import { isObject } from '../../model/value.ts';
import { CLUSTER_EXIT_CODES, clusterFlags, ISTIO_NAMESPACE, istioNamespaceFlag } from '../cluster/flags.ts';
import { withCluster } from '../cluster/with-cluster.ts';
import { defineCommand, text } from '../command.ts';
import { EXIT } from '../exit.ts';
import { printDocument } from '../output.ts';
import { renderTable } from '../table.ts';

/** What one istiod says of a cluster whose API server it reads. */
interface RemoteCluster {
  readonly name: string;
  /** `namespace/name`; empty for the cluster istiod runs in. */
  readonly secret: string;
  /** `synced`, `syncing`, `timeout`, `closed`. */
  readonly status: string;
  readonly istiod: string;
  readonly revision: string;
}

const AT_ONCE = 4;
const PATH = '/debug/clusterz';

const readClusters = (body: string, istiod: string, revision: string): readonly RemoteCluster[] => {
  try {
    const answer: unknown = JSON.parse(body);
    const list = Array.isArray(answer) ? answer.filter(isObject) : [];
    return list.map(({ id, secretName, syncStatus }) => ({
      name: String(id),
      secret: String(secretName ?? ''),
      status: String(syncStatus ?? ''),
      istiod,
      revision,
    }));
  } catch (cause) {
    throw new Fault(`istiod "${istiod}" answers ${PATH} with something else than JSON`, {
      kind: 'failure',
      code: 'ISTIOD_REFUSED',
      cause,
    });
  }
};

export const remoteClusters = defineCommand({
  summary: 'Lists the clusters that each istiod reads, and whether it is in step with them.',
  examples: [
    ['heddle remote-clusters', 'all istiods'],
    ['heddle remote-clusters -r canary -o json', 'those of a revision, for scripts'],
  ],
  options: {
    revision: text('-r, --revision <name>', 'only istiods of this revision'),
    istioNamespace: istioNamespaceFlag,
    ...clusterFlags,
  },
  formats: ['text', 'json', 'yaml'],
  exitCodes: { ...CLUSTER_EXIT_CODES, 1: 'there is no istiod' },
  seeAlso: ['heddle check'],
  run: (context, _args, { revision, istioNamespace: namespace = ISTIO_NAMESPACE, ...flags }) =>
    withCluster(context, flags, async (cluster) => {
      const choice = { namespace, revision };
      const istiods = await runningIstiods(cluster, choice);
      if (istiods.length === 0) throw noIstiod(choice);
      const lists = await inParallel(istiods, AT_ONCE, async (pod) => {
        const { name, labels = {} } = pod.metadata;
        return readClusters(await askMonitoring(cluster, pod, PATH), name, labels['istio.io/rev'] ?? '');
      });
      const items = lists.flat();
      await printDocument(context, { kind: 'RemoteClusterList', items }, () =>
        renderTable(
          ['NAME', 'SECRET', 'STATUS', 'ISTIOD', 'REVISION'],
          items.map((each) => [each.name, each.secret, each.status, each.istiod, each.revision]),
        ),
      );
      return EXIT.ok;
    }),
});
