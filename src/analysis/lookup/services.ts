import type { Mesh } from '../../model/mesh.ts';
import type { Resource } from '../../model/resource.ts';
import type { Service } from '../../model/schema/generated/types-kubernetes.ts';
import { matchesLabels } from '../../model/selector.ts';

type Labels = Readonly<Record<string, string>>;

/**
 * Answers the Services of a namespace that select pods with given labels. Each Service is filed under one of the labels
 * it wants, so that asking costs the Services that share a label with the pods.
 */
export const indexServices = (mesh: Mesh): ((labels: Labels, namespace: string) => readonly Resource<Service>[]) => {
  const byLabel = new Map<string, Resource<Service>[]>();
  for (const service of mesh.of('Service')) {
    const [first] = Object.entries(service.object.spec?.selector ?? {});
    if (first === undefined) continue;
    const key = `${service.namespace}/${first[0]}=${first[1]}`;
    const filed = byLabel.get(key);
    if (filed === undefined) byLabel.set(key, [service]);
    else filed.push(service);
  }
  return (labels, namespace) =>
    Object.entries(labels)
      .flatMap(([name, value]) => byLabel.get(`${namespace}/${name}=${value}`) ?? [])
      .filter(({ object }) => matchesLabels(object.spec?.selector ?? {}, labels))
      .sort((a, b) => a.order - b.order);
};
