import { Fault } from '../../base/fault.ts';
import type { Problem } from '../../base/problem.ts';
import type { Cluster } from '../../cluster/cluster.ts';
import { isObject } from '../../model/value.ts';
import type { SourceText } from '../../yaml/source-text.ts';
import { type ClusterFlags, ISTIO_NAMESPACE } from '../cluster/flags.ts';
import { requireNamespace } from '../cluster/require-namespace.ts';
import { withCluster } from '../cluster/with-cluster.ts';
import type { Context } from '../command.ts';
import type { LiveTexts } from './inspect.ts';

/** The flags that say which cluster is analyzed, and as which revision of the control plane. */
export interface LiveFlags extends ClusterFlags {
  readonly istioNamespace: string | undefined;
  readonly revision: string | undefined;
}

const CONFIG_MAP = { apiVersion: 'v1', kind: 'ConfigMap' };
const DEFAULT_REVISION = 'default';

/** What the ConfigMap of a revision other than the default says of the mesh. */
const readRevision = async (
  cluster: Cluster,
  istioNamespace: string,
  revision: string,
): Promise<(key: 'mesh' | 'meshNetworks') => SourceText | undefined> => {
  const name = `istio-${revision}`;
  const config = await cluster.get({ ...CONFIG_MAP, namespace: istioNamespace, name });
  if (config === undefined)
    throw new Fault(`there is no revision ${revision}: ConfigMap ${name} is not in namespace ${istioNamespace}`, {
      kind: 'failure',
      code: 'REVISION_NOT_FOUND',
      hint: 'heddle tag list shows the revisions there are',
    });
  return (key) => {
    const text = isObject(config['data']) ? config['data'][key] : undefined;
    const place = `${cluster.context}:ConfigMap/${istioNamespace}/${name} ${key}`;
    return typeof text === 'string' ? { name: place, text } : undefined;
  };
};

const unreadProblem = ({ message, hint }: Fault): Problem => ({
  severity: 'warning',
  code: 'NOT_READ',
  message: `${message}: what depends on it is not found`,
  ...(hint !== undefined && { hint }),
});

/** Reads the configuration of a cluster; throws a Fault where it has no such namespace or revision. */
export const readLive = (
  context: Context,
  flags: LiveFlags,
  namespace: string | undefined,
  isEveryNamespace: boolean,
): Promise<LiveTexts> =>
  withCluster(context, flags, async (cluster) => {
    const { readConfiguration } = await import('../../cluster/configuration.ts');
    const { istioNamespace = ISTIO_NAMESPACE, revision = DEFAULT_REVISION } = flags;
    const chosen = namespace ?? cluster.namespace;
    if (!isEveryNamespace) await requireNamespace(cluster, chosen);
    const configOf =
      revision === DEFAULT_REVISION ? () => undefined : await readRevision(cluster, istioNamespace, revision);
    const { sources, unread } = await readConfiguration(cluster, { istioNamespace, revision });
    return {
      namespace: chosen,
      meshConfig: configOf('mesh'),
      meshNetworks: configOf('meshNetworks'),
      sources,
      problems: unread.map(unreadProblem),
    };
  });
