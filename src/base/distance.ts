/**
 * Edits (insert, delete, replace, swap neighbours) that turn one word into the other; `limit + 1` as soon as it is
 * certain that more than `limit` are needed.
 */
export const editDistance = (from: string, to: string, limit: number): number => {
  if (Math.abs(from.length - to.length) > limit) return limit + 1;
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    let best = row;
    for (let column = 1; column <= to.length; column++) {
      const cost = from[row - 1] === to[column - 1] ? 0 : 1;
      let edits = Math.min((last[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1, (last[column - 1] ?? 0) + cost);
      if (row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]) {
        edits = Math.min(edits, (beforeLast[column - 2] ?? 0) + 1);
      }
      current.push(edits);
      best = Math.min(best, edits);
    }
    if (best > limit) return limit + 1;
    beforeLast = last;
    last = current;
  }
  return Math.min(last[to.length] ?? 0, limit + 1);
};

/**
 * The candidate the user most likely meant, or undefined when none is near: at most a third of the word may differ
 * (one letter for short words, never all of it). Case counts less than a wrong letter; the first of equals wins.
 */
export const suggest = (word: string, candidates: Iterable<string>): string | undefined => {
  const lower = word.toLowerCase();
  let nearest: string | undefined;
  let best = Math.min(Math.max(1, Math.floor(word.length / 3)), word.length - 1) + 1;
  for (const candidate of candidates) {
    if (candidate === word) return candidate;
    const distance = editDistance(lower, candidate.toLowerCase(), best - 1);
    if (distance < best) {
      best = distance;
      nearest = candidate;
    }
    if (best === 0) return nearest;
  }
  return nearest;
};
