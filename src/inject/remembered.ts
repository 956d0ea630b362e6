/** What was made by name for a set of descriptors, for as long as the set is there. */
export type Made<T> = WeakMap<object, Map<string, T>>;

/** What was made for a name of the descriptors before, or is made now. */
export const remembered = <T extends object>(made: Made<T>, descriptors: object, name: string, make: () => T): T => {
  let byName = made.get(descriptors);
  if (byName === undefined) {
    byName = new Map();
    made.set(descriptors, byName);
  }
  let known = byName.get(name);
  if (known === undefined) {
    known = make();
    byName.set(name, known);
  }
  return known;
};
