import { Fault } from '../../base/fault.ts';
import type { Cluster } from '../../cluster/cluster.ts';
import { fromKubernetes } from '../../cluster/install/objects.ts';
import { phaseOf } from '../../cluster/pods.ts';
import { proxyPods } from '../../install/mesh/proxies.ts';
import type { IstiodAccess } from './ask-for-proxies.ts';
import type { LostProxy } from './sync-source.ts';

const listPods = async (cluster: Cluster, { podNamespace: namespace, limits }: IstiodAccess) => {
  try {
    const where = namespace === undefined ? {} : { namespace };
    return (await cluster.list({ apiVersion: 'v1', kind: 'Pod' }, { ...limits, ...where })) ?? [];
  } catch (error) {
    // They are told of in addition, so nobody needs the right to see them all.
    if (error instanceof Fault && error.kind === 'denied') return [];
    throw error;
  }
};

/** Pods with a proxy that are not about to go, of the revision that is meant. */
export const podsWithProxy = async (cluster: Cluster, access: IstiodAccess): Promise<readonly LostProxy[]> => {
  const pods = (await listPods(cluster, access)).filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const phases = new Map(pods.map((pod) => [`${pod.metadata.name}.${pod.metadata.namespace}`, phaseOf(pod)]));
  return proxyPods(pods.map(fromKubernetes))
    .filter(({ revision }) => access.revision === undefined || revision === access.revision)
    .map(({ name, namespace }) => `${name}.${namespace}`)
    .map((name) => ({ name, phase: phases.get(name) ?? '' }));
};
