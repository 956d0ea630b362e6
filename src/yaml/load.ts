import { parseEvents, YAMLException } from 'js-yaml';
import type { Problem } from '../base/problem.ts';
import type { Span } from '../base/span.ts';
import { Builder, type Finding, Refusal } from './construct.ts';
import { DEFAULT_LIMITS, type Limits } from './limits.ts';
import { spanOf } from './located.ts';
import { maskAdjacentColons } from './mask.ts';
import { type SourceText, spanAt } from './source-text.ts';
import { type Chunk, splitDocuments } from './split.ts';
import { describeSyntax } from './syntax-message.ts';

/** One document of a stream that has a value. Containers in `value` are arrays and `Plain` objects; see `spanOf`. */
export interface LoadedDocument {
  readonly source: SourceText;
  /** Position among the non-empty documents of the source, broken ones counted, from 0. */
  readonly index: number;
  /** UTF-16 offset of the document in the source's text, its `---` and directives included. */
  readonly startOffset: number;
  readonly value: unknown;
  /** The value's own span: comments and the `---` before it are outside. */
  readonly span: Span;
  readonly problems: readonly Problem[];
}

/** Documents that could be read, and every problem of the source in text order, the documents' own included. */
export interface LoadResult {
  readonly documents: readonly LoadedDocument[];
  readonly problems: readonly Problem[];
}

const locate = (source: SourceText, base: number, finding: Finding): Problem => ({
  severity: 'error',
  code: finding.code,
  message: finding.message,
  hint: finding.hint,
  span: spanAt(source, base + finding.start, base + finding.end),
});

const isTooLong = (text: string, limit: number): boolean => {
  if (text.length > limit) return true;
  // A UTF-16 unit takes at most three bytes of UTF-8.
  return text.length * 3 > limit && new TextEncoder().encode(text).length > limit;
};

const describeFailure = (source: SourceText, base: number, limits: Limits, error: unknown): Problem => {
  if (error instanceof Refusal) return locate(source, base, error.finding);
  if (!(error instanceof YAMLException)) throw error;
  const at = base + (error.mark?.position ?? 0);
  const span = spanAt(source, at, at + 1);
  if (error.reason.includes('maxDepth')) {
    const message = `values are nested more than ${limits.depth} deep`;
    return { severity: 'error', code: 'YAML_LIMIT', message, hint: 'flatten the document', span };
  }
  return { severity: 'error', code: 'YAML_SYNTAX', ...describeSyntax(error.reason), span };
};

const documentSpan = (source: SourceText, chunk: Chunk, value: unknown): Span => {
  const span = typeof value === 'object' && value !== null ? spanOf(value) : undefined;
  return span ?? spanAt(source, chunk.start, chunk.start + source.text.slice(chunk.start, chunk.end).trimEnd().length);
};

/** One document, or the problem that leaves it without a value; undefined when it is empty. */
const loadDocument = (
  source: SourceText,
  chunk: Chunk,
  index: number,
  limits: Limits,
): LoadedDocument | Problem | undefined => {
  const text = source.text.slice(chunk.start, chunk.end);
  if (isTooLong(text, limits.documentBytes)) {
    const message = `the document is larger than ${limits.documentBytes} bytes`;
    const span = spanAt(source, chunk.start, chunk.start);
    return { severity: 'error', code: 'YAML_LIMIT', message, hint: 'split it into several', span };
  }
  try {
    // The parser counts the scalar inside the innermost container as one more level.
    const events = parseEvents(maskAdjacentColons(text), { maxDepth: limits.depth + 1 });
    const { value, findings } = new Builder(source, chunk.start, text, limits).build(events);
    if (value === null) return undefined;
    const problems = findings.map((finding) => locate(source, chunk.start, finding));
    return { source, index, startOffset: chunk.start, value, span: documentSpan(source, chunk, value), problems };
  } catch (error) {
    return describeFailure(source, chunk.start, limits, error);
  }
};

/**
 * Loads every document of a YAML or JSON text with the scalar rules of sigs.k8s.io/yaml 1.6, which Kubernetes and Istio
 * read with. Never throws and never stops at a broken document: it is reported and left out. Empty documents are left
 * out silently. A key written twice is an error problem and its last value wins.
 */
export const loadYaml = (source: SourceText, limits: Limits = DEFAULT_LIMITS): LoadResult => {
  const documents: LoadedDocument[] = [];
  const problems: Problem[] = [];
  let index = 0;
  for (const chunk of splitDocuments(source.text)) {
    const loaded = loadDocument(source, chunk, index, limits);
    if (loaded === undefined) continue;
    index++;
    if ('severity' in loaded) {
      problems.push(loaded);
    } else {
      documents.push(loaded);
      for (const problem of loaded.problems) problems.push(problem);
    }
  }
  return { documents, problems };
};
