import type { Cluster } from '../../cluster/cluster.ts';
import type { Context } from '../command.ts';
import type { ClusterFlags } from './flags.ts';
import { openCluster } from './open.ts';

/** Opens the cluster, and closes it when `use` is done with it. */
export const withCluster = async <T>(
  context: Context,
  flags: ClusterFlags,
  use: (cluster: Cluster) => Promise<T>,
): Promise<T> => {
  const cluster = await openCluster(context, flags);
  try {
    return await use(cluster);
  } finally {
    cluster.close();
  }
};
