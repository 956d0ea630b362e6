import { suggest } from '../../base/distance.ts';
import { Fault } from '../../base/fault.ts';
import type { Cluster, KubernetesObject } from '../../cluster/cluster.ts';

const NAMESPACE = { apiVersion: 'v1', kind: 'Namespace' };

/** A namespace of the cluster; a Fault with the nearest name where there is none, as a misspelt one looks empty. */
export const requireNamespace = async (cluster: Cluster, name: string): Promise<KubernetesObject> => {
  const found = await cluster.get({ ...NAMESPACE, name });
  if (found !== undefined) return found;
  const names = ((await cluster.list(NAMESPACE)) ?? []).map(({ metadata }) => metadata.name);
  const near = suggest(name, names);
  throw new Fault(`there is no namespace ${name} in the cluster`, {
    kind: 'failure',
    code: 'NAMESPACE_NOT_FOUND',
    hint: near === undefined ? `there are ${names.join(', ')}` : `did you mean ${near}?`,
  });
};
