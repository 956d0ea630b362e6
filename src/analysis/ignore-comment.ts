import type { Span } from '../base/span.ts';
import type { LoadedDocument } from '../yaml/load.ts';
import { spanOf } from '../yaml/located.ts';
import { lineStarts, type SourceText, spanAt } from '../yaml/source-text.ts';

/** A comment `# heddle-ignore CODE[,CODE] -- reason`. */
export interface IgnoreComment {
  /** What stands between the marker and the reason, as written. */
  readonly codes: string;
  readonly reason: string | undefined;
  readonly span: Span;
  /** The line it covers: its own behind a value, else the next one with content. */
  readonly line: number;
}

const MARKER = 'heddle-ignore';
const COMMENT = /(?<=^|[ \t])#[ \t]*heddle-ignore\b(.*)$/gm;
const HAS_CONTENT = /^(?!---[ \t]*(?:#|$))[ \t]*[^ \t#]/;

/** For each line (from 1) itself, or the next one with content. */
const nextContents = (source: SourceText): readonly number[] => {
  const starts = lineStarts(source);
  const next = new Array<number>(starts.length + 1).fill(starts.length);
  for (let line = starts.length; line > 0; line--) {
    const text = source.text.slice(starts[line - 1], starts[line]).replace(/[\r\n]+$/, '');
    next[line] = HAS_CONTENT.test(text) ? line : (next[line + 1] ?? line);
  }
  return next;
};

/** Where the strings stand that hold the marker: in blocks and quotes it is text, not a comment. */
const markedStrings = (documents: readonly LoadedDocument[]): readonly Span[] => {
  const spans: Span[] = [];
  // Aliases make a container appear as often as they like.
  const seen = new Set<object>();
  const visit = (container: object): void => {
    if (seen.has(container)) return;
    seen.add(container);
    for (const [key, value] of Object.entries(container)) {
      if (typeof value === 'object' && value !== null) visit(value);
      const span = typeof value === 'string' && value.includes(MARKER) ? spanOf(container, key) : undefined;
      if (span !== undefined) spans.push(span);
    }
  };
  for (const { value } of documents) if (typeof value === 'object' && value !== null) visit(value);
  return spans;
};

/** The text with those strings blotted out, everything else at its place. */
const withoutStrings = (source: SourceText, documents: readonly LoadedDocument[]): string => {
  const { text } = source;
  const starts = lineStarts(source);
  const ranges = markedStrings(documents).map(({ line, column, endLine, endColumn }) => {
    const start = (starts[line - 1] ?? 0) + column - 1;
    // Behind the header of a block stands a comment like any other.
    const isBlock = text[start] === '|' || text[start] === '>';
    return { start: isBlock ? (starts[line] ?? start) : start, end: (starts[endLine - 1] ?? 0) + endColumn - 1 };
  });
  let at = 0;
  let blotted = '';
  for (const { start, end } of ranges.sort((a, b) => a.start - b.start)) {
    if (start < at) continue;
    blotted += text.slice(at, start) + text.slice(start, end).replace(/[^\r\n]/g, 'x');
    at = end;
  }
  return blotted + text.slice(at);
};

/** The comments of one text, in their order; `documents` are those that were loaded from it. */
export const ignoreComments = (source: SourceText, documents: readonly LoadedDocument[]): readonly IgnoreComment[] => {
  if (!source.text.includes(MARKER)) return [];
  const next = nextContents(source);
  return [...withoutStrings(source, documents).matchAll(COMMENT)].map((match) => {
    const span = spanAt(source, match.index, match.index + match[0].length);
    const [codes = '', ...reason] = (match[1] ?? '').split('--');
    const words = reason.join('--').trim();
    return { codes, reason: words === '' ? undefined : words, span, line: next[span.line] ?? span.line };
  });
};
