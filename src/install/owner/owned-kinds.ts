/** A kind of object that installations consist of. */
export interface OwnedKind {
  readonly apiVersion: string;
  readonly kind: string;
}

const kinds = (apiVersion: string, ...names: readonly string[]): readonly OwnedKind[] =>
  names.map((kind) => ({ apiVersion, kind }));

/**
 * Kinds that installations consist of, in the order in which they are removed: webhooks first, so that nothing waits for an
 * istiod that is gone, then what runs, what it needs, and last what the whole cluster shares. Beside the kinds that istioctl
 * knows stand those that charts have and it forgets. Pods go with what made them.
 */
export const OWNED_KINDS: readonly OwnedKind[] = [
  ...kinds(
    'admissionregistration.k8s.io/v1',
    'MutatingWebhookConfiguration',
    'ValidatingWebhookConfiguration',
    'ValidatingAdmissionPolicyBinding',
    'ValidatingAdmissionPolicy',
  ),
  ...kinds('apps/v1', 'Deployment', 'DaemonSet', 'StatefulSet'),
  ...kinds('v1', 'Service', 'ConfigMap', 'Secret', 'ServiceAccount'),
  ...kinds('rbac.authorization.k8s.io/v1', 'RoleBinding', 'Role'),
  ...kinds('policy/v1', 'PodDisruptionBudget'),
  ...kinds('autoscaling/v2', 'HorizontalPodAutoscaler'),
  ...kinds('networking.istio.io/v1alpha3', 'EnvoyFilter'),
  ...kinds('networking.k8s.io/v1', 'NetworkPolicy'),
  ...kinds('v1', 'ResourceQuota'),
  ...kinds('discovery.k8s.io/v1', 'EndpointSlice'),
  ...kinds('k8s.cni.cncf.io/v1', 'NetworkAttachmentDefinition'),
  ...kinds('rbac.authorization.k8s.io/v1', 'ClusterRoleBinding', 'ClusterRole'),
];

/** Removed only with everything else, since every VirtualService and Gateway of the cluster goes with it. */
export const DEFINITIONS: OwnedKind = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' };
