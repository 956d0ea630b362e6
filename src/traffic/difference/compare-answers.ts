/** What two answers to the same request differ in, and what that means to whoever sends it. */
import type { Explanation, Outcome, Result, Step, Unanswerable } from '../explain/explanation.ts';

/**
 * `breaking`: fewer requests are answered than before, or by something else entirely; `additive`: more are answered;
 * `changed`: anything else that a client or backend can notice.
 */
export type Impact = 'breaking' | 'changed' | 'additive';

export interface AnswerChange {
  readonly impact: Impact;
  /** In words, the gravest first. */
  readonly reasons: readonly string[];
}

/** One request's answer in one configuration. */
export interface Answer {
  readonly result: Result;
  readonly steps: readonly Step[];
}

/** An answer also to what cannot be asked, as a client meets it: no such host, say. */
export const answerOf = (answer: Explanation | Unanswerable): Answer =>
  'code' in answer ? { result: { ...NO_ANSWER, error: answer.message }, steps: [] } : answer;

const NO_ANSWER: Result = {
  status: null,
  flags: '-',
  cluster: null,
  host: null,
  path: null,
  workloads: [],
  redirect: null,
  policy: null,
};

/**
 * Compares; undefined = alike. `isUnstaffed` tells hosts of which neither configuration has a workload: requests that
 * reach those count as answered.
 */
export const compareAnswers = (
  before: Answer,
  after: Answer,
  isUnstaffed: (host: string) => boolean,
): AnswerChange | undefined => {
  const [old, now] = [reach(before.result, isUnstaffed), reach(after.result, isUnstaffed)];
  const lost = old.answered - now.answered;
  if (lost > EPSILON) return { impact: 'breaking', reasons: [lossOf(after.result, lost, now.answered)] };
  const reasons = differences(before, after, old, now);
  if (lost < -EPSILON) return { impact: 'additive', reasons: [gainOf(old.answered, -lost), ...reasons] };
  if (now.answered < EPSILON) {
    const isSame = failure(before.result) === failure(after.result);
    return isSame ? undefined : { impact: 'changed', reasons: ['fails in another way'] };
  }
  if (reasons.length === 0) return undefined;
  if (before.result.redirect === null && after.result.redirect !== null)
    return { impact: 'breaking', reasons: ['is redirected instead of answered'] };
  const isElsewhere = old.hosts.size > 0 && now.hosts.size > 0 && areDisjoint(old, now);
  return isElsewhere
    ? { impact: 'breaking', reasons: ['goes somewhere else entirely', ...reasons.filter((one) => one !== MOVED)] }
    : { impact: 'changed', reasons };
};

const EPSILON = 1e-6;
const MOVED = 'goes to other destinations, or in other shares';

interface Reach {
  /** How much of the requests is answered without an error, 0..1. */
  readonly answered: number;
  /** Hosts of the mesh that answer. */
  readonly hosts: ReadonlySet<string>;
  readonly workloads: ReadonlySet<string>;
}

const outcomesOf = ({ outcomes, status, flags, cluster }: Result): readonly Omit<Outcome, 'because'>[] =>
  outcomes ?? [{ probability: 1, status, flags, cluster }];

const reach = (result: Result, isUnstaffed: (host: string) => boolean): Reach => {
  const good = outcomesOf(result).filter(({ status, flags, cluster }) => {
    if (flags.split(',').includes('UH')) return isUnstaffed(hostOf(cluster));
    return status !== null && status < 400 && (result.grpcStatus ?? 0) === 0;
  });
  return {
    answered: good.reduce((sum, { probability }) => sum + probability, 0),
    hosts: new Set(good.flatMap(({ cluster }) => (cluster === null ? [] : [hostOf(cluster)]))),
    workloads: new Set(result.workloads.map(({ name }) => name)),
  };
};

/** `reviews.default.svc.cluster.local` of `outbound|80|v1|reviews.default.svc.cluster.local`. */
const hostOf = (cluster: string | null): string => cluster?.split('|')[3] ?? cluster ?? '';

const areDisjoint = (old: Reach, now: Reach): boolean =>
  [...old.hosts].every((host) => !now.hosts.has(host)) && [...old.workloads].every((name) => !now.workloads.has(name));

const percent = (share: number): string => `${Math.round(share * 1000) / 10} %`;

const lossOf = (after: Result, lost: number, left: number): string => {
  const isDenied = outcomesOf(after).some(({ status }) => status === 403) || after.policy !== null;
  if (left > EPSILON) return `${percent(lost)} ${isDenied ? 'are denied' : 'fail'} that were answered`;
  return isDenied ? 'was allowed, is denied' : 'was answered, is not any more';
};

const gainOf = (before: number, gained: number): string =>
  before < EPSILON ? 'was not answered, is now' : `${percent(gained)} more are answered`;

const failure = (result: Result): string =>
  JSON.stringify([
    outcomesOf(result).map(({ probability, status, flags }) => [probability, status, flags]),
    result.error,
  ]);

/** Stages whose decisions clients and backends notice though the same workload answers. */
const NOTICED: readonly Step['stage'][] = ['fault', 'timeout', 'retry', 'mirror', 'cors', 'headers'];

const decisions = ({ steps }: Answer, stage: Step['stage']): string =>
  steps
    .filter((step) => step.stage === stage)
    .map(({ decision }) => decision)
    .join('; ');

const sharesOf = (result: Result): string =>
  JSON.stringify([
    outcomesOf(result)
      .map(({ probability, status, cluster }) => `${cluster} ${status} ${probability}`)
      .sort(),
    result.workloads.map(({ name, version, share }) => `${name} ${version} ${share}`).sort(),
  ]);

const differences = (before: Answer, after: Answer, old: Reach, now: Reach): readonly string[] => {
  const reasons: string[] = [];
  const [was, is] = [before.result, after.result];
  if (was.redirect !== is.redirect && was.redirect !== null && is.redirect !== null)
    reasons.push(`redirects to ${is.redirect} instead of ${was.redirect}`);
  if (was.redirect !== null && is.redirect === null) reasons.push('is answered instead of redirected');
  if (was.redirect === null && is.redirect !== null) reasons.push('is redirected');
  if (sharesOf(was) !== sharesOf(is)) reasons.push(MOVED);
  if (old.answered > EPSILON && now.answered > EPSILON) {
    for (const part of ['path', 'host'] as const)
      if (was[part] !== is[part] && was[part] !== null && is[part] !== null)
        reasons.push(`the backend receives ${part} ${is[part]} instead of ${was[part]}`);
    for (const stage of NOTICED) {
      const [then, current] = [decisions(before, stage), decisions(after, stage)];
      if (then !== current) reasons.push(`${stage}: ${then || 'none'} → ${current || 'none'}`);
    }
  }
  return reasons;
};
