import { Fault } from '../../base/fault.ts';
import type { ManifestObject } from '../../install/manifest/object.ts';
import { type Istiod, istiodsIn } from '../../install/mesh/istiods.ts';
import { type ProxyPod, proxyPods } from '../../install/mesh/proxies.ts';
import type { Cluster, Kind, ListOptions } from '../cluster.ts';
import { fromKubernetes } from './objects.ts';

/** What of a mesh a cluster has already. */
export interface MeshState {
  /** All MutatingWebhookConfigurations. */
  readonly injectors: readonly ManifestObject[];
  readonly istiods: readonly Istiod[];
  readonly proxies: readonly ProxyPod[];
  /** What could not be seen, a sentence each. */
  readonly unseen: readonly string[];
}

/** Objects of a kind; none, with a note, where whoever asks may not see them. */
export const listVisible = async (
  cluster: Cluster,
  kind: Kind,
  options: ListOptions,
  unseen: string[],
): Promise<readonly ManifestObject[]> => {
  try {
    return ((await cluster.list(kind, options)) ?? []).map(fromKubernetes);
  } catch (error) {
    if (!(error instanceof Fault) || error.kind !== 'denied') throw error;
    unseen.push(error.message);
    return [];
  }
};

/** Looks at control planes, injectors and proxies of a cluster. */
export const meshState = async (cluster: Cluster): Promise<MeshState> => {
  const unseen: string[] = [];
  const webhooks = { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'MutatingWebhookConfiguration' };
  const [injectors, deployments] = await Promise.all([
    cluster.list(webhooks).then((list) => (list ?? []).map(fromKubernetes)),
    listVisible(cluster, { apiVersion: 'apps/v1', kind: 'Deployment' }, { labels: 'app=istiod' }, unseen),
  ]);
  const istiods = istiodsIn(deployments);
  // Without a control plane there is nobody whom a proxy could listen to, and pods may be many.
  const pods = istiods.length === 0 ? [] : await listVisible(cluster, { apiVersion: 'v1', kind: 'Pod' }, {}, unseen);
  return { injectors, istiods, proxies: proxyPods(pods), unseen };
};
