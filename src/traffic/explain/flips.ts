/** The smallest changes of a request that alter its result, found by asking again with what the tables name. */
import type { ProxyTables } from '../tables.ts';
import type { AskedRequest, Result } from './explanation.ts';
import { acrossLabels } from './flip-callers.ts';
import { acrossPolicies } from './flip-policies.ts';
import { towardsRoutes } from './flip-routes.ts';
import { findClient, findGateway, type MeshView } from './mesh-view.ts';
import type { Mutation } from './mutation.ts';
import { trace } from './trace.ts';

export interface Flip extends Pick<Mutation, 'change'> {
  readonly result: Result;
}

const MAX_FLIPS = 8;
const MAX_CANDIDATES = 400;

/** Asks every candidate, and keeps the easiest change for each different result. */
export const findFlips = (view: MeshView, asked: AskedRequest, result: Result): readonly Flip[] => {
  const seen = new Set([outcomeOf(result)]);
  const flips: Flip[] = [];
  for (const { change, answer } of candidates(view, asked)) {
    if (flips.length === MAX_FLIPS) break;
    const changed = answer();
    if (changed === undefined || seen.has(outcomeOf(changed))) continue;
    seen.add(outcomeOf(changed));
    flips.push({ change, result: changed });
  }
  return flips;
};

/** What counts as another result: a path that only repeats the change does not. */
const outcomeOf = ({ status, flags, cluster, workloads, policy, error, outcomes }: Result): string =>
  JSON.stringify([status, flags, cluster, workloads, policy, error, outcomes]);

interface Candidate extends Mutation {
  /** Undefined where the request cannot be asked. */
  readonly answer: () => Result | undefined;
}

/** The easiest first. Policies are those of the proxies that the request meets, by whichever route. */
const candidates = (view: MeshView, asked: AskedRequest): readonly Candidate[] => {
  const met = new Set<ProxyTables>();
  const watched: MeshView = {
    ...view,
    tablesOf: (placed) => {
      const tables = view.tablesOf(placed);
      if (tables !== undefined) met.add(tables);
      return tables;
    },
  };
  trace(watched, asked);
  const byRoute = unique([...withoutHeaders(asked), ...towardsFirst(view, asked)]).map((mutation) => {
    const result = resultOf(trace(watched, mutation.asked));
    return { ...mutation, answer: () => result };
  });
  const known = new Set(byRoute.map(({ change }) => change));
  const others = [...unique(acrossPolicies(view, met, asked)), ...unique(acrossLabels(view, asked))]
    .filter(({ change }) => !known.has(change))
    .map((mutation) => ({ ...mutation, answer: () => resultOf(trace(view, mutation.asked)) }));
  return [...byRoute, ...others].slice(0, MAX_CANDIDATES).sort((left, right) => left.effort - right.effort);
};

const resultOf = (answer: ReturnType<typeof trace>): Result | undefined =>
  'code' in answer ? undefined : answer.result;

const unique = (mutations: Iterable<Mutation>): readonly Mutation[] => {
  const byChange = new Map<string, Mutation>();
  for (const mutation of mutations) {
    if (byChange.size === MAX_CANDIDATES) break;
    if (!byChange.has(mutation.change)) byChange.set(mutation.change, mutation);
  }
  return [...byChange.values()];
};

const withoutHeaders = (asked: AskedRequest): readonly Mutation[] =>
  asked.headers.map(([name]) => ({
    change: `drop header ${name}`,
    effort: 1,
    asked: { ...asked, headers: asked.headers.filter(([other]) => other !== name) },
  }));

const towardsFirst = (view: MeshView, asked: AskedRequest): Iterable<Mutation> => {
  const { from = '', gateway } = asked;
  const placed = gateway === undefined ? findClient(view, from) : findGateway(view, gateway);
  const tables = 'code' in placed ? undefined : view.tablesOf(placed);
  return tables === undefined ? [] : towardsRoutes(tables, asked);
};
