/** A kind of object that installations consist of. */
export interface OwnedKind {
  readonly apiVersion: string;
  readonly kind: string;
}

const kinds = (apiVersion: string, ...names: readonly string[]): readonly OwnedKind[] =>
  names.map((kind) => ({ apiVersion, kind }));

/**
 * Kinds that installations consist of, in the order in which they are removed: what runs, then what it needs, last what
 * the whole cluster shares. istioctl's own order, and behind it what charts have and istioctl forgets.
 */
export const OWNED_KINDS: readonly OwnedKind[] = [
  ...kinds('apps/v1', 'Deployment', 'DaemonSet', 'StatefulSet'),
  ...kinds('v1', 'Service', 'ConfigMap', 'Pod', 'Secret', 'ServiceAccount'),
  ...kinds('rbac.authorization.k8s.io/v1', 'RoleBinding', 'Role'),
  ...kinds('policy/v1', 'PodDisruptionBudget'),
  ...kinds('autoscaling/v2', 'HorizontalPodAutoscaler'),
  ...kinds('networking.istio.io/v1alpha3', 'EnvoyFilter'),
  ...kinds('networking.k8s.io/v1', 'NetworkPolicy'),
  ...kinds('v1', 'ResourceQuota'),
  ...kinds('discovery.k8s.io/v1', 'EndpointSlice'),
  ...kinds('k8s.cni.cncf.io/v1', 'NetworkAttachmentDefinition'),
  ...kinds(
    'admissionregistration.k8s.io/v1',
    'MutatingWebhookConfiguration',
    'ValidatingWebhookConfiguration',
    'ValidatingAdmissionPolicyBinding',
    'ValidatingAdmissionPolicy',
  ),
  ...kinds('rbac.authorization.k8s.io/v1', 'ClusterRoleBinding', 'ClusterRole'),
];

/** Removed only with everything else, since every VirtualService and Gateway of the cluster goes with it. */
export const DEFINITIONS: OwnedKind = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' };
