import { proxyImage } from '../model/injector-values.ts';
import { isObject } from '../model/value.ts';
import type { Cluster, KubernetesObject } from './cluster.ts';
import { type Injector, injectedRevision, mayTakeNamespace, readInjectors, takesNamespace } from './injectors.ts';

/** The pods of a namespace that have the proxy of one revision. */
export interface PodCount {
  readonly namespace: string;
  /** Which revision new pods get; empty for none, `MISSING/...` where no webhook is there for what the label says. */
  readonly revision: string;
  /** Whose proxy these pods have; undefined for none. */
  readonly podRevision: string | undefined;
  readonly pods: number;
  /** Of them, those that refuse injection themselves. */
  readonly disabled: number;
  /** Of them, those that would have another proxy if they were created again. */
  readonly needRestart: number;
}

/** An injector, and whom it serves. */
export interface InjectorRow {
  readonly injector: string;
  readonly revision: string;
  readonly namespaces: readonly string[];
  /** The proxy's image; empty where its configuration is not there. */
  readonly image: string;
}

const REVISION = 'istio.io/rev';
const INJECTION = 'istio-injection';
const INJECT = 'sidecar.istio.io/inject';
const SYSTEM = new Set(['kube-system', 'kube-public', 'kube-node-lease', 'local-path-storage']);

const labelsOf = ({ metadata }: KubernetesObject): Readonly<Record<string, string>> => metadata.labels ?? {};

const listOf = async (cluster: Cluster, kind: string, labels?: string): Promise<readonly KubernetesObject[]> =>
  (await cluster.list({ apiVersion: 'v1', kind }, labels === undefined ? {} : { labels })) ?? [];

const revisionFor = (namespace: KubernetesObject, injectors: readonly Injector[]): string => {
  const labels = labelsOf(namespace);
  const injector = injectors.find((one) => mayTakeNamespace(one, labels));
  if (injector !== undefined) return injector.revision;
  const revision = labels[REVISION] ?? '';
  if (revision !== '') return `MISSING/${revision}`;
  return (labels[INJECTION] ?? 'disabled') === 'disabled' ? '' : `MISSING/${INJECTION}`;
};

const groupBy = <K>(
  objects: readonly KubernetesObject[],
  keyOf: (object: KubernetesObject) => K,
): Map<K, readonly KubernetesObject[]> => {
  const groups = new Map<K, KubernetesObject[]>();
  for (const object of objects) {
    const key = keyOf(object);
    const group = groups.get(key) ?? [];
    groups.set(key, group);
    group.push(object);
  }
  return groups;
};

const isDisabled = ({ metadata }: KubernetesObject): boolean =>
  (metadata.labels?.[INJECT] ?? metadata.annotations?.[INJECT] ?? '').toLowerCase() === 'false';

const countPods = (namespace: string, revision: string, pods: readonly KubernetesObject[]): readonly PodCount[] => {
  const byRevision = groupBy<string | undefined>(pods, injectedRevision);
  if (byRevision.size === 0 && revision !== '') byRevision.set(revision, []);
  return [...byRevision].map(([podRevision, own]) => ({
    namespace,
    revision,
    podRevision,
    pods: own.length,
    disabled: own.filter(isDisabled).length,
    needRestart: (podRevision ?? '') === revision ? 0 : own.filter((pod) => !isDisabled(pod)).length,
  }));
};

const imagesByRevision = (configs: readonly KubernetesObject[]): ReadonlyMap<string, string> =>
  new Map(
    configs.flatMap((config) => {
      const values = isObject(config['data']) ? config['data']['values'] : undefined;
      return typeof values === 'string' ? [[labelsOf(config)[REVISION] ?? '', proxyImage(values)] as const] : [];
    }),
  );

/** Who is injected by whom: pods by namespace and revision, and injectors by name; `only` is one namespace, or all. */
export const listInjectors = async (
  cluster: Cluster,
  istioNamespace: string,
  only: string | undefined,
): Promise<{ readonly pods: readonly PodCount[]; readonly injectors: readonly InjectorRow[] }> => {
  const [all, injectors, pods, configs] = await Promise.all([
    listOf(cluster, 'Namespace'),
    readInjectors(cluster),
    listOf(cluster, 'Pod'),
    listOf(cluster, 'ConfigMap', REVISION),
  ]);
  const namespaces = all
    .filter((one) => only === undefined || one.metadata.name === only)
    .filter((one) => !SYSTEM.has(one.metadata.name) && one.metadata.name !== istioNamespace)
    .filter((one) => labelsOf(one)['istio.io/dataplane-mode'] !== 'ambient')
    .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  const podsByNamespace = groupBy(pods, ({ metadata }) => metadata.namespace ?? '');
  const images = imagesByRevision(configs);
  return {
    pods: namespaces.flatMap((one) =>
      countPods(one.metadata.name, revisionFor(one, injectors), podsByNamespace.get(one.metadata.name) ?? []),
    ),
    injectors: injectors.map((injector) => ({
      injector: injector.name,
      revision: injector.revision,
      namespaces: namespaces
        .filter((one) => takesNamespace(injector, labelsOf(one)))
        .map(({ metadata }) => metadata.name),
      image: images.get(injector.revision) ?? '',
    })),
  };
};
