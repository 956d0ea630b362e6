import type { Mesh } from '../../model/mesh.ts';
import type { Resource } from '../../model/resource.ts';
import type { Service } from '../../model/schema/generated/types-kubernetes.ts';
import { matchesLabels } from '../../model/selector.ts';

type Labels = Readonly<Record<string, string>>;

const labelKeys = (labels: Labels, namespace: string): readonly string[] =>
  Object.entries(labels).map(([name, value]) => `${namespace}/${name}=${value}`);

/**
 * Answers the Services of a namespace that select pods with given labels, in input order. Each Service is filed under the
 * rarest of the labels it wants, so that a label which all have costs nothing.
 */
export const indexServices = (mesh: Mesh): ((labels: Labels, namespace: string) => readonly Resource<Service>[]) => {
  const wanted = mesh.of('Service').flatMap((service) => {
    const keys = labelKeys(service.object.spec?.selector ?? {}, service.namespace);
    return keys.length === 0 ? [] : [{ service, keys }];
  });
  const counts = new Map<string, number>();
  for (const { keys } of wanted) for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  const filed = new Map<string, Resource<Service>[]>();
  for (const { service, keys } of wanted) {
    const rarest = keys.reduce((best, key) => ((counts.get(key) ?? 0) < (counts.get(best) ?? 0) ? key : best));
    const known = filed.get(rarest);
    if (known === undefined) filed.set(rarest, [service]);
    else known.push(service);
  }
  return (labels, namespace) =>
    labelKeys(labels, namespace)
      .flatMap((key) => filed.get(key) ?? [])
      .filter(({ object }) => matchesLabels(object.spec?.selector ?? {}, labels))
      .sort((a, b) => a.order - b.order);
};
