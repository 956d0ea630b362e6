import type { Span } from '../base/span.ts';
import { lineStarts, type SourceText } from './source-text.ts';

/** A replacement of one stretch of text. */
export interface TextEdit {
  readonly span: Span;
  readonly text: string;
}

/** A stretch of a text in UTF-16 offsets, the end exclusive. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** The stretch a span of this source stands for. */
export const rangeOf = (source: SourceText, span: Span): Range => {
  const starts = lineStarts(source);
  const offsetOf = (line: number, column: number): number => (starts[line - 1] ?? source.text.length) + column - 1;
  return { start: offsetOf(span.line, span.column), end: offsetOf(span.endLine, span.endColumn) };
};

/** Whether two stretches have text in common; what is inserted must not touch anything, as its place would be in doubt. */
export const collides = (one: Range, other: Range): boolean =>
  one.start === one.end || other.start === other.end
    ? one.start <= other.end && other.start <= one.end
    : one.start < other.end && other.start < one.end;

/** The source with edits that do not collide; everything else stays as it is, character for character. */
export const applyEdits = (source: SourceText, edits: readonly TextEdit[]): SourceText => {
  const sorted = edits
    .map(({ span, text }) => ({ ...rangeOf(source, span), text }))
    .sort((one, other) => one.start - other.start || one.end - other.end);
  const parts: string[] = [];
  let at = 0;
  for (const { start, end, text } of sorted) {
    parts.push(source.text.slice(at, start), text);
    at = end;
  }
  return { name: source.name, text: parts.join('') + source.text.slice(at) };
};
