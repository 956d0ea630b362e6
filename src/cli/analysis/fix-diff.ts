/** Lines around a change. */
const CONTEXT = 3;
/** Stretches that differ in more lines are shown as one change: the search takes space in the square. */
const MAX_DIFFERENCES = 1000;

/** One line of a diff: ` ` both have it, `-` only the old text, `+` only the new one. */
interface Step {
  readonly mark: ' ' | '-' | '+';
  readonly line: string;
}

/** Lines with their breaks, so that the last one tells whether it has one. */
const linesOf = (text: string): readonly string[] => (text === '' ? [] : text.split(/(?<=\n)/));

const steps = (mark: Step['mark'], lines: readonly string[]): readonly Step[] => lines.map((line) => ({ mark, line }));

/** The furthest reach on each diagonal, for every number of differences (Myers' greedy search). */
const search = (
  before: readonly string[],
  after: readonly string[],
): readonly ReadonlyMap<number, number>[] | undefined => {
  const reached = new Map([[1, 0]]);
  const trace: Map<number, number>[] = [];
  for (let differences = 0; differences <= Math.min(MAX_DIFFERENCES, before.length + after.length); differences++) {
    trace.push(new Map(reached));
    for (let diagonal = -differences; diagonal <= differences; diagonal += 2) {
      const [above = -1, left = -1] = [reached.get(diagonal + 1), reached.get(diagonal - 1)];
      let x = diagonal === -differences || (diagonal !== differences && left < above) ? above : left + 1;
      while (x < before.length && x - diagonal < after.length && before[x] === after[x - diagonal]) x++;
      reached.set(diagonal, x);
      if (x >= before.length && x - diagonal >= after.length) return trace;
    }
  }
  return undefined;
};

/** Walks the search back from the end to the beginning. */
const walkBack = (
  before: readonly string[],
  after: readonly string[],
  trace: readonly ReadonlyMap<number, number>[],
): readonly Step[] => {
  const reversed: Step[] = [];
  let [x, y] = [before.length, after.length];
  for (let differences = trace.length - 1; differences >= 0; differences--) {
    const reached = trace[differences];
    const diagonal = x - y;
    const [above = -1, left = -1] = [reached?.get(diagonal + 1), reached?.get(diagonal - 1)];
    const isInsertion = diagonal === -differences || (diagonal !== differences && left < above);
    const previousX = isInsertion ? above : left;
    const previousY = previousX - (isInsertion ? diagonal + 1 : diagonal - 1);
    while (x > Math.max(0, previousX) && y > Math.max(0, previousY) && before[x - 1] === after[y - 1]) {
      reversed.push({ mark: ' ', line: before[--x] ?? '' });
      y--;
    }
    if (differences === 0) break;
    if (isInsertion) reversed.push({ mark: '+', line: after[--y] ?? '' });
    else reversed.push({ mark: '-', line: before[--x] ?? '' });
  }
  return reversed.reverse();
};

/** Positions of the lines that a text has once. */
const uniqueLines = (lines: readonly string[]): ReadonlyMap<string, number> => {
  const positions = new Map<string, number>();
  const repeated = new Set<string>();
  for (const [index, line] of lines.entries()) {
    if (positions.has(line)) repeated.add(line);
    positions.set(line, index);
  }
  for (const line of repeated) positions.delete(line);
  return positions;
};

/** Cuts large texts at lines that both have once and in the same order, and compares what lies between. */
const compareBetween = (before: readonly string[], after: readonly string[]): readonly Step[] => {
  const [old, fresh] = [uniqueLines(before), uniqueLines(after)];
  const all: Step[] = [];
  let [x, y] = [0, 0];
  const advance = (toX: number, toY: number): void => {
    const [removed, added] = [before.slice(x, toX), after.slice(y, toY)];
    const trace = search(removed, added);
    const found =
      trace === undefined ? [...steps('-', removed), ...steps('+', added)] : walkBack(removed, added, trace);
    for (const step of found) all.push(step);
    [x, y] = [toX, toY];
  };
  for (const [line, index] of old) {
    const other = fresh.get(line);
    if (other !== undefined && index >= x && other >= y) advance(index, other);
  }
  advance(before.length, after.length);
  return all;
};

const compare = (before: readonly string[], after: readonly string[]): readonly Step[] => {
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head++;
  let tail = 0;
  const most = Math.min(before.length, after.length) - head;
  while (tail < most && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail++;
  return [
    ...steps(' ', before.slice(0, head)),
    ...compareBetween(before.slice(head, before.length - tail), after.slice(head, after.length - tail)),
    ...steps(' ', before.slice(before.length - tail)),
  ];
};

/** The stretches of steps to show: changes with their context, those that touch as one. */
const hunksOf = (all: readonly Step[]): readonly (readonly [from: number, to: number])[] => {
  const hunks: [number, number][] = [];
  for (const [index, { mark }] of all.entries()) {
    if (mark === ' ') continue;
    const last = hunks.at(-1);
    const [from, to] = [Math.max(0, index - CONTEXT), Math.min(all.length, index + CONTEXT + 1)];
    if (last !== undefined && from <= last[1]) last[1] = to;
    else hunks.push([from, to]);
  }
  return hunks;
};

const rangeText = (start: number, count: number): string =>
  count === 1 ? `${start + 1}` : `${count === 0 ? start : start + 1},${count}`;

/** The lines of a unified diff, without breaks at their end but those of the text's own carriage returns; none for equal texts. */
export const unifiedDiff = (name: string, before: string, after: string): readonly string[] => {
  if (before === after) return [];
  const all = compare(linesOf(before), linesOf(after));
  const lines = [`--- ${name}`, `+++ ${name}`];
  let [old, fresh, at] = [0, 0, 0];
  for (const [from, to] of hunksOf(all)) {
    old += from - at;
    fresh += from - at;
    const shown = all.slice(from, to);
    const [removed, added] = (['+', '-'] as const).map((other) => shown.filter(({ mark }) => mark !== other).length);
    lines.push(`@@ -${rangeText(old, removed ?? 0)} +${rangeText(fresh, added ?? 0)} @@`);
    for (const { mark, line } of shown) {
      const hasBreak = line.endsWith('\n');
      lines.push(mark + (hasBreak ? line.slice(0, -1) : line));
      if (!hasBreak) lines.push('\\ No newline at end of file');
    }
    old += removed ?? 0;
    fresh += added ?? 0;
    at = to;
  }
  return lines;
};
