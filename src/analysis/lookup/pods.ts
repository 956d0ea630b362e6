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
}

/** Indexes pods by label, so that a selector costs what its rarest label finds. */
export const indexPods = (all: readonly Pod[]): PodIndex => {
  const pods = all.filter(({ replica }) => replica === 0);
  const byLabel = new Map<string, Pod[]>();
  const byNamespace = new Map<string, Pod[]>();
  for (const pod of pods) {
    append(byNamespace, pod.namespace, pod);
    for (const key of Object.keys(pod.labels)) append(byLabel, `${key}=${pod.labels[key]}`, pod);
  }
  return {
    pods,
    select: (labels, namespace) => {
      let candidates = namespace === undefined ? pods : (byNamespace.get(namespace) ?? []);
      for (const key of Object.keys(labels)) {
        const having = byLabel.get(`${key}=${labels[key]}`) ?? [];
        if (having.length < candidates.length) candidates = having;
      }
      return candidates.filter(
        (pod) => (namespace === undefined || pod.namespace === namespace) && matchesLabels(labels, pod.labels),
      );
    },
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
