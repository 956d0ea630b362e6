import { matchesGlob } from '../base/glob.ts';
import type { Problem } from '../base/problem.ts';
import type { Span } from '../base/span.ts';
import type { Resource } from '../model/resource.ts';
import type { LoadedDocument } from '../yaml/load.ts';
import { spanOf } from '../yaml/located.ts';
import type { SourceText } from '../yaml/source-text.ts';
import { finding, findingAt } from './check.ts';
import type { Edit, Finding } from './finding.ts';
import { ignoreComments } from './ignore-comment.ts';
import { MESSAGES } from './messages.ts';
import { offerFix } from './offer-fix.ts';
import { removeFromAnnotation, removeFromComment } from './remove-suppression.ts';

/** A rule of the command line, `CODE=PATTERN`, or of a configuration file. */
export interface SuppressionRule {
  readonly code: string;
  /** `Kind namespace/name`, `Kind name.namespace`, or `Kind name` of a cluster-scoped object; `*` is anything. */
  readonly pattern: string;
  readonly configured?: ConfiguredRule;
}

/** What a rule of a configuration file has beyond one of the command line. */
interface ConfiguredRule {
  readonly reason: string;
  /** Where the rule stands. */
  readonly span: Span;
  readonly coversFile: (file: string) => boolean;
  /** Whether all its files are looked at; otherwise it is no wonder that it silences nothing. */
  readonly isUnusedTold: boolean;
}

/** A finding that is not to be reported, and what says so. */
export interface Suppressed {
  readonly finding: Finding;
  readonly by: 'comment' | 'annotation' | 'flag' | 'config' | 'baseline' | 'since';
  /** The words behind `--` of the comment, or the reason of the configuration's rule. */
  readonly reason: string | undefined;
}

export interface Suppression {
  readonly kept: readonly Finding[];
  readonly suppressed: readonly Suppressed[];
  /** Rules of the command line that fit no finding. */
  readonly problems: readonly Problem[];
}

/** A code, or all of them, silenced in one place of the input. */
interface Mark {
  readonly by: 'comment' | 'annotation';
  readonly code: string;
  readonly reason: string | undefined;
  readonly span: Span;
  /** An annotation's object, a comment's `line:file`. */
  readonly target: Resource | string;
  /** Takes the code out of the text. */
  readonly remove: () => Edit | undefined;
  /** It lacks the reason it needs to count. */
  readonly isVoid: boolean;
}

const SUPPRESS_ANNOTATION = 'galley.istio.io/analyze-suppress';

/** Reads `CODE=PATTERN`; undefined for anything else. */
export const parseSuppression = (text: string): SuppressionRule | undefined => {
  const [, code, pattern] = /^([\w*]+)=(\S.*)$/.exec(text.trim()) ?? [];
  return code === undefined || pattern === undefined ? undefined : { code, pattern };
};

const fitsCode = (wanted: string, code: string): boolean => wanted === '*' || wanted.toUpperCase() === code;

const fitsResource = (pattern: string, { origin, resource }: Finding): boolean =>
  matchesGlob(pattern, origin) ||
  (resource !== undefined && matchesGlob(pattern, `${resource.kind} ${resource.name}.${resource.namespace}`));

const fitsRule = ({ code, pattern, configured }: SuppressionRule, finding: Finding): boolean =>
  fitsCode(code, finding.code) &&
  fitsResource(pattern, finding) &&
  (configured === undefined || configured.coversFile(finding.span.file));

const isKnown = (code: string): boolean => code === '*' || Object.hasOwn(MESSAGES, code.toUpperCase());

/** The codes of a list, each once; those that do not exist come as one, as there is one thing to say of them. */
const codesOf = (list: string): readonly string[] => {
  const codes = [...new Set(list.split(',').map((code) => code.trim()))];
  const [first, second, ...more] = codes.filter((code) => !isKnown(code));
  const known = codes.filter(isKnown);
  if (first === undefined || second === undefined) return codes;
  return [...known, more.length === 0 ? `${first}, ${second}` : `${first}, ${second} and ${more.length} more`];
};

const commentsOf = (source: SourceText, documents: readonly LoadedDocument[], isReasonRequired: boolean) =>
  ignoreComments(source, documents).flatMap(({ codes, reason, span, line }) =>
    codesOf(codes).map((code): Mark => {
      const isVoid = isReasonRequired && reason === undefined;
      const remove = (): Edit | undefined => removeFromComment(source, span, code);
      return { by: 'comment', code, reason, span, target: lineKey(source.name, line), remove, isVoid };
    }),
  );

const lineKey = (file: string, line: number): string => `${line}:${file}`;

/** Istio splits the list without trimming, so that a blank switches it off; here it does not. */
const annotationsOf = (resource: Resource): readonly Mark[] => {
  const list = resource.annotations[SUPPRESS_ANNOTATION];
  if (typeof list !== 'string') return [];
  const span = spanOf(resource.object.metadata.annotations ?? resource.object, SUPPRESS_ANNOTATION) ?? resource.span;
  return codesOf(list)
    .filter((code) => code !== '')
    .map((code) => ({
      by: 'annotation',
      code,
      reason: undefined,
      span,
      target: resource,
      remove: () => removeFromAnnotation(resource.object, SUPPRESS_ANNOTATION, code),
      isVoid: false,
    }));
};

const whyUnused = (code: string, where: string): string => {
  if (code === '') return 'it names no code';
  return isKnown(code) ? `nothing of that code is found ${where}` : `there is no code ${code}`;
};

const unusedMark = ({ code, by, span, target, remove, isVoid }: Mark): Finding => {
  const words = {
    suppression: by === 'comment' ? `heddle-ignore ${code}`.trim() : `annotation ${SUPPRESS_ANNOTATION}: ${code}`,
    reason: isVoid ? 'it gives no reason, and the configuration requires one' : whyUnused(code, 'here'),
  };
  const place = isVoid
    ? { span, hint: 'add " -- " and the reason, or remove it' }
    : { span, hint: 'remove it', ...offerFix('remove it', 'safe', [remove()]) };
  return typeof target === 'string'
    ? findingAt('HED0001', 'Comment', words, place)
    : finding('HED0001', target, words, place);
};

const unusedConfigured = ({ code }: SuppressionRule, { span }: ConfiguredRule): Finding => {
  const words = { suppression: `suppress ${code}`, reason: whyUnused(code, 'where it applies') };
  return findingAt('HED0001', 'Configuration', words, { span, hint: 'remove it' });
};

const unusedRule = ({ code, pattern }: SuppressionRule): Problem => ({
  severity: 'info',
  code: 'UNUSED_SUPPRESSION',
  message: `-S ${code}=${pattern} suppresses no finding`,
});

const creditOf = ({ configured }: SuppressionRule): Pick<Suppressed, 'by' | 'reason'> =>
  configured === undefined ? { by: 'flag', reason: undefined } : { by: 'config', reason: configured.reason };

export interface SuppressOptions {
  readonly sources: readonly SourceText[];
  readonly documents: readonly LoadedDocument[];
  readonly resources: readonly Resource[];
  readonly rules: readonly SuppressionRule[];
  /** Whether a code can be found in this run at all; what silences others is not called unused. */
  readonly isLookedFor: (code: string) => boolean;
  /** Whether a comment without a reason silences nothing. */
  readonly isReasonRequired?: boolean;
}

/**
 * Takes out what comments, annotations, the configuration and the command line silence; marks, and rules of the
 * configuration, that silence nothing come back as findings of HED0001. The first of comment, annotation and rule that
 * fits gets the credit, every one that fits counts as used.
 */
export const suppress = (findings: readonly Finding[], options: SuppressOptions): Suppression => {
  const { sources, resources, rules, isLookedFor, isReasonRequired = false } = options;
  const documentsOf = new Map<SourceText, LoadedDocument[]>(sources.map((source) => [source, []]));
  for (const document of options.documents) documentsOf.get(document.source)?.push(document);
  const comments = [...documentsOf].flatMap(([source, documents]) => commentsOf(source, documents, isReasonRequired));
  const marks = [...comments, ...resources.flatMap(annotationsOf)];
  const byTarget = new Map<Mark['target'] | undefined, Mark[]>();
  for (const mark of marks) {
    const others = byTarget.get(mark.target);
    if (others === undefined) byTarget.set(mark.target, [mark]);
    else others.push(mark);
  }
  const used = new Set<Mark | SuppressionRule>();
  const kept: Finding[] = [];
  const suppressed: Suppressed[] = [];
  for (const found of findings) {
    const onLine = byTarget.get(lineKey(found.span.file, found.span.line)) ?? [];
    const onObject = byTarget.get(found.resource) ?? [];
    const fitting = [...onLine, ...onObject].filter((mark) => !mark.isVoid && fitsCode(mark.code, found.code));
    const fittingRules = rules.filter((one) => fitsRule(one, found));
    for (const one of [...fitting, ...fittingRules]) used.add(one);
    const [mark] = fitting;
    const [rule] = fittingRules;
    if (mark !== undefined) suppressed.push({ finding: found, by: mark.by, reason: mark.reason });
    else if (rule !== undefined) suppressed.push({ finding: found, ...creditOf(rule) });
    else kept.push(found);
  }
  const isJudged = (code: string): boolean => code === '*' || !isKnown(code) || isLookedFor(code.toUpperCase());
  const unusedMarks = marks.filter((mark) => !used.has(mark) && isJudged(mark.code)).map(unusedMark);
  const unusedRules = rules.filter((rule) => !used.has(rule) && isJudged(rule.code));
  const told = unusedRules.flatMap((rule) =>
    rule.configured?.isUnusedTold === true ? unusedConfigured(rule, rule.configured) : [],
  );
  const problems = unusedRules.filter(({ configured }) => configured === undefined).map(unusedRule);
  return { kept: [...kept, ...unusedMarks, ...told], suppressed, problems };
};
