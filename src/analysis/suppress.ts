import { matchesGlob } from '../base/glob.ts';
import type { Problem } from '../base/problem.ts';
import type { Span } from '../base/span.ts';
import type { Resource } from '../model/resource.ts';
import { spanOf } from '../yaml/located.ts';
import { lineStarts, type SourceText, spanAt } from '../yaml/source-text.ts';
import { finding, findingAt } from './check.ts';
import type { Finding } from './finding.ts';
import { MESSAGES } from './messages.ts';

/** `CODE=PATTERN` of the command line: the pattern's `*` stands for anything. */
export interface SuppressionRule {
  readonly code: string;
  /** `Kind namespace/name`, `Kind name.namespace`, or `Kind name` of a cluster-scoped object. */
  readonly pattern: string;
}

/** A finding that is not to be reported, and what says so. */
export interface Suppressed {
  readonly finding: Finding;
  readonly by: 'comment' | 'annotation' | 'flag' | 'baseline';
  /** The words behind `--` of the comment. */
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
}

const SUPPRESS_ANNOTATION = 'galley.istio.io/analyze-suppress';
const COMMENT = /(?<=^|[ \t])#[ \t]*heddle-ignore\b(.*)$/gm;

/** Reads `CODE=PATTERN`; undefined for anything else. */
export const parseSuppression = (text: string): SuppressionRule | undefined => {
  const [, code, pattern] = /^([\w*]+)=(\S.*)$/.exec(text.trim()) ?? [];
  return code === undefined || pattern === undefined ? undefined : { code, pattern };
};

const fitsCode = (wanted: string, code: string): boolean => wanted === '*' || wanted.toUpperCase() === code;

const fitsRule = ({ code, pattern }: SuppressionRule, { code: found, origin, resource }: Finding): boolean => {
  if (!fitsCode(code, found)) return false;
  if (matchesGlob(pattern, origin)) return true;
  return resource !== undefined && matchesGlob(pattern, `${resource.kind} ${resource.name}.${resource.namespace}`);
};

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

const isKnown = (code: string): boolean => code === '*' || Object.hasOwn(MESSAGES, code.toUpperCase());

/** The codes of a list, each once; those that do not exist come as one, as there is one thing to say of them. */
const codesOf = (list: string): readonly string[] => {
  const codes = [...new Set(list.split(',').map((code) => code.trim()))];
  const [first, second, ...more] = codes.filter((code) => !isKnown(code));
  const known = codes.filter(isKnown);
  if (first === undefined || second === undefined) return codes;
  return [...known, more.length === 0 ? `${first}, ${second}` : `${first}, ${second} and ${more.length} more`];
};

/** The comments of one text. One behind a value covers its line, one on a line of its own the next line with content. */
const commentsOf = (source: SourceText): readonly Mark[] => {
  if (!source.text.includes('heddle-ignore')) return [];
  const next = nextContents(source);
  return [...source.text.matchAll(COMMENT)].flatMap((match) => {
    const span = spanAt(source, match.index, match.index + match[0].length);
    const [codes = '', ...reason] = (match[1] ?? '').split('--');
    const words = reason.join('--').trim();
    const target = lineKey(source.name, next[span.line] ?? span.line);
    return codesOf(codes).map(
      (code): Mark => ({ by: 'comment', code, reason: words === '' ? undefined : words, span, target }),
    );
  });
};

const lineKey = (file: string, line: number): string => `${line}:${file}`;

/** Istio splits the list without trimming, so that a blank switches it off; here it does not. */
const annotationsOf = (resource: Resource): readonly Mark[] => {
  const list = resource.annotations[SUPPRESS_ANNOTATION];
  if (typeof list !== 'string') return [];
  const span = spanOf(resource.object.metadata.annotations ?? resource.object, SUPPRESS_ANNOTATION) ?? resource.span;
  return codesOf(list)
    .filter((code) => code !== '')
    .map((code) => ({ by: 'annotation', code, reason: undefined, span, target: resource }));
};

const unusedMark = ({ code, by, span, target }: Mark): Finding => {
  const words = {
    suppression: by === 'comment' ? `heddle-ignore ${code}`.trim() : `annotation ${SUPPRESS_ANNOTATION}: ${code}`,
    reason:
      code === ''
        ? 'it names no code'
        : isKnown(code)
          ? 'nothing of that code is found here'
          : `there is no code ${code}`,
  };
  const place = { span, hint: 'remove it' } as const;
  return typeof target === 'string'
    ? findingAt('HED0001', 'Comment', words, place)
    : finding('HED0001', target, words, place);
};

const unusedRule = ({ code, pattern }: SuppressionRule): Problem => ({
  severity: 'info',
  code: 'UNUSED_SUPPRESSION',
  message: `-S ${code}=${pattern} suppresses no finding`,
});

export interface SuppressOptions {
  readonly sources: readonly SourceText[];
  readonly resources: readonly Resource[];
  readonly rules: readonly SuppressionRule[];
  /** Whether a code can be found in this run at all; what silences others is not called unused. */
  readonly isLookedFor: (code: string) => boolean;
}

/**
 * Takes out what comments, annotations and the command line silence; marks that silence nothing come back as findings
 * of HED0001. The first of comment, annotation and rule that fits gets the credit, every one that fits counts as used.
 */
export const suppress = (findings: readonly Finding[], options: SuppressOptions): Suppression => {
  const { sources, resources, rules, isLookedFor } = options;
  const marks = [...sources.flatMap(commentsOf), ...resources.flatMap(annotationsOf)];
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
    const fitting = [...onLine, ...onObject].filter((mark) => fitsCode(mark.code, found.code));
    const rule = rules.filter((one) => fitsRule(one, found));
    for (const one of [...fitting, ...rule]) used.add(one);
    const [first] = fitting;
    if (first !== undefined) suppressed.push({ finding: found, by: first.by, reason: first.reason });
    else if (rule.length > 0) suppressed.push({ finding: found, by: 'flag', reason: undefined });
    else kept.push(found);
  }
  const isJudged = (code: string): boolean => code === '*' || !isKnown(code) || isLookedFor(code.toUpperCase());
  const unused = marks.filter((mark) => !used.has(mark) && isJudged(mark.code)).map(unusedMark);
  const problems = rules.filter((rule) => !used.has(rule) && isJudged(rule.code)).map(unusedRule);
  return { kept: [...kept, ...unused], suppressed, problems };
};
