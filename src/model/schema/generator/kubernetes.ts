import type { Schema } from '../schema.ts';
import { compactSchema, isSource, type Source } from './compact.ts';

/** Every API version heddle reads, newest first within a group; each names a file of `api/openapi-spec/v3`. */
const APIS: readonly { readonly file: string; readonly apiVersion: string; readonly kinds: readonly string[] }[] = [
  {
    file: 'api__v1',
    apiVersion: '/v1',
    kinds: [
      'Namespace',
      'Pod',
      'Service',
      'ServiceAccount',
      'ConfigMap',
      'Secret',
      'Node',
      'Endpoints',
      'ReplicationController',
    ],
  },
  { file: 'apis__apps__v1', apiVersion: 'apps/v1', kinds: ['Deployment', 'ReplicaSet', 'StatefulSet', 'DaemonSet'] },
  { file: 'apis__batch__v1', apiVersion: 'batch/v1', kinds: ['Job', 'CronJob'] },
  { file: 'apis__discovery.k8s.io__v1', apiVersion: 'discovery.k8s.io/v1', kinds: ['EndpointSlice'] },
  {
    file: 'apis__networking.k8s.io__v1',
    apiVersion: 'networking.k8s.io/v1',
    kinds: ['Ingress', 'IngressClass', 'NetworkPolicy'],
  },
  { file: 'apis__policy__v1', apiVersion: 'policy/v1', kinds: ['PodDisruptionBudget'] },
  { file: 'apis__autoscaling__v2', apiVersion: 'autoscaling/v2', kinds: ['HorizontalPodAutoscaler'] },
  { file: 'apis__autoscaling__v1', apiVersion: 'autoscaling/v1', kinds: ['HorizontalPodAutoscaler'] },
  {
    file: 'apis__rbac.authorization.k8s.io__v1',
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kinds: ['ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding'],
  },
  {
    file: 'apis__admissionregistration.k8s.io__v1',
    apiVersion: 'admissionregistration.k8s.io/v1',
    kinds: ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'],
  },
  {
    file: 'apis__apiextensions.k8s.io__v1',
    apiVersion: 'apiextensions.k8s.io/v1',
    kinds: ['CustomResourceDefinition'],
  },
];

/** Types whose JSON form is not what their Go structure says. */
const WELL_KNOWN: Readonly<Record<string, Schema>> = {
  'util.intstr.IntOrString': { intOrString: true },
  'api.resource.Quantity': { intOrString: true, format: 'quantity' },
  'meta.v1.Time': { type: 'string', format: 'date-time' },
  'meta.v1.MicroTime': { type: 'string', format: 'date-time' },
  'meta.v1.FieldsV1': { type: 'object', open: true },
  'pkg.runtime.RawExtension': { type: 'object', open: true },
  // A definition of a CRD holds a schema of its own; only its frame is checked.
  'apiextensions.v1.CustomResourceDefinitionVersion': { type: 'object', open: true },
  'apiextensions.v1.CustomResourceConversion': { type: 'object', open: true },
};

/** The API server's value validation, which the published schemas leave out. */
const ENUMS: Readonly<Record<string, readonly string[]>> = {
  'core.v1.ServiceSpec.type': ['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'],
  'core.v1.ServiceSpec.sessionAffinity': ['ClientIP', 'None'],
  'core.v1.ServiceSpec.externalTrafficPolicy': ['Cluster', 'Local'],
  'core.v1.ServiceSpec.internalTrafficPolicy': ['Cluster', 'Local'],
  'core.v1.ServicePort.protocol': ['TCP', 'UDP', 'SCTP'],
  'core.v1.ContainerPort.protocol': ['TCP', 'UDP', 'SCTP'],
  'core.v1.PodSpec.restartPolicy': ['Always', 'OnFailure', 'Never'],
  'core.v1.Container.imagePullPolicy': ['Always', 'IfNotPresent', 'Never'],
  'meta.v1.LabelSelectorRequirement.operator': ['In', 'NotIn', 'Exists', 'DoesNotExist'],
  'discovery.v1.EndpointSlice.addressType': ['IPv4', 'IPv6', 'FQDN'],
};

export interface KubernetesSchemas {
  readonly paths: readonly string[];
  readonly roots: Record<string, Schema>;
  readonly definitions: Record<string, Schema>;
}

/** Reads the published OpenAPI files; definitions keep their Kubernetes names, shortened to the type where unambiguous. */
export const readKubernetes = (read: (path: string) => string): KubernetesSchemas => {
  const names = new Map<string, string>();
  const taken = new Set<string>();
  const definitions: Record<string, Schema> = {};
  const roots: Record<string, Schema> = {};
  const paths: string[] = [];

  for (const api of APIS) {
    const path = `api/openapi-spec/v3/${api.file}_openapi.json`;
    paths.push(path);
    const sources = componentsOf(read(path));
    const define = (ref: string): Schema => {
      const full = shortPath(ref);
      const known = WELL_KNOWN[full];
      if (known !== undefined) return known;
      const before = names.get(full);
      if (before !== undefined) return { ref: before };
      const name = uniqueName(full, taken);
      taken.add(name);
      names.set(full, name);
      definitions[name] = {};
      definitions[name] = finish(full, compactSchema(sourceOf(sources, ref), define));
      return { ref: name };
    };
    for (const kind of api.kinds) {
      const ref = Object.keys(sources).find((name) => isRoot(sources[name], api.apiVersion, kind));
      if (ref === undefined) throw new Error(`${path} has no ${kind}`);
      // The root itself is not a shared definition: its metadata is checked alike for every kind.
      const {
        metadata: _metadata,
        apiVersion: _version,
        kind: _kind,
        ...properties
      } = isSource(sourceOf(sources, ref)['properties']) ? (sourceOf(sources, ref)['properties'] as Source) : {};
      const source = { ...sourceOf(sources, ref), properties };
      roots[`${api.apiVersion}/${kind}`] = finish(shortPath(ref), compactSchema(source, define));
    }
  }
  return { paths, roots, definitions };
};

const componentsOf = (text: string): Record<string, unknown> =>
  (JSON.parse(text) as { components: { schemas: Record<string, unknown> } }).components.schemas;

const sourceOf = (sources: Readonly<Record<string, unknown>>, ref: string): Source => {
  const source = sources[ref.replace('#/components/schemas/', '')];
  if (!isSource(source)) throw new Error(`unresolved ${ref}`);
  return source;
};

const isRoot = (source: unknown, apiVersion: string, kind: string): boolean =>
  isSource(source) &&
  Array.isArray(source['x-kubernetes-group-version-kind']) &&
  source['x-kubernetes-group-version-kind'].some(
    (gvk: Source) => `${gvk['group']}/${gvk['version']}` === apiVersion && gvk['kind'] === kind,
  );

/** `core.v1.PodSpec` of `io.k8s.api.core.v1.PodSpec`. */
const shortPath = (ref: string): string => ref.split('/').pop()?.split('.').slice(-3).join('.') ?? ref;

const uniqueName = (full: string, taken: ReadonlySet<string>): string => {
  // The metadata of a template need not name anything; that of an object is ObjectMeta of resource.ts.
  if (full === 'meta.v1.ObjectMeta') return 'TemplateMeta';
  const [group = '', version = '', type = ''] = full.split('.');
  const pascal = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);
  const candidates = [type, `${pascal(group)}${type}`, `${pascal(group)}${pascal(version)}${type}`];
  const free = candidates.find((name) => !taken.has(name));
  if (free === undefined) throw new Error(`no free name for ${full}`);
  return free;
};

/** Defaults are the server's business for built-in kinds, and a bare `object` there means any content. */
const finish = (full: string, schema: Schema): Schema => {
  const { default: _default, properties, ...rest } = schema;
  if (properties === undefined) {
    return rest.type === 'object' && rest.values === undefined ? { ...rest, open: true } : rest;
  }
  const finished = Object.entries(properties).map(([key, property]): [string, Schema] => {
    const values = ENUMS[`${full}.${key}`];
    return [key, { ...finish('', property), ...(values && { enum: values }) }];
  });
  return { ...rest, properties: Object.fromEntries(finished) };
};
