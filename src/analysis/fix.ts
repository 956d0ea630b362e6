import type { Problem } from '../base/problem.ts';
import { keepsTheRest } from '../yaml/same-rest.ts';
import { sharedRanges } from '../yaml/shared-nodes.ts';
import type { SourceText } from '../yaml/source-text.ts';
import { applyEdits, collides, type Range, rangeOf } from '../yaml/text-edit.ts';
import type { Edit, Finding, Fix } from './finding.ts';
import { fingerprintOf } from './fingerprint.ts';

/** What an analysis says of texts: what may be fixed, that is, without what is suppressed, and what cannot be read. */
interface Judgement {
  readonly findings: readonly Finding[];
  readonly problems: readonly Problem[];
}

/** Analyses texts as the user asked for; called once a round and more often where fixes disturb each other. */
export type Judge = (sources: readonly SourceText[]) => Promise<Judgement>;

export interface FixResult {
  /** In the order given; untouched ones are the very same objects. */
  readonly sources: readonly SourceText[];
  /** Findings whose fix was applied, with the spans of the text that the round began with. */
  readonly fixed: readonly Finding[];
  /** Why other fixes were left out (infos). */
  readonly problems: readonly Problem[];
}

/** A finding with a fix that is allowed, and where that would write. */
interface Candidate {
  readonly finding: Finding;
  readonly fix: Fix;
  readonly places: readonly (Range & { readonly source: SourceText })[];
}

/** One text, and what is known of it. */
interface Round {
  readonly sources: readonly SourceText[];
  readonly before: Judgement;
  readonly judge: Judge;
}

const MAX_ROUNDS = 50;

const leftOut = ({ finding, fix }: Pick<Candidate, 'finding' | 'fix'>, reason: string): Problem => ({
  severity: 'info',
  code: 'FIX_NOT_APPLIED',
  message: `${finding.code} was not fixed (${fix.title}): ${reason}`,
  span: fix.edits[0]?.span ?? finding.span,
  resource: finding.origin,
});

const collidesWithin = (places: Candidate['places']): boolean =>
  places.some((one, index) =>
    places.slice(index + 1).some((other) => one.source === other.source && collides(one, other)),
  );

const SHARED = 'an alias elsewhere in the document repeats this text, and would change with it';

/** Finds where each fix writes; those that cannot be applied whatever else happens are answered as problems. */
const locate = (sources: readonly SourceText[], found: readonly Finding[], unsafe: boolean) => {
  const byName = new Map(sources.map((source) => [source.name, source]));
  const sharedBySource = new Map<SourceText, readonly Range[]>();
  const isShared = ({ source, start, end }: Candidate['places'][number]): boolean => {
    const shared = sharedBySource.get(source) ?? sharedRanges(source);
    sharedBySource.set(source, shared);
    return shared.some((range) => range.start <= end && start <= range.end);
  };
  const candidates: Candidate[] = [];
  const problems: Problem[] = [];
  for (const finding of found) {
    const { fix } = finding;
    if (fix === undefined || fix.edits.length === 0 || !(fix.isSafe || unsafe)) continue;
    const places = fix.edits.flatMap(({ span }) => {
      const source = byName.get(span.file);
      return source === undefined ? [] : [{ source, ...rangeOf(source, span) }];
    });
    if (places.length < fix.edits.length) problems.push(leftOut({ finding, fix }, 'its file is not among the paths'));
    else if (places.some(isShared)) problems.push(leftOut({ finding, fix }, SHARED));
    else if (collidesWithin(places)) problems.push(leftOut({ finding, fix }, 'its edits overlap'));
    else candidates.push({ finding, fix, places });
  }
  return { candidates, problems };
};

/** In the order of the texts, those that do not overlap an earlier one; the others have their chance in the next round. */
const withoutOverlaps = (candidates: readonly Candidate[], sources: readonly SourceText[]): readonly Candidate[] => {
  const order = new Map(sources.map((source, index) => [source, index]));
  const first = ({ places }: Candidate) => places.reduce((least, place) => (place.start < least.start ? place : least));
  const sorted = [...candidates].sort((one, other) => {
    const [left, right] = [first(one), first(other)];
    return (order.get(left.source) ?? 0) - (order.get(right.source) ?? 0) || left.start - right.start;
  });
  const taken = new Map<SourceText, Range[]>();
  return sorted.filter(({ places }) => {
    // Fixes of several edits may reach far ahead, so that the last one taken is not always the nearest.
    if (places.some((place) => taken.get(place.source)?.some((other) => collides(place, other)))) return false;
    for (const place of places) {
      const others = taken.get(place.source);
      if (others === undefined) taken.set(place.source, [place]);
      else others.push(place);
    }
    return true;
  });
};

const editsBySource = (chosen: readonly Candidate[]): ReadonlyMap<SourceText, readonly Edit[]> => {
  const edits = new Map<SourceText, Edit[]>();
  for (const { fix, places } of chosen) {
    for (const [index, edit] of fix.edits.entries()) {
      const source = places[index]?.source;
      if (source === undefined) continue;
      const others = edits.get(source);
      if (others === undefined) edits.set(source, [edit]);
      else others.push(edit);
    }
  }
  return edits;
};

const count = <T>(items: readonly T[], keyOf: (item: T) => string): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(keyOf(item), (counts.get(keyOf(item)) ?? 0) + 1);
  return counts;
};

const grows = (before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): boolean =>
  [...after].some(([key, number]) => number > (before.get(key) ?? 0));

const errorsOf = ({ findings, problems }: Judgement): ReadonlyMap<string, number> =>
  count(
    [
      ...findings.filter(({ level }) => level === 'error').map(({ origin }) => origin),
      ...problems.filter(({ severity }) => severity === 'error').map(({ span }) => `${span?.file}`),
    ],
    (key) => key,
  );

type Attempt = { readonly sources: readonly SourceText[]; readonly after: Judgement } | { readonly reason: string };

/** Applies fixes together, and looks whether what was meant has come about and nothing else is broken. */
const attempt = async ({ sources, before, judge }: Round, chosen: readonly Candidate[]): Promise<Attempt> => {
  const edits = editsBySource(chosen);
  const changed = new Map([...edits].map(([source, own]) => [source, applyEdits(source, own)]));
  for (const [source, after] of changed) {
    if (!keepsTheRest(source, after, edits.get(source) ?? [])) return { reason: 'the rest would not read as before' };
  }
  const next = sources.map((source) => changed.get(source) ?? source);
  const after = await judge(next);
  if (grows(errorsOf(before), errorsOf(after))) return { reason: 'it would bring a new error' };
  const applied = chosen.map(({ finding }) => finding);
  const isLess = KEYS.map((keyOf) => falls(before.findings, after.findings, applied, keyOf));
  return applied.every((finding) => isLess.some((falling) => falling(finding)))
    ? { sources: next, after }
    : { reason: 'the finding would remain' };
};

// A host that is found at last may lack a subset: the same code, another message. What stands behind an item that was
// taken out is called by the item's number: the same message, one less of the code.
const KEYS = [fingerprintOf, ({ code, origin }: Finding): string => `${code} ${origin}`];

/** Tells of a finding whether as many of its like are gone as fixes were applied to them. */
const falls = (
  before: readonly Finding[],
  after: readonly Finding[],
  applied: readonly Finding[],
  keyOf: (finding: Finding) => string,
): ((finding: Finding) => boolean) => {
  const [known, left, gone] = [count(before, keyOf), count(after, keyOf), count(applied, keyOf)];
  return (finding) => {
    const key = keyOf(finding);
    return (left.get(key) ?? 0) <= (known.get(key) ?? 0) - (gone.get(key) ?? 0);
  };
};

interface Settled {
  readonly accepted: readonly Candidate[];
  readonly attempt: Extract<Attempt, { sources: unknown }>;
  readonly problems: readonly Problem[];
}

/** The fixes that can be applied with those accepted before; halves are tried where all together fail. */
const settle = async (round: Round, settled: Settled, tried: readonly Candidate[]): Promise<Settled> => {
  const [first, second] = tried;
  if (first === undefined) return settled;
  const accepted = [...settled.accepted, ...tried];
  const tryout = await attempt(round, accepted);
  if ('sources' in tryout) return { ...settled, accepted, attempt: tryout };
  if (second === undefined) return { ...settled, problems: [...settled.problems, leftOut(first, tryout.reason)] };
  const middle = tried.length >> 1;
  return settle(round, await settle(round, settled, tried.slice(0, middle)), tried.slice(middle));
};

/**
 * Applies the fixes of what an analysis finds, safe ones only unless told otherwise, round by round until none is left
 * that can be applied: doing it again changes nothing. A fix is kept only if its finding goes, no object or file gets
 * one error more, and the text it does not write reads as before; shared text (an anchor with aliases) is not touched.
 */
export const fixSources = async (
  given: readonly SourceText[],
  judge: Judge,
  { unsafe }: { readonly unsafe: boolean },
): Promise<FixResult> => {
  let sources = given;
  let before = await judge(sources);
  const fixed: Finding[] = [];
  for (let rounds = 0; ; rounds++) {
    const { candidates, problems } = locate(sources, before.findings, unsafe);
    const none: Settled = { accepted: [], attempt: { sources, after: before }, problems };
    if (rounds === MAX_ROUNDS) return { sources, fixed, problems };
    const settled = await settle({ sources, before, judge }, none, withoutOverlaps(candidates, sources));
    if (settled.accepted.length === 0) return { sources, fixed, problems: settled.problems };
    sources = settled.attempt.sources;
    before = settled.attempt.after;
    for (const { finding } of settled.accepted) fixed.push(finding);
  }
};
