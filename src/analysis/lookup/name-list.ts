/** More names than this make no message clearer. */
export const SHOWN_NAMES = 8;

/** `a, b, c`, sorted and each once; of many the first few and how many more. */
export const nameList = (names: Iterable<string>): string => {
  const sorted = [...new Set(names)].sort();
  const more = sorted.length - SHOWN_NAMES;
  return more > 0 ? `${sorted.slice(0, SHOWN_NAMES).join(', ')} and ${more} more` : sorted.join(', ');
};
