import { Fault } from '../../base/fault.ts';
import { inParallel } from '../../base/in-parallel.ts';
import type { ManifestObject } from '../../install/manifest/object.ts';
import type { Cluster, Kind, ListOptions } from '../cluster.ts';
import { fromKubernetes } from '../install/objects.ts';
import { AT_ONCE } from '../install/owned.ts';

/** Lists of objects that checks look at. */
type ObjectPart =
  | 'injectors'
  | 'validators'
  | 'definitions'
  | 'namespaces'
  | 'pods'
  | 'deployments'
  | 'daemonSets'
  | 'services'
  | 'roots'
  | 'authorities';

/** What checks look at. */
export type Part = ObjectPart | 'permissions' | 'lags';

/** Whether the user of the context may create a kind of object. */
interface Permission {
  readonly resource: string;
  readonly namespace: string | undefined;
  readonly isAllowed: boolean;
}

/** What a proxy was sent and does not have. */
export interface ProxyLag {
  /** `web-7fd94c989c-g2nft.app`. */
  readonly name: string;
  /** Types of configuration (`CDS`, `LDS`, ...) whose newest version it has not acknowledged. */
  readonly behind: readonly string[];
  /** `LDS: WHY`, of what it refused. */
  readonly refused: readonly string[];
}

/** A cluster at one moment, as far as checks look at it. */
export interface Snapshot extends Readonly<Record<ObjectPart, readonly ManifestObject[]>> {
  readonly nowMs: number;
  /** `v1.33.1`. */
  readonly kubernetes: string;
  /** Where istiod runs. */
  readonly namespace: string;
  readonly permissions: readonly Permission[];
  readonly lags: readonly ProxyLag[];
  /** Why a part cannot be seen; what is not here was seen. */
  readonly unseen: ReadonlyMap<Part, Fault>;
}

interface Scope {
  readonly namespace: string;
}

/** What is looked at, from when, and who asks istiod. */
interface SnapshotOptions extends Scope {
  readonly nowMs: number;
  readonly askLags: (cluster: Cluster, namespace: string) => Promise<readonly ProxyLag[]>;
}

type Source = Kind & { readonly options?: (scope: Scope) => ListOptions };

const WEBHOOKS = 'admissionregistration.k8s.io/v1';

const SOURCES: Readonly<Record<ObjectPart, Source>> = {
  injectors: { apiVersion: WEBHOOKS, kind: 'MutatingWebhookConfiguration' },
  validators: { apiVersion: WEBHOOKS, kind: 'ValidatingWebhookConfiguration' },
  definitions: { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' },
  namespaces: { apiVersion: 'v1', kind: 'Namespace' },
  pods: { apiVersion: 'v1', kind: 'Pod' },
  deployments: { apiVersion: 'apps/v1', kind: 'Deployment' },
  daemonSets: { apiVersion: 'apps/v1', kind: 'DaemonSet' },
  services: { apiVersion: 'v1', kind: 'Service', options: ({ namespace }) => ({ namespace }) },
  roots: { apiVersion: 'v1', kind: 'ConfigMap', options: () => ({ fields: 'metadata.name=istio-ca-root-cert' }) },
  authorities: { apiVersion: 'v1', kind: 'Secret', options: ({ namespace }) => ({ namespace }) },
};

/** What installing creates, in the namespace of istiod or in the whole cluster. */
const CREATED: readonly { readonly group: string; readonly resource: string; readonly isNamespaced?: boolean }[] = [
  { group: '', resource: 'namespaces' },
  { group: 'rbac.authorization.k8s.io', resource: 'clusterroles' },
  { group: 'rbac.authorization.k8s.io', resource: 'clusterrolebindings' },
  { group: 'apiextensions.k8s.io', resource: 'customresourcedefinitions' },
  { group: 'rbac.authorization.k8s.io', resource: 'roles', isNamespaced: true },
  { group: '', resource: 'serviceaccounts', isNamespaced: true },
  { group: '', resource: 'services', isNamespaced: true },
  { group: 'apps', resource: 'deployments', isNamespaced: true },
  { group: '', resource: 'configmaps', isNamespaced: true },
  { group: 'admissionregistration.k8s.io', resource: 'mutatingwebhookconfigurations' },
  { group: 'admissionregistration.k8s.io', resource: 'validatingwebhookconfigurations' },
];

const permissionsOf = (cluster: Cluster, { namespace }: Scope): Promise<readonly Permission[]> =>
  inParallel(CREATED, AT_ONCE, async ({ group, resource, isNamespaced = false }) => {
    const place = isNamespaced ? { namespace } : {};
    const isAllowed = await cluster.may({ verb: 'create', group, resource, ...place });
    return { resource, namespace: isNamespaced ? namespace : undefined, isAllowed };
  });

const listPart = async (cluster: Cluster, part: ObjectPart, scope: Scope): Promise<readonly ManifestObject[]> => {
  const { options, ...kind } = SOURCES[part];
  return ((await cluster.list(kind, options?.(scope))) ?? []).map(fromKubernetes);
};

/** Faults without which nothing else is worth asking. */
const isHopeless = ({ kind, code }: Fault): boolean =>
  kind === 'interrupted' || code === 'CLUSTER_UNREACHABLE' || code === 'UNAUTHENTICATED';

/** Looks at the parts of a cluster that are needed, at once; throws a Fault where the API server does not answer. */
export const takeSnapshot = async (
  cluster: Cluster,
  needed: ReadonlySet<Part>,
  { namespace, nowMs, askLags }: SnapshotOptions,
): Promise<Snapshot> => {
  const { gitVersion } = await cluster.version();
  const unseen = new Map<Part, Fault>();
  const load = async <T>(part: Part, ask: () => Promise<readonly T[]>): Promise<readonly T[]> => {
    if (!needed.has(part)) return [];
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof Fault) || isHopeless(error)) throw error;
      unseen.set(part, error);
      return [];
    }
  };
  const parts = Object.keys(SOURCES) as readonly ObjectPart[];
  const lists = inParallel(
    parts,
    AT_ONCE,
    async (part) => [part, await load(part, () => listPart(cluster, part, { namespace }))] as const,
  );
  const [objects, permissions, lags] = await Promise.all([
    lists,
    load('permissions', () => permissionsOf(cluster, { namespace })),
    load('lags', () => askLags(cluster, namespace)),
  ]);
  return {
    // Every part is asked for above.
    ...(Object.fromEntries(objects) as Record<ObjectPart, readonly ManifestObject[]>),
    nowMs,
    kubernetes: gitVersion,
    namespace,
    permissions,
    lags,
    unseen,
  };
};
