import { Fault } from '../base/fault.ts';
import { inParallel } from '../base/in-parallel.ts';
import { KINDS, type KindName, type Kind as ModelKind, splitApiVersion } from '../model/kinds.ts';
import { isObject } from '../model/value.ts';
import { printGoYaml } from '../yaml/emit/go-yaml.ts';
import type { SourceText } from '../yaml/source-text.ts';
import type { Cluster, KubernetesObject, ListOptions } from './cluster.ts';

/** What a cluster holds of a mesh's configuration, at one moment. */
export interface LiveConfiguration {
  /** Name of the context. */
  readonly context: string;
  /** One object each, the oldest first, named `CONTEXT:KIND/NAMESPACE/NAME`; without the keys in Secrets. */
  readonly sources: readonly SourceText[];
  /** What the sources are the texts of, in the same order. */
  readonly objects: readonly KubernetesObject[];
  /** Why kinds are missing that whoever asks may not list. */
  readonly unread: readonly Fault[];
}

export interface ConfigurationOptions {
  /** Where istiod and its ConfigMaps are. */
  readonly istioNamespace: string;
  /** Leaves out Istio's and the Gateway API's objects that are labelled for another revision. */
  readonly revision: string;
}

/** What the model reads beside Istio's own kinds and those of the Gateway API. */
const READ: ReadonlySet<KindName> = new Set([
  'ConfigMap',
  'CustomResourceDefinition',
  'DaemonSet',
  'Deployment',
  'HorizontalPodAutoscaler',
  'MutatingWebhookConfiguration',
  'Namespace',
  'Node',
  'Pod',
  'Secret',
  'Service',
  'StatefulSet',
  'ValidatingWebhookConfiguration',
]);

const isForMesh = ({ schemaSet }: ModelKind): boolean => schemaSet === 'istio' || schemaSet === 'gateway-api';

/** How many kinds are listed at the same time. */
const WIDTH = 6;

const selectionOf = (kind: KindName, { istioNamespace }: ConfigurationOptions): ListOptions => {
  // Charts and tokens are many, large, and no credentials of a Gateway.
  if (kind === 'Secret') return { fields: 'type!=helm.sh/release.v1,type!=kubernetes.io/service-account-token' };
  return kind === 'ConfigMap' ? { namespace: istioNamespace } : {};
};

const ENDED = new Set(['Succeeded', 'Failed']);

const isOfRevision = ({ metadata }: KubernetesObject, revision: string): boolean => {
  const label = metadata.labels?.['istio.io/rev'];
  return label === undefined || label === revision;
};

const isWanted = (kind: ModelKind, object: KubernetesObject, { revision }: ConfigurationOptions): boolean => {
  if (isForMesh(kind)) return isOfRevision(object, revision);
  if (kind.name === 'ConfigMap') return object.metadata.name.startsWith('istio');
  const { status } = object;
  return kind.name !== 'Pod' || !isObject(status) || !ENDED.has(String(status['phase']));
};

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

const withoutBookkeeping = (object: KubernetesObject): KubernetesObject => {
  const { managedFields: _, annotations, ...metadata } = object.metadata;
  const kept = Object.entries(annotations ?? {}).filter(([key]) => key !== LAST_APPLIED);
  return { ...object, metadata: { ...metadata, ...(kept.length > 0 && { annotations: Object.fromEntries(kept) }) } };
};

const CERTIFICATES = new Set(['cert', 'cacert', 'tls.crt', 'ca.crt']);
const REDACTED = Buffer.from('redacted').toString('base64');

const isPublic = (name: string, value: unknown): boolean =>
  value === '' ||
  (CERTIFICATES.has(name) && !Buffer.from(String(value), 'base64').toString('latin1').includes('PRIVATE KEY'));

/** That a key is there matters, never which one: what is not loaded cannot be printed. */
const withoutKeys = (secret: KubernetesObject): KubernetesObject => {
  const { data } = secret;
  if (!isObject(data)) return secret;
  const kept = Object.entries(data).map(([name, value]) => [name, isPublic(name, value) ? value : REDACTED]);
  return { ...secret, data: Object.fromEntries(kept) };
};

/** Schemas are most of a definition's bytes, and the model has its own. */
const withoutSchemas = (definition: KubernetesObject): KubernetesObject => {
  const { spec } = definition;
  if (!isObject(spec) || !Array.isArray(spec['versions'])) return definition;
  const versions = spec['versions'].map((version) => (isObject(version) ? { ...version, schema: undefined } : version));
  return { ...definition, spec: { ...spec, versions } };
};

const abridge = (kind: KindName, object: KubernetesObject): KubernetesObject => {
  const bare = withoutBookkeeping(object);
  switch (kind) {
    case 'Secret':
      return withoutKeys(bare);
    case 'CustomResourceDefinition':
      return withoutSchemas(bare);
    case 'Node':
    case 'Pod':
      return { ...bare, status: undefined };
    default:
      return bare;
  }
};

/** The objects of a kind in the newest version that is served; none where none is. */
const listKind = async (
  cluster: Cluster,
  { group, versions, kind }: ModelKind,
  served: ReadonlySet<string>,
  options: ListOptions,
): Promise<readonly KubernetesObject[]> => {
  const apiVersions = versions.map((version) => (group === '' ? version : `${group}/${version}`));
  for (const apiVersion of apiVersions.filter((one) => served.has(one))) {
    const found = await cluster.list({ apiVersion, kind }, options);
    if (found !== undefined) return found;
  }
  return [];
};

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const byAge = ({ metadata: a }: KubernetesObject, { metadata: b }: KubernetesObject): number =>
  compare(a.creationTimestamp ?? '', b.creationTimestamp ?? '') ||
  compare(a.namespace ?? '', b.namespace ?? '') ||
  compare(a.name, b.name);

const sourceOf = (context: string, object: KubernetesObject): SourceText => {
  const { kind, apiVersion, metadata } = object;
  // Two groups have a Gateway.
  const group = kind === 'Gateway' ? `.${splitApiVersion(apiVersion).group}` : '';
  const place = metadata.namespace === undefined ? metadata.name : `${metadata.namespace}/${metadata.name}`;
  return { name: `${context === '' ? 'cluster' : context}:${kind}${group}/${place}`, text: printGoYaml(object) };
};

/**
 * Lists everything that analysis and the data plane's tables are made of. A kind that may not be listed is left out and
 * said; a Fault where none may be, or the API server fails.
 */
export const readConfiguration = async (
  cluster: Cluster,
  options: ConfigurationOptions,
): Promise<LiveConfiguration> => {
  const unread: Fault[] = [];
  const served = new Set(await cluster.apiVersions());
  const kinds = KINDS.filter((kind) => isForMesh(kind) || READ.has(kind.name));
  const listed = await inParallel(kinds, WIDTH, async (kind) => {
    try {
      const objects = await listKind(cluster, kind, served, selectionOf(kind.name, options));
      return objects.filter((object) => isWanted(kind, object, options)).map((object) => abridge(kind.name, object));
    } catch (error) {
      if (!(error instanceof Fault && error.code === 'FORBIDDEN')) throw error;
      unread.push(error);
      return [];
    }
  });
  const objects = listed.flat().sort(byAge);
  const [refused] = unread;
  if (objects.length === 0 && refused !== undefined) throw refused;
  const { context } = cluster;
  return { context, objects, sources: objects.map((object) => sourceOf(context, object)), unread };
};
