import { printGoYaml } from '../../yaml/emit/go-yaml.ts';
import { groupOf, type ManifestObject } from './object.ts';

const DEFAULT_RANK = 1000;

/** What is applied before or behind the rest: what others need first, what sends traffic last. */
const RANKS: Readonly<Record<string, number>> = {
  'apiextensions.k8s.io/CustomResourceDefinition': -1000,
  '/ServiceAccount': 1,
  'rbac.authorization.k8s.io/ClusterRole': 1,
  'rbac.authorization.k8s.io/ClusterRoleBinding': 2,
  // First of all it may have to stop refusing what follows.
  'admissionregistration.k8s.io/ValidatingWebhookConfiguration': 3,
  '/ConfigMap': 100,
  'autoscaling/HorizontalPodAutoscaler': 1001,
  '/Service': 10000,
};

const rankOf = (object: ManifestObject): number => RANKS[`${groupOf(object)}/${object.kind}`] ?? DEFAULT_RANK;

const compare = (left: string, right: string): number => (left === right ? 0 : left < right ? -1 : 1);

/** Objects in the order in which istioctl prints and applies them; those that are alike keep theirs. */
export const inOrder = (objects: readonly ManifestObject[]): readonly ManifestObject[] =>
  objects.toSorted(
    (left, right) =>
      rankOf(left) - rankOf(right) ||
      compare(groupOf(left), groupOf(right)) ||
      compare(left.kind, right.kind) ||
      compare(left.name, right.name),
  );

/** Objects in that order, those together that need none of each other. */
export const inRanks = (objects: readonly ManifestObject[]): readonly (readonly ManifestObject[])[] => {
  const ranks = new Map<number, ManifestObject[]>();
  for (const object of inOrder(objects)) {
    const rank = rankOf(object);
    ranks.set(rank, [...(ranks.get(rank) ?? []), object]);
  }
  return [...ranks.values()];
};

/** The objects as one text, byte for byte as `istioctl manifest generate` prints them. */
export const printManifest = (objects: readonly ManifestObject[]): string =>
  objects.map(({ value }) => `${printGoYaml(value)}\n---\n`).join('');
