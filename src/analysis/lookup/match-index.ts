import type { RouteMatch } from '../../traffic/tables.ts';
import { prefixOf, startOf } from './match-coverage.ts';

/** Matches filed by their paths, so that those which may cover another are found without comparing all. */
export interface MatchIndex<T extends { readonly match: RouteMatch }> {
  add(entry: T): void;
  /** Every entry whose path may take all paths of the match, in the order they were added. */
  candidates(match: RouteMatch): readonly T[];
}

/** More matches of one path than this are not compared: many that differ in a header would cost their square. */
const MAX_SAME_PATH = 64;

interface Filed<T> {
  readonly order: number;
  readonly entry: T;
}

/** Files matches by what their paths begin with; case is left to the comparison. */
export const createMatchIndex = <T extends { readonly match: RouteMatch }>(): MatchIndex<T> => {
  const byKey = new Map<string, Filed<T>[]>();
  const prefixLengths = new Set<number>();
  let count = 0;
  const file = (key: string, entry: T): void => {
    const known = byKey.get(key) ?? [];
    byKey.set(key, known);
    if (known.length < MAX_SAME_PATH) known.push({ order: count++, entry });
  };
  return {
    add: (entry) => {
      const { path } = entry.match;
      const prefix = path === undefined ? '' : prefixOf(path)?.toLowerCase();
      if (prefix !== undefined) {
        prefixLengths.add(prefix.length);
        file(`prefix ${prefix}`, entry);
      } else if (path?.kind === 'regex') {
        file(`regex ${path.source}`, entry);
        file('regexes', entry);
      } else if (path !== undefined) file(`exact ${startOf(path).toLowerCase()}`, entry);
    },
    candidates: ({ path }) => {
      const start = (path === undefined || path.kind === 'present' ? '/' : startOf(path)).toLowerCase();
      const keys = [...prefixLengths]
        .filter((length) => length <= start.length)
        .map((length) => `prefix ${start.slice(0, length)}`);
      if (path?.kind === 'exact') keys.push(`exact ${start}`, 'regexes');
      if (path?.kind === 'regex') keys.push(`regex ${path.source}`);
      const found = keys.flatMap((key) => byKey.get(key) ?? []).sort((a, b) => a.order - b.order);
      return found.map(({ entry }) => entry);
    },
  };
};
