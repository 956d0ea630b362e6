/** One document's stretch of the stream, its directives and its `---` included. */
export interface Chunk {
  readonly start: number;
  readonly end: number;
}

// YAML 1.2 9.1.2: `---` or `...` at the start of a line, then blank or end, ends a document whatever construct is open
// (c-forbidden), so no knowledge of quotes or block scalars is needed. Indented markers are content.
const MARKER = /(?:^|[\n\r])\uFEFF?(---|\.\.\.)(?=[ \t\r\n]|$)/g;
const CONTENT = /^(?![ \t]*(?:#|$))/m;
const DIRECTIVE_OR_BLANK = /^(?:\uFEFF?%.*|[ \t\uFEFF]*(?:#.*)?)$/;

const isBlank = (text: string): boolean => !CONTENT.test(text);
const isPrelude = (text: string): boolean => text.split(/\r\n|\n|\r/).every((line) => DIRECTIVE_OR_BLANK.test(line));

/**
 * Cuts a stream into documents so that a broken one does not lose the others. Stretches with nothing but blanks and
 * comments are left out; directives stay with the document they precede.
 */
export const splitDocuments = (text: string): readonly Chunk[] => {
  const chunks: Chunk[] = [];
  let start = 0;
  /** Where the content begins: behind the `---` of the open document, if it has one. */
  let body = 0;
  let isOpen = false;
  const close = (end: number): void => {
    if (!isBlank(text.slice(body, end))) chunks.push({ start, end });
  };
  MARKER.lastIndex = 0;
  for (let match = MARKER.exec(text); match !== null; match = MARKER.exec(text)) {
    const marker = match[1] ?? '';
    const after = MARKER.lastIndex;
    const before = match.index + (match[0].startsWith('\n') || match[0].startsWith('\r') ? 1 : 0);
    const isDirectives = marker === '---' && !isOpen && isPrelude(text.slice(start, before));
    if (!isDirectives) close(before);
    if (!isDirectives || !text.slice(start, before).includes('%')) start = marker === '---' ? after - 3 : after;
    body = after;
    isOpen = marker === '---';
  }
  close(text.length);
  return chunks;
};
