import { suggest } from '../../base/distance.ts';

/** With more names than this, comparing each wrong one with all of them would take time in the square. */
const COMPARED = 200;

/** The word, and the word without any one of its letters: names with one of these in common differ by one typing error. */
const shortened = (word: string): ReadonlySet<string> =>
  new Set([word, ...Array.from(word, (_, at) => word.slice(0, at) + word.slice(at + 1))]);

const indexShortened = (names: readonly string[]): ReadonlyMap<string, readonly string[]> => {
  const index = new Map<string, string[]>();
  for (const name of names) {
    for (const part of shortened(name.toLowerCase())) {
      const list = index.get(part);
      if (list === undefined) index.set(part, [name]);
      else if (list.length < COMPARED) list.push(name);
    }
  }
  return index;
};

/** Answers the name that somebody most likely meant; of very many names only those one typing error away are seen. */
export const createSuggester = (names: readonly string[]): ((word: string) => string | undefined) => {
  if (names.length <= COMPARED) return (word) => suggest(word, names);
  const index = indexShortened(names);
  return (word) => suggest(word, new Set([...shortened(word.toLowerCase())].flatMap((part) => index.get(part) ?? [])));
};
