import { inParallel } from '../../base/in-parallel.ts';
import type { ProxyLag } from '../../cluster/check/snapshot.ts';
import type { Cluster } from '../../cluster/cluster.ts';
import { runningIstiods } from '../../cluster/istiods.ts';
import { isReadyPod } from '../../cluster/pods.ts';
import { mergeProxies, shortType } from '../../envoy/sync-state.ts';
import { askForProxies } from '../proxy-status/ask-for-proxies.ts';

const AT_ONCE = 8;

/** Asks every istiod that is ready what its proxies have not taken. */
export const proxyLags = async (cluster: Cluster, namespace: string): Promise<readonly ProxyLag[]> => {
  const access = { namespace, revision: undefined, xds: undefined, podNamespace: undefined, limits: {} };
  const pods = (await runningIstiods(cluster, { namespace })).filter(isReadyPod);
  const answers = await inParallel(pods, AT_ONCE, (pod) => askForProxies(cluster, pod, access));
  return mergeProxies(answers.flat()).map(({ name, types }) => ({
    name,
    behind: types.flatMap(({ state, typeUrl }) => (state === 'STALE' ? [shortType(typeUrl)] : [])),
    refused: types.flatMap(({ state, typeUrl, error }) =>
      state === 'ERROR' ? [`${shortType(typeUrl)}: ${error}`] : [],
    ),
  }));
};
