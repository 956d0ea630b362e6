import { matchesGlob } from './glob.ts';

const segmentsOf = (path: string): readonly string[] => path.split('/').filter((part) => part !== '' && part !== '.');

/** The positions in a pattern that can be reached without a further name: `**` may stand for nothing. */
const withSkips = (positions: Iterable<number>, segments: readonly string[]): ReadonlySet<number> => {
  const all = new Set(positions);
  // A set hands out what is added to it while it is walked.
  for (const at of all) if (segments[at] === '**') all.add(at + 1);
  return all;
};

/**
 * Whether a relative path with slashes matches a pattern: `*` and `?` stay within one name, `**` stands for any number
 * of directories. A pattern that matches a directory matches all that is below it.
 */
export const matchesPath = (pattern: string, path: string): boolean => {
  const segments = segmentsOf(pattern);
  let positions = withSkips([0], segments);
  for (const name of segmentsOf(path)) {
    const next: number[] = [];
    for (const at of positions) {
      const segment = segments[at];
      if (segment === '**') next.push(at);
      else if (segment !== undefined && matchesGlob(segment, name, '?')) next.push(at + 1);
    }
    positions = withSkips(next, segments);
    if (positions.has(segments.length)) return true;
  }
  return false;
};
