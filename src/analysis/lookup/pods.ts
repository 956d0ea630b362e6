import type { Mesh } from '../../model/mesh.ts';
import type { Pod } from '../../model/pod.ts';
import type { Resource } from '../../model/resource.ts';
import type { Service } from '../../model/schema/generated/types-kubernetes.ts';
import { matchesLabels } from '../../model/selector.ts';

type Labels = Readonly<Record<string, string>>;

/** The workloads' pods by their labels; replicas of one workload count once. */
export interface PodIndex {
  readonly pods: readonly Pod[];
  /** Pods with all the labels, of one namespace or of all; no labels select every pod. In input order. */
  select(labels: Labels, namespace?: string): readonly Pod[];
  /** Whether `select` would find any, which costs less where many are found. */
  selectsAny(labels: Labels, namespace?: string): boolean;
}

const indexes = new WeakMap<readonly Pod[], PodIndex>();

/** Indexes pods by label, once for each list, so that a selector costs what its rarest label finds. */
export const indexPods = (all: readonly Pod[]): PodIndex => {
  const known = indexes.get(all);
  if (known !== undefined) return known;
  const index = buildIndex(all);
  indexes.set(all, index);
  return index;
};

const buildIndex = (all: readonly Pod[]): PodIndex => {
  const pods = all.filter(({ replica }) => replica === 0);
  const byLabel = new Map<string, Pod[]>();
  const byNamespace = new Map<string, Pod[]>();
  for (const pod of pods) {
    append(byNamespace, pod.namespace, pod);
    for (const key of Object.keys(pod.labels)) append(byLabel, `${key}=${pod.labels[key]}`, pod);
  }
  const candidatesFor = (labels: Labels, namespace: string | undefined): readonly Pod[] => {
    let candidates = namespace === undefined ? pods : (byNamespace.get(namespace) ?? []);
    for (const key of Object.keys(labels)) {
      const having = byLabel.get(`${key}=${labels[key]}`) ?? [];
      if (having.length < candidates.length) candidates = having;
    }
    return candidates;
  };
  const isSelected = (pod: Pod, labels: Labels, namespace: string | undefined): boolean =>
    (namespace === undefined || pod.namespace === namespace) && matchesLabels(labels, pod.labels);
  return {
    pods,
    select: (labels, namespace) => candidatesFor(labels, namespace).filter((pod) => isSelected(pod, labels, namespace)),
    selectsAny: (labels, namespace) =>
      candidatesFor(labels, namespace).some((pod) => isSelected(pod, labels, namespace)),
  };
};

const append = <T>(lists: Map<string, T[]>, key: string, item: T): void => {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [item]);
  else list.push(item);
};

/** Services by the pods they select: those of a pod's own namespace. Remembers what it was asked. */
export const indexServicesOfPods = (mesh: Mesh): ((pod: Pod) => readonly Resource<Service>[]) => {
  const byNamespace = new Map<string, Resource<Service>[]>();
  for (const service of mesh.of('Service')) append(byNamespace, service.namespace, service);
  const known = new Map<Pod, readonly Resource<Service>[]>();
  return (pod) => {
    const remembered = known.get(pod);
    if (remembered !== undefined) return remembered;
    const services = (byNamespace.get(pod.namespace) ?? []).filter(({ object }) => {
      const selector = object.spec?.selector ?? {};
      return Object.keys(selector).length > 0 && matchesLabels(selector, pod.labels);
    });
    known.set(pod, services);
    return services;
  };
};

/** `app=web,tier=front`, sorted by key, as Kubernetes writes a selector. */
export const selectorText = (labels: Labels): string =>
  Object.keys(labels)
    .sort()
    .map((key) => `${key}=${labels[key]}`)
    .join(',');
