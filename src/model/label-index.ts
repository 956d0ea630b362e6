/** Objects of a namespace found by labels, without looking at every one of them. */
import { matchesLabels } from './selector.ts';

/** Labels that an object has, or that a selector wants. */
interface Labelled {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** What has a namespace and labels, or selects by them; in the order of the index. */
export type LabelLookup<T> = (namespace: string, labels: Labelled['labels']) => readonly T[];

// No name of Kubernetes has a blank.
const pairKey = (namespace: string, name: string, value: string): string => `${namespace} ${name} ${value}`;

const pairKeys = ({ namespace, labels }: Labelled): readonly string[] =>
  Object.entries(labels).map(([name, value]) => pairKey(namespace, name, value));

const append = <T>(lists: Map<string, T[]>, key: string, item: T): void => {
  const known = lists.get(key);
  if (known === undefined) lists.set(key, [item]);
  else known.push(item);
};

/** Finds the items that have all of some wanted labels; no wanted labels find all of the namespace. */
export const indexLabelled = <T>(items: Iterable<T>, labelledOf: (item: T) => Labelled): LabelLookup<T> => {
  const byPair = new Map<string, T[]>();
  for (const item of items) {
    const labelled = labelledOf(item);
    append(byPair, labelled.namespace, item);
    for (const key of pairKeys(labelled)) append(byPair, key, item);
  }
  return (namespace, wanted) => {
    let fewest: readonly T[] = byPair.get(namespace) ?? [];
    for (const key of pairKeys({ namespace, labels: wanted })) {
      const having = byPair.get(key) ?? [];
      if (having.length < fewest.length) fewest = having;
    }
    return fewest.filter((item) => matchesLabels(wanted, labelledOf(item).labels));
  };
};

/** Finds the items whose wanted labels an object of their namespace has; those that want none find all of it. */
export const indexSelecting = <T>(items: Iterable<T>, wantedOf: (item: T) => Labelled): LabelLookup<T> => {
  const selecting = [...items].map((item, order) => ({ item, order, wanted: wantedOf(item) }));
  const uses = new Map<string, number>();
  for (const { wanted } of selecting) for (const key of pairKeys(wanted)) uses.set(key, (uses.get(key) ?? 0) + 1);
  const byPair = new Map<string, (typeof selecting)[number][]>();
  for (const entry of selecting) {
    // Under the label that the fewest ask for, so that few are looked at in vain.
    const [rarest = entry.wanted.namespace] = pairKeys(entry.wanted).toSorted(
      (left, right) => (uses.get(left) ?? 0) - (uses.get(right) ?? 0),
    );
    append(byPair, rarest, entry);
  }
  return (namespace, labels) =>
    [namespace, ...pairKeys({ namespace, labels })]
      .flatMap((key) => byPair.get(key) ?? [])
      .filter(({ wanted }) => matchesLabels(wanted.labels, labels))
      .sort((left, right) => left.order - right.order)
      .map(({ item }) => item);
};
