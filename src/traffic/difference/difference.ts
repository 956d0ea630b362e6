import type { AskedRequest, Result, Step } from '../explain/explanation.ts';
import type { MeshView } from '../explain/mesh-view.ts';
import { trace } from '../explain/trace.ts';
import { type Answer, type AnswerChange, answerOf, compareAnswers } from './compare-answers.ts';
import { type Pair, requestClasses } from './request-classes.ts';

/** Requests whose answers changed in the same way. */
export interface Change extends AnswerChange {
  /** Never empty; the plainest first. */
  readonly requests: readonly AskedRequest[];
  readonly before: Result;
  readonly after: Result;
  /** `FILE:LINE` of the rule that decides now, else of the one that decided before. */
  readonly source?: string;
}

/** How two configurations treat the same requests. */
export interface Difference {
  readonly changes: readonly Change[];
  /** Requests that were asked of both. */
  readonly asked: number;
  readonly unchanged: number;
  /** Whether every request that their rules tell apart was asked. */
  readonly isWhole: boolean;
}

const MAX_REQUESTS = 20_000;

/** Asks both configurations all that a rule of either tells apart. */
export const compareMeshes = (before: MeshView, after: MeshView, limit = MAX_REQUESTS): Difference => {
  const pair: Pair = { before, after };
  const { requests, isWhole } = requestClasses(pair, limit);
  const isUnstaffed = unstaffed(pair);
  const groups = new Map<string, { readonly change: Change; readonly requests: AskedRequest[] }>();
  let asked = 0;
  let changed = 0;
  for (const request of requests) {
    const [was, is] = [trace(before, request), trace(after, request)];
    if ('code' in was && 'code' in is) continue;
    asked += 1;
    const [old, now] = [answerOf(was), answerOf(is)];
    const change = compareAnswers(old, now, isUnstaffed);
    if (change === undefined) continue;
    changed += 1;
    const source = decidedAt(old, now);
    const key = groupKey(request, change, old.result, now.result, source);
    const group = groups.get(key);
    if (group !== undefined) group.requests.push(request);
    else {
      const whole = { ...change, requests: [], before: old.result, after: now.result };
      groups.set(key, { change: source === undefined ? whole : { ...whole, source }, requests: [request] });
    }
  }
  const changes = [...groups.values()]
    .map((group): Change => ({ ...group.change, requests: group.requests }))
    .sort((one, other) => IMPACTS.indexOf(one.impact) - IMPACTS.indexOf(other.impact));
  return { changes, asked, unchanged: asked - changed, isWhole };
};

const IMPACTS: readonly AnswerChange['impact'][] = ['breaking', 'changed', 'additive'];

/** The same story of the same host, whatever path, header or caller it was found with. */
const groupKey = (
  { authority, gateway }: AskedRequest,
  { impact, reasons }: AnswerChange,
  old: Result,
  now: Result,
  source: string | undefined,
): string => {
  const brief = ({ status, flags, cluster, workloads, error }: Result) => [status, flags, cluster, workloads, error];
  const kinds = reasons.filter(
    (reason) => !reason.startsWith('the backend receives') && !reason.startsWith('redirects'),
  );
  return JSON.stringify([authority, gateway, impact, kinds, brief(old), brief(now), source]);
};

const DECIDING: readonly Step['stage'][] = ['route', 'virtual host', 'destination', 'gateway'];

const placeOf = ({ steps }: Answer): string | undefined => {
  for (const stage of DECIDING) {
    const source = steps.find((step) => step.stage === stage)?.source;
    if (source !== undefined) return source;
  }
  return undefined;
};

/** Who refuses at the other end what was not refused before, else the rule that sends it there. */
const decidedAt = (old: Answer, now: Answer): string | undefined => {
  const known = new Set(old.steps.map(({ decision }) => decision));
  const refusal = now.steps.findLast(
    ({ stage, decision }) =>
      (stage === 'mtls' || stage === 'authorization') && !decision.startsWith('allowed') && !known.has(decision),
  );
  return refusal?.source ?? placeOf(now) ?? placeOf(old);
};

/** Hosts of which no configuration has a workload: files of routing alone say nothing of who answers. */
const unstaffed = ({ before, after }: Pair): ((host: string) => boolean) => {
  const isEmpty = (view: MeshView, host: string): boolean => (view.registry.get(host)?.pods.length ?? 0) === 0;
  return (host) => isEmpty(before, host) && isEmpty(after, host);
};
