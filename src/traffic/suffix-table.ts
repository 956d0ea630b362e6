/** Values by the end of a name; what a lookup costs depends on how many different lengths there are, not on how many ends. */
export interface SuffixTable<T> {
  /** `.example.com` for `*.example.com`. */
  readonly values: ReadonlyMap<string, T>;
  /** Of the ends, longest first. */
  readonly lengths: readonly number[];
}

/** Indexes values by the ends of names. */
export const suffixTable = <T>(values: ReadonlyMap<string, T>): SuffixTable<T> => ({
  values,
  lengths: [...new Set([...values.keys()].map(({ length }) => length))].sort((left, right) => right - left),
});

/** The value of the longest end that a name has, with at least one character before it. */
export const findSuffix = <T>({ values, lengths }: SuffixTable<T>, name: string): T | undefined => {
  for (const length of lengths) {
    if (length >= name.length) continue;
    const found = values.get(name.slice(name.length - length));
    if (found !== undefined) return found;
  }
  return undefined;
};
