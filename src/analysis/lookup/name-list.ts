/** More names than this make no message clearer. */
export const SHOWN_NAMES = 8;

/**
 * `a, b, c`, sorted and each once; of many the first few and how many more. Where `names` holds no more than those that
 * sort first, `total` says how many there are.
 */
export const nameList = (names: Iterable<string>, total = 0): string => {
  const sorted = [...new Set(names)].sort();
  const more = Math.max(total, sorted.length) - SHOWN_NAMES;
  return more > 0 ? `${sorted.slice(0, SHOWN_NAMES).join(', ')} and ${more} more` : sorted.join(', ');
};
