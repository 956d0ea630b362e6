import type { Span } from '../base/span.ts';

/** One input as read; `name` is what the user typed (a relative path, `-` for standard input) and goes into every span. */
export interface SourceText {
  readonly name: string;
  readonly text: string;
}

const BYTE_ORDER_MARK = 0xfeff;
const lineStartsBySource = new WeakMap<SourceText, readonly number[]>();

const findLineStarts = (text: string): readonly number[] => {
  // A byte order mark is no column of the first line.
  const starts = [text.charCodeAt(0) === BYTE_ORDER_MARK ? 1 : 0];
  if (!text.includes('\r')) {
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
    return starts;
  }
  const breaks = /\r\n|\n|\r/g;
  while (breaks.exec(text) !== null) starts.push(breaks.lastIndex);
  return starts;
};

/** Offsets at which the lines of the text begin, computed once per source; LF, CRLF and CR all end a line. */
export const lineStarts = (source: SourceText): readonly number[] => {
  const known = lineStartsBySource.get(source);
  if (known !== undefined) return known;
  const starts = findLineStarts(source.text);
  lineStartsBySource.set(source, starts);
  return starts;
};

const lineOf = (starts: readonly number[], offset: number): number => {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
};

/** The span of `[start, end)` in UTF-16 offsets; columns count UTF-16 units, as editors and the language server protocol do. */
export const spanAt = (source: SourceText, start: number, end: number): Span => {
  const starts = lineStarts(source);
  const from = lineOf(starts, start);
  const to = lineOf(starts, end);
  return {
    file: source.name,
    line: from + 1,
    column: Math.max(0, start - (starts[from] ?? 0)) + 1,
    endLine: to + 1,
    endColumn: Math.max(0, end - (starts[to] ?? 0)) + 1,
  };
};
