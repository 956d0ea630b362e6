import type { Mesh } from './mesh.ts';
import type { Resource } from './resource.ts';
import type { KubernetesGateway, ListenerSet } from './schema/generated/types-gateway-api.ts';
import { matchesSelector } from './selector.ts';

/** Whether a ListenerSet names a Gateway as its parent. */
export const isAttachedTo = (
  { namespace, object: { spec } }: Resource<ListenerSet>,
  gateway: Resource<KubernetesGateway>,
): boolean => spec.parentRef.name === gateway.name && (spec.parentRef.namespace ?? namespace) === gateway.namespace;

/** Whether a Gateway takes listeners of a ListenerSet's namespace; without being told to it takes none. */
export const admitsListenerSet = (
  mesh: Mesh,
  gateway: Resource<KubernetesGateway>,
  { namespace }: Resource<ListenerSet>,
): boolean => {
  const { from = 'None', selector } = gateway.object.spec.allowedListeners?.namespaces ?? {};
  if (from === 'Same') return namespace === gateway.namespace;
  return from === 'All' || (from === 'Selector' && matchesSelector(selector ?? {}, labelsOfNamespace(mesh, namespace)));
};

/** Labels of a namespace as its API server would have them: with its own name among them. */
export const labelsOfNamespace = (mesh: Mesh, namespace: string): Readonly<Record<string, string>> => ({
  ...mesh.namespaceLabels(namespace),
  'kubernetes.io/metadata.name': namespace,
});
