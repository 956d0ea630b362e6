import { readSources } from '../../input/read.ts';
import type { SourceText } from '../../yaml/source-text.ts';
import type { Context } from '../command.ts';
import { flag } from '../command.ts';
import { type LoadedMesh, loadMesh } from '../explain/load-mesh.ts';
import { type ClusterFlags, clusterFlags, ISTIO_NAMESPACE, istioNamespaceFlag } from './flags.ts';
import { withCluster } from './with-cluster.ts';

/** The flags that say which mesh is asked about, beside `-f`. */
export const MESH_FLAGS = {
  useKube: flag('-k, --use-kube', 'with -f: the cluster as it would be with these files'),
  istioNamespace: istioNamespaceFlag,
  ...clusterFlags,
};

/** What those flags and `-f` read. */
export interface MeshOptions extends ClusterFlags {
  readonly filename: readonly string[];
  readonly useKube: boolean;
  readonly istioNamespace: string | undefined;
}

const readRunning = (context: Context, options: MeshOptions): Promise<readonly SourceText[]> =>
  withCluster(context, options, async (cluster) => {
    const { readConfiguration } = await import('../../cluster/configuration.ts');
    const { istioNamespace = ISTIO_NAMESPACE } = options;
    const { sources, unread } = await readConfiguration(cluster, { istioNamespace, revision: 'default' });
    for (const { message } of unread) context.err.line(`warning: ${message}: the answer does without`);
    return sources;
  });

/** The mesh of files; without any, and with `--use-kube`, of the cluster, whose objects give way to those of files. */
export const loadMeshOf = async (context: Context, options: MeshOptions): Promise<LoadedMesh> => {
  const paths = options.filename.flatMap((path) => path.split(','));
  const running = options.useKube || paths.length === 0 ? await readRunning(context, options) : [];
  return loadMesh(await readSources(paths, { stdin: context.io.stdin, cwd: context.io.cwd }), running);
};
