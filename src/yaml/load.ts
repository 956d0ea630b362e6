import { EVENT_ID, type Event, parseEvents, YAMLException } from 'js-yaml';
import type { Problem } from '../base/problem.ts';
import type { Span } from '../base/span.ts';
import { Builder } from './construct.ts';
import { describeDepth, type Finding, Refusal } from './finding.ts';
import { joinLines } from './join-lines.ts';
import { DEFAULT_LIMITS, type Limits } from './limits.ts';
import { spanOf } from './located.ts';
import { maskAdjacentColons } from './mask.ts';
import { simpleEvents } from './simple-events.ts';
import { type SourceText, spanAt } from './source-text.ts';
import { type Chunk, splitDocuments } from './split.ts';
import { describeSyntax, UNCLOSED } from './syntax-message.ts';

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

const isTooLong = (text: string, chunk: Chunk, limit: number): boolean => {
  const length = chunk.end - chunk.start;
  if (length > limit) return true;
  // A UTF-16 unit takes at most three bytes of UTF-8.
  return length * 3 > limit && new TextEncoder().encode(text.slice(chunk.start, chunk.end)).length > limit;
};

const limitAt = (source: SourceText, offset: number, message: string, hint: string): Problem => ({
  severity: 'error',
  code: 'YAML_LIMIT',
  message,
  hint,
  span: spanAt(source, offset, offset),
});

const describeSyntaxError = (source: SourceText, base: number, limits: Limits, error: YAMLException): Problem => {
  const at = base + (error.mark?.position ?? 0);
  const span = spanAt(source, at, at + 1);
  if (error.reason.includes('maxDepth')) {
    return { severity: 'error', code: 'YAML_LIMIT', ...describeDepth(limits.depth), span };
  }
  return { severity: 'error', code: 'YAML_SYNTAX', ...describeSyntax(error.reason, source.text, at), span };
};

const documentSpan = (source: SourceText, chunk: Chunk, value: unknown): Span => {
  const span = typeof value === 'object' && value !== null ? spanOf(value) : undefined;
  return span ?? spanAt(source, chunk.start, chunk.start + source.text.slice(chunk.start, chunk.end).trimEnd().length);
};

/** Starting the parser costs as much as reading a small document, so that many are parsed at once. */
const BATCH_CHARACTERS = 4 * 1024 * 1024;

/** The first offset of the document that the event at `index` begins, or -1 when there is no text in it. */
const offsetOfDocument = (events: readonly Event[], index: number): number => {
  const root = events[index + 1];
  if (root === undefined || root.type === EVENT_ID.POP || root.type === EVENT_ID.DOCUMENT) return -1;
  if (root.type === EVENT_ID.ALIAS) return root.anchorStart;
  if (root.type !== EVENT_ID.SCALAR) return root.start;
  return Math.max(root.valueStart, root.tagStart, root.anchorStart);
};

/** The index behind the event that ends the document begun at `first`. */
const skipDocument = (events: readonly Event[], first: number): number => {
  let depth = 0;
  let index = first;
  for (; index < events.length; index++) {
    const type = events[index]?.type;
    if (type === EVENT_ID.POP) depth--;
    else if (type !== EVENT_ID.SCALAR && type !== EVENT_ID.ALIAS) depth++;
    if (depth === 0) return index + 1;
  }
  return index;
};

// The parser counts the scalar in the innermost container, and a container that it first tries to read as a key, as
// levels of their own. Its count guards the stack; the builder's is the exact one.
const EXTRA_DEPTH = 2;

/** One load in progress. */
class Loading {
  readonly documents: LoadedDocument[] = [];
  readonly problems: Problem[] = [];
  readonly #source: SourceText;
  readonly #limits: Limits;
  #index = 0;
  #broken = 0;
  #hasGivenUp = false;

  constructor(source: SourceText, limits: Limits) {
    this.#source = source;
    this.#limits = limits;
  }

  load(): void {
    const { documents, documentBytes } = this.#limits;
    const chunks = splitDocuments(this.#source.text);
    const over = chunks[documents];
    if (over !== undefined) {
      const message = `the text has more than ${documents} documents`;
      this.problems.push(limitAt(this.#source, over.start, message, 'split it into several files'));
      return;
    }
    let batch: Chunk[] = [];
    const flush = (): void => {
      this.#loadBatch(batch);
      batch = [];
    };
    for (const chunk of chunks) {
      if (isTooLong(this.#source.text, chunk, documentBytes)) {
        flush();
        const message = `the document is larger than ${documentBytes} bytes`;
        this.#fail(limitAt(this.#source, chunk.start, message, 'split it into several'));
        continue;
      }
      if (chunk.end - (batch[0]?.start ?? chunk.start) > BATCH_CHARACTERS) flush();
      batch.push(chunk);
    }
    flush();
  }

  #fail(problem: Problem): void {
    this.problems.push(problem);
    this.#index++;
  }

  #failToParse(problem: Problem): void {
    this.#broken++;
    this.#fail(problem);
  }

  /** Loads consecutive documents; when they do not parse together, each half on its own. */
  #loadBatch(chunks: readonly Chunk[]): void {
    const base = chunks[0]?.start ?? 0;
    if (this.#broken >= this.#limits.brokenDocuments) {
      this.#giveUp(base);
      return;
    }
    const text = this.#source.text.slice(base, chunks.at(-1)?.end ?? 0);
    const masked = maskAdjacentColons(text);
    try {
      this.#build(chunks, base, new Builder(this.#source, base, text, this.#limits), this.#parse(masked));
    } catch (error) {
      if (!(error instanceof YAMLException)) throw error;
      if (chunks.length === 1) {
        this.#retry(chunks, base, text, masked, error);
      } else {
        const middle = chunks.length >> 1;
        this.#loadBatch(chunks.slice(0, middle));
        this.#loadBatch(chunks.slice(middle));
      }
    }
  }

  /** What goes on like this is taken to be something else than configuration; said once. */
  #giveUp(offset: number): void {
    if (this.#hasGivenUp) return;
    this.#hasGivenUp = true;
    const message = `the rest is not read: ${this.#broken} documents before it do not parse`;
    this.problems.push(limitAt(this.#source, offset, message, 'correct those, or name only files of configuration'));
  }

  #parse(masked: string): readonly Event[] {
    return simpleEvents(masked) ?? parseEvents(masked, { maxDepth: this.#limits.depth + EXTRA_DEPTH });
  }

  /** Gives a document that failed for the indentation inside quotes or brackets another chance on joined lines. */
  #retry(chunks: readonly Chunk[], base: number, text: string, masked: string, error: YAMLException): void {
    const source = this.#source;
    const joined = error.reason.includes('deficient indentation') ? joinLines(masked) : undefined;
    if (joined === undefined) {
      this.#failToParse(describeSyntaxError(source, base, this.#limits, error));
    } else if ('unclosedAt' in joined) {
      const start = base + joined.unclosedAt;
      const span = spanAt(source, start, start + 1);
      this.#failToParse({ severity: 'error', code: 'YAML_SYNTAX', ...UNCLOSED, span });
    } else {
      try {
        this.#build(chunks, base, new Builder(source, base, text, this.#limits, true), this.#parse(joined.text));
      } catch (second) {
        if (!(second instanceof YAMLException)) throw second;
        this.#failToParse(describeSyntaxError(source, base, this.#limits, second));
      }
    }
  }

  #build(chunks: readonly Chunk[], base: number, builder: Builder, events: readonly Event[]): void {
    let at = 0;
    for (let next = 0; next < events.length; ) {
      const first = next;
      const offset = offsetOfDocument(events, first);
      let chunk = chunks[at];
      // Documents without text are in the events and not among the chunks.
      while (chunk !== undefined && chunk.end <= base + offset) chunk = chunks[++at];
      try {
        const built = builder.build(events, first);
        next = built.next;
        if (built.value !== null && chunk !== undefined) this.#add(chunk, base, built.value, built.findings);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        next = skipDocument(events, first);
        this.#fail(locate(this.#source, base, error.finding));
      }
    }
  }

  #add(chunk: Chunk, base: number, value: unknown, findings: readonly Finding[]): void {
    const source = this.#source;
    const problems = findings.map((finding) => locate(source, base, finding));
    const span = documentSpan(source, chunk, value);
    this.documents.push({ source, index: this.#index++, startOffset: chunk.start, value, span, problems });
    for (const problem of problems) this.problems.push(problem);
  }
}

/**
 * Loads every document of a YAML or JSON text with the scalar rules of sigs.k8s.io/yaml 1.6, which Kubernetes and Istio
 * read with. Never throws and never stops at a broken document: it is reported and left out. Empty documents are left
 * out silently. A key written twice is an error problem and its last value wins.
 */
export const loadYaml = (source: SourceText, limits: Limits = DEFAULT_LIMITS): LoadResult => {
  const loading = new Loading(source, limits);
  loading.load();
  return { documents: loading.documents, problems: loading.problems };
};
