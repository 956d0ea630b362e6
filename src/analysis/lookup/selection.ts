import type { Pod } from '../../model/pod.ts';
import { type Resource, resourceId } from '../../model/resource.ts';
import { spanOf } from '../../yaml/located.ts';
import { finding } from '../check.ts';
import type { Finding, SecondaryLabel } from '../finding.ts';
import { SHOWN_NAMES } from './name-list.ts';
import { indexPods, selectorText } from './pods.ts';

type Labels = Readonly<Record<string, string>>;

/** What objects with selectors select in their own namespaces. */
interface Selection<T extends Resource> {
  readonly byPod: ReadonlyMap<Pod, readonly T[]>;
  readonly withoutPods: readonly T[];
}

/** Selects pods for each object; an object without labels is not one of those that select. Replicas count once. */
export const selectPods = <T extends Resource>(
  resources: readonly T[],
  labelsOf: (resource: T) => Labels,
  pods: readonly Pod[],
): Selection<T> => {
  const byPod = new Map<Pod, T[]>();
  const withoutPods: T[] = [];
  const selecting = resources.filter((resource) => Object.keys(labelsOf(resource)).length > 0);
  if (selecting.length === 0) return { byPod, withoutPods };
  const index = indexPods(pods);
  for (const resource of selecting) {
    const selected = index.select(labelsOf(resource), resource.namespace);
    if (selected.length === 0) withoutPods.push(resource);
    for (const pod of selected) {
      const known = byPod.get(pod);
      if (known === undefined) byPod.set(pod, [resource]);
      else known.push(resource);
    }
  }
  return { byPod, withoutPods };
};

/** Objects by namespace, in input order. */
export const groupByNamespace = <T extends Resource>(resources: readonly T[]): ReadonlyMap<string, readonly T[]> => {
  const groups = new Map<string, T[]>();
  for (const resource of resources) {
    const known = groups.get(resource.namespace);
    if (known === undefined) groups.set(resource.namespace, [resource]);
    else known.push(resource);
  }
  return groups;
};

/** The finding about a selector that selects nothing, at the first of its labels by name. */
export const selectsNothing = (resource: Resource, labels: Labels): Finding => {
  const [key = ''] = Object.keys(labels).sort();
  const values = { kind: 'workload with labels', name: selectorText(labels) };
  const effect = `the ${resource.kind} has no effect: no pod in namespace ${resource.namespace} has these labels`;
  return finding('IST0101', resource, values, { in: labels, key, effect });
};

/** The other objects of a conflict, the first few of them: as wholes. */
export const otherDocuments = (resources: readonly Resource[], resource: Resource): readonly SecondaryLabel[] =>
  resources
    .slice(0, SHOWN_NAMES)
    .filter((other) => other !== resource)
    .map((other) => ({ span: other.span, text: resourceId(other) }));

/** The other objects of a conflict, the first few of them: by their names. */
export const otherNames = (resources: readonly Resource[], resource: Resource): readonly SecondaryLabel[] =>
  resources
    .slice(0, SHOWN_NAMES)
    .filter((other) => other !== resource)
    .map((other) => ({ span: spanOf(other.object.metadata, 'name') ?? other.span, text: resourceId(other) }));
