import type { KubernetesObject, ServedKind } from '../../../src/cluster/cluster.ts';

/** API version, then kinds of namespaces and kinds of the whole cluster; the resource is the plural in lower case. */
const BUILT_IN: readonly (readonly [apiVersion: string, namespaced: string, wide: string])[] = [
  [
    'v1',
    'ConfigMap Endpoints Event Pod PersistentVolumeClaim ReplicationController ResourceQuota Secret Service ServiceAccount',
    'Namespace Node',
  ],
  [
    'admissionregistration.k8s.io/v1',
    '',
    'MutatingWebhookConfiguration ValidatingWebhookConfiguration ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding',
  ],
  ['apiextensions.k8s.io/v1', '', 'CustomResourceDefinition'],
  ['apps/v1', 'ControllerRevision DaemonSet Deployment ReplicaSet StatefulSet', ''],
  ['authorization.k8s.io/v1', '', 'SelfSubjectAccessReview'],
  ['autoscaling/v2', 'HorizontalPodAutoscaler', ''],
  ['batch/v1', 'CronJob Job', ''],
  ['certificates.k8s.io/v1', '', 'CertificateSigningRequest'],
  ['coordination.k8s.io/v1', 'Lease', ''],
  ['discovery.k8s.io/v1', 'EndpointSlice', ''],
  ['networking.k8s.io/v1', 'Ingress NetworkPolicy', 'IngressClass'],
  ['policy/v1', 'PodDisruptionBudget', ''],
  ['rbac.authorization.k8s.io/v1', 'Role RoleBinding', 'ClusterRole ClusterRoleBinding'],
  ['scheduling.k8s.io/v1', '', 'PriorityClass'],
  ['storage.k8s.io/v1', '', 'StorageClass'],
];

const pluralOf = (kind: string): string => {
  const lower = kind.toLowerCase();
  if (lower === 'endpoints') return lower;
  if (/[^aeiou]y$/.test(lower)) return lower.replace(/y$/, 'ies');
  return /(s|x|ch)$/.test(lower) ? `${lower}es` : `${lower}s`;
};

/** The kinds every API server has. */
export const builtInKinds = (): readonly ServedKind[] =>
  BUILT_IN.flatMap(([apiVersion, namespaced, wide]) =>
    [namespaced, wide].flatMap((kinds, index) =>
      kinds
        .split(' ')
        .filter((kind) => kind !== '')
        .map((kind) => ({ apiVersion, kind, resource: pluralOf(kind), isNamespaced: index === 0 })),
    ),
  );

interface Definition {
  readonly group: string;
  readonly scope: string;
  readonly names: { readonly kind: string; readonly plural: string };
  readonly versions: readonly { readonly name: string; readonly served: boolean }[];
}

/** The kinds a CustomResourceDefinition adds. */
export const definedKinds = (object: KubernetesObject): readonly ServedKind[] => {
  const { group, scope, names, versions } = object['spec'] as Definition;
  return versions
    .filter(({ served }) => served)
    .map(({ name }) => ({
      apiVersion: `${group}/${name}`,
      kind: names.kind,
      resource: names.plural,
      isNamespaced: scope === 'Namespaced',
    }));
};
