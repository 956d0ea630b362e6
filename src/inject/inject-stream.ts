import type { Problem } from '../base/problem.ts';
import { type PrintedItems, printGoYaml } from '../yaml/emit/go-yaml.ts';
import { type LoadedDocument, loadYaml } from '../yaml/load.ts';
import { type SourceText, spanAt } from '../yaml/source-text.ts';
import { type RawDocument, splitRaw } from './documents.ts';
import { type InjectedObject, type InjectionRules, injectObject, type Outcome } from './inject-object.ts';
import type { Installation } from './installation.ts';

/** A stream after injection, up to the first document that cannot be injected. */
export interface InjectedStream {
  readonly text: string;
  readonly outcomes: readonly Outcome[];
  readonly problems: readonly Problem[];
}

/** One document of a stream with what injection made of it. */
export interface StreamDocument {
  readonly raw: RawDocument;
  readonly loaded: LoadedDocument | undefined;
  readonly injected: InjectedObject;
}

/** Later keys win over earlier ones of the same name, as they do in Kubernetes' reader, which does not complain. */
const isFatal = ({ severity, code }: Problem): boolean => severity === 'error' && code !== 'YAML_DUPLICATE_KEY';

/** Injects the documents of a stream; ends with a problem at the first that cannot be read or injected. */
export function* injectDocuments(
  installation: Installation,
  source: SourceText,
  rules: InjectionRules,
): Generator<StreamDocument, Problem | undefined> {
  const raws = splitRaw(source.text);
  if ('badSeparatorAt' in raws) {
    const span = spanAt(source, raws.badSeparatorAt, raws.badSeparatorAt + 3);
    return { severity: 'error', code: 'YAML_SEPARATOR', message: 'only a comment may follow --- on its line', span };
  }
  const { documents, problems } = loadYaml(source);
  const fatal = problems.filter(isFatal);
  let next = 0;
  let previousEnd = 0;
  for (const raw of raws) {
    while ((documents[next]?.startOffset ?? source.text.length) < previousEnd) next++;
    const candidate = documents[next];
    const loaded = candidate !== undefined && candidate.startOffset < raw.end ? candidate : undefined;
    const broken = fatal.length === 0 ? undefined : fatal.find((problem) => isWithin(problem, source, raw));
    if (broken !== undefined) return broken;
    const injected = injectObject(installation, loaded?.value, rules);
    if ('failure' in injected) return failureOf(injected.failure, loaded);
    yield { raw, loaded, injected };
    previousEnd = raw.end;
  }
  return fatal[0];
}

const isWithin = ({ span }: Problem, source: SourceText, raw: RawDocument): boolean => {
  const { line, endLine } = spanAt(source, raw.start, raw.end);
  return span !== undefined && span.line >= line && span.line <= endLine;
};

const failureOf = (message: string, loaded: LoadedDocument | undefined): Problem => ({
  severity: 'error',
  code: 'NOT_INJECTABLE',
  message,
  ...(loaded !== undefined && { span: loaded.span }),
});

/**
 * Injects a stream as `istioctl kube-inject` does: objects that describe pods are written anew with their keys sorted,
 * injected or not; every other document keeps its bytes; `---` ends each.
 */
export const injectStream = (installation: Installation, source: SourceText, rules: InjectionRules): InjectedStream => {
  const parts: string[] = [];
  const outcomes: Outcome[] = [];
  const printed: PrintedItems = new WeakMap();
  const documents = injectDocuments(installation, source, rules);
  let step = documents.next();
  for (; step.done !== true; step = documents.next()) {
    const { raw, injected } = step.value;
    const isKnown = 'known' in injected && injected.known;
    parts.push(isKnown ? printGoYaml(injected.object, printed) : raw.text, '---\n');
    if (isKnown) outcomes.push(...injected.outcomes);
  }
  return { text: parts.join(''), outcomes, problems: step.value === undefined ? [] : [step.value] };
};
