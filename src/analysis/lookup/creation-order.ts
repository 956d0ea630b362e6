import type { Resource } from '../../model/resource.ts';

const timeOf = ({ object }: Resource): string => object.metadata.creationTimestamp ?? '';

const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

/**
 * Istio's order where several objects speak of one thing and the first wins: by time of creation, and by name and namespace
 * where it is the same. Files seldom tell the time; unless all do, the names decide, as if all were created at once.
 */
export const inCreationOrder = <T extends Resource>(resources: readonly T[]): readonly T[] => {
  const areTimed = resources.every((resource) => timeOf(resource) !== '');
  return [...resources].sort(
    (one, other) =>
      (areTimed ? compare(timeOf(one), timeOf(other)) : 0) ||
      compare(one.name, other.name) ||
      compare(one.namespace, other.namespace),
  );
};

/** Whether the order of creation is in the files, and not a matter of when they are applied. */
export const isTimed = (...resources: readonly Resource[]): boolean =>
  resources.every((resource) => timeOf(resource) !== '');
