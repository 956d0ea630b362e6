import type { Problem } from '../base/problem.ts';
import type { Span } from '../base/span.ts';
import { isObject } from '../model/value.ts';
import { type PrintedItems, printGoYaml } from '../yaml/emit/go-yaml.ts';
import { positionOf } from '../yaml/located.ts';
import type { SourceText } from '../yaml/source-text.ts';
import { type InjectionRules, injectObject, type Outcome } from './inject-object.ts';
import { injectDocuments, type StreamDocument } from './inject-stream.ts';
import type { Installation } from './installation.ts';
import { keepOriginal, type Packing } from './keep-original.ts';

/** One workload of a file, and what was decided. */
export interface LocatedOutcome extends Outcome {
  readonly span: Span | undefined;
  /** Whether its document changes: one that is injected already does not. */
  readonly changes: boolean;
}

/** A stream after injection; the text is the given one up to the problem that ended it. */
export interface PreservedStream {
  readonly text: string;
  readonly outcomes: readonly LocatedOutcome[];
  readonly problems: readonly Problem[];
}

const NOBODY: InjectionRules['decide'] = () => ({ injected: false, reason: '' });

/**
 * Injects a stream for people: documents that injection does not change keep their bytes, with comments, anchors and
 * order. A changed one is written anew; with `packing`, a comment before it keeps the original for uninject.
 */
export const preserveStream = (
  installation: Installation,
  source: SourceText,
  rules: InjectionRules,
  packing: Packing | undefined,
): PreservedStream => {
  const parts: string[] = [];
  const outcomes: LocatedOutcome[] = [];
  const printed: PrintedItems = new WeakMap();
  const documents = injectDocuments(installation, source, rules);
  let at = 0;
  let step = documents.next();
  for (; step.done !== true; step = documents.next()) {
    const document = step.value;
    const { injected, loaded } = document;
    if (!('known' in injected && injected.known)) continue;
    const now = changedText(installation, document, rules, printed);
    for (const outcome of injected.outcomes) {
      outcomes.push({ ...outcome, span: loaded?.span, changes: outcome.injected && now !== undefined });
    }
    if (now === undefined) continue;
    const start = bodyStart(source, document);
    const original = source.text.slice(start, document.raw.end);
    parts.push(source.text.slice(at, start), packing === undefined ? now : keepOriginal(now, original, packing));
    at = document.raw.end;
  }
  parts.push(source.text.slice(at));
  return { text: parts.join(''), outcomes, problems: step.value === undefined ? [] : [step.value] };
};

/** The document's new text; undefined where injection changes nothing of it. */
const changedText = (
  installation: Installation,
  { injected, loaded }: StreamDocument,
  rules: InjectionRules,
  printed: PrintedItems,
): string | undefined => {
  if (!('known' in injected && injected.known)) return undefined;
  if (!injected.outcomes.some((outcome) => outcome.injected)) return undefined;
  const now = printGoYaml(injected.object, printed);
  const before = injectObject(installation, loaded?.value, { ...rules, decide: NOBODY });
  return 'known' in before && before.known && printGoYaml(before.object) === now ? undefined : now;
};

/** Where the object begins, behind comments and separators: the start of a line. */
const bodyStart = (source: SourceText, { raw, loaded }: StreamDocument): number => {
  const value = loaded?.value;
  const start = isObject(value) ? positionOf(value)?.start : undefined;
  return start === undefined ? raw.start : Math.max(raw.start, source.text.lastIndexOf('\n', start - 1) + 1);
};
