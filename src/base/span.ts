/** A stretch of text in one input file; lines and columns count from 1, the end column is exclusive. */
export interface Span {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
}

/** `file:line:column`, the form editors and terminals turn into a link. */
export const formatSpan = (span: Span): string => `${span.file}:${span.line}:${span.column}`;
