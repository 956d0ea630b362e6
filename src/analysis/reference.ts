import type { LoadedDocument } from '../yaml/load.ts';
import { lineStarts } from '../yaml/source-text.ts';
import type { Finding } from './finding.ts';

/** The first line behind a document's `---`, comments and blank lines included. */
const firstLine = (document: LoadedDocument): number => {
  const { source, startOffset, span } = document;
  const starts = lineStarts(source);
  let line = span.line;
  while (line > 1 && (starts[line - 1] ?? 0) > startOffset) line--;
  return source.text.startsWith('---', starts[line - 1]) && line < span.line ? line + 1 : line;
};

/**
 * The line Istio's tools name: the field's where a field is to blame, else the first of the document. Answers a function
 * for one set of documents.
 */
export const createReferences = (documents: readonly LoadedDocument[]): ((finding: Finding) => number) => {
  const byPlace = new Map(documents.map((document) => [placeOf(document.span), document]));
  return ({ span, resource }) => {
    const document = resource !== undefined && span === resource.span ? byPlace.get(placeOf(span)) : undefined;
    return document === undefined ? span.line : firstLine(document);
  };
};

const placeOf = ({ file, line, column }: LoadedDocument['span']): string => `${line}:${column}:${file}`;
