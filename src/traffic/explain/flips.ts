/** The smallest changes of a request that alter its result, found by asking again with what the tables name. */
import { everyRule } from '../authorize.ts';
import { selectOutbound } from '../listener.ts';
import { unmetCondition } from '../route.ts';
import { findSuffix } from '../suffix-table.ts';
import type {
  AuthorizationCondition,
  AuthorizationRule,
  ProxyTables,
  Route,
  RouteMatch,
  RouteTable,
  StringMatcher,
} from '../tables.ts';
import type { AskedRequest, Result } from './explanation.ts';
import { findClient, findGateway, type MeshView } from './mesh-view.ts';
import { groupLines, TravellingRequest } from './request-headers.ts';
import { trace } from './trace.ts';

export interface Flip {
  /** `add header end-user: jason`, imperative; several joined by `and`. */
  readonly change: string;
  readonly result: Result;
}

interface Mutation {
  readonly change: string;
  /** Rank among equals: what a caller changes most easily comes first. */
  readonly effort: number;
  readonly asked: AskedRequest;
}

const MAX_FLIPS = 8;
const MAX_CANDIDATES = 400;

/** Asks every candidate, and keeps the easiest change for each different result. */
export const findFlips = (view: MeshView, asked: AskedRequest, result: Result): readonly Flip[] => {
  const seen = new Set([outcomeOf(result)]);
  const candidates = [...mutations(view, asked)]
    .slice(0, MAX_CANDIDATES)
    .sort((left, right) => left.effort - right.effort);
  const flips: Flip[] = [];
  for (const { change, asked: changed } of candidates) {
    if (flips.length === MAX_FLIPS) break;
    const answer = trace(view, changed);
    if ('code' in answer || seen.has(outcomeOf(answer.result))) continue;
    seen.add(outcomeOf(answer.result));
    flips.push({ change, result: answer.result });
  }
  return flips;
};

/** What counts as another result: a path that only repeats the change does not. */
const outcomeOf = ({ status, flags, cluster, workloads, policy, error, outcomes }: Result): string =>
  JSON.stringify([status, flags, cluster, workloads, policy, error, outcomes]);

function* mutations(view: MeshView, asked: AskedRequest): Iterable<Mutation> {
  for (const [name] of asked.headers)
    yield {
      change: `drop header ${name}`,
      effort: 1,
      asked: { ...asked, headers: asked.headers.filter(([other]) => other !== name) },
    };
  const tables = firstTables(view, asked);
  for (const route of tables === undefined ? [] : routesFor(tables, asked)) yield* towards(route, asked);
  yield* acrossPolicies(view, asked);
}

const firstTables = (view: MeshView, { from, gateway }: AskedRequest): ProxyTables | undefined => {
  const placed = gateway === undefined ? findClient(view, from ?? '') : findGateway(view, gateway);
  return 'code' in placed ? undefined : view.tablesOf(placed);
};

/** Routes of the virtual hosts that name the request's host, in every table of its first proxy. */
const routesFor = ({ outbound, gateway }: ProxyTables, { authority }: AskedRequest): readonly Route[] => {
  const host = (authority.split(':', 1)[0] ?? '').toLowerCase();
  const listeners = [...outbound.byPort.keys()].map((port) => selectOutbound(outbound, '', port));
  const tables: readonly RouteTable[] = [
    ...listeners.flatMap((listener) =>
      typeof listener === 'string' || listener.routes === undefined ? [] : [listener.routes],
    ),
    ...[...gateway.values()].flatMap(({ routes, tls }) => [
      routes,
      ...(tls?.all ?? []).flatMap((server) => server.routes ?? []),
    ]),
  ];
  return tables.flatMap((table) => {
    const found = table.exact.get(host) ?? findSuffix(table.suffixes, host) ?? table.any;
    return found?.routes ?? [];
  });
};

/** Makes the request one that a route matches, condition by condition. */
function* towards({ match }: Route, asked: AskedRequest): Iterable<Mutation> {
  let changed = asked;
  const changes: string[] = [];
  for (let round = 0; round < 8; round += 1) {
    const head = new TravellingRequest(changed.method, changed.authority, changed.path, groupLines(changed.headers));
    const unmet = unmetCondition(match, head);
    if (unmet === undefined) break;
    const next = satisfy(match, unmet, changed);
    if (next === undefined) return;
    changes.push(next.change);
    changed = next.asked;
  }
  if (changes.length > 0)
    yield {
      change: changes.join(' and '),
      effort: changes.length * 2 + (changed.path === asked.path ? 0 : 1),
      asked: changed,
    };
}

const withHeader = (asked: AskedRequest, name: string, value: string | undefined): AskedRequest => ({
  ...asked,
  headers: [
    ...asked.headers.filter(([other]) => other !== name),
    ...(value === undefined ? [] : [[name, value] as const]),
  ],
});

const satisfy = (
  match: RouteMatch,
  unmet: unknown,
  asked: AskedRequest,
): { readonly change: string; readonly asked: AskedRequest } | undefined => {
  const header = match.headers.find((candidate) => candidate === unmet);
  if (header !== undefined) {
    if (header.invert)
      return { change: `drop header ${header.name}`, asked: withHeader(asked, header.name, undefined) };
    const value = sampleOf(header.value);
    return value === undefined
      ? undefined
      : { change: `add header ${header.name}: ${value}`, asked: withHeader(asked, header.name, value) };
  }
  const query = match.query.find((candidate) => candidate === unmet);
  if (query !== undefined) {
    const value = sampleOf(query.value);
    const [path = ''] = asked.path.split('?', 1);
    return value === undefined
      ? undefined
      : { change: `query ${query.name}=${value}`, asked: { ...asked, path: `${path}?${query.name}=${value}` } };
  }
  const value = sampleOf(unmet === match.path ? match.path : unmet === match.method ? match.method : match.authority);
  if (value === undefined) return undefined;
  if (unmet === match.path) return { change: `path ${value}`, asked: { ...asked, path: value } };
  if (unmet === match.method) return { change: `method ${value}`, asked: { ...asked, method: value } };
  return unmet === match.authority
    ? { change: `host ${value}`, asked: { ...asked, authority: value, dial: asked.dial ?? asked.authority } }
    : undefined;
};

/** A value that a matcher takes; undefined for a regex that is not easily satisfied. */
const sampleOf = (matcher: StringMatcher | undefined): string | undefined => {
  if (matcher === undefined || matcher.kind === 'present') return 'x';
  if (matcher.kind !== 'regex') return matcher.value;
  const plain = matcher.source
    .replace(/^\^|\$$/g, '')
    .replace(/\(\?i\)/g, '')
    .replace(/\(([^()|]*)[^()]*\)[*+?]?/g, '$1')
    .replace(/\[\^[^\]]*\][*+?]?|\.[*+]\??/g, 'x')
    .replace(/\[0-9\][*+?]?|\\d[*+?]?/g, '1')
    .replace(/\[([^\]])[^\]]*\][*+?]?/g, '$1')
    .replace(/\\(.)/g, '$1');
  return matcher.test(plain) ? plain : undefined;
};

/** Methods, paths, headers and identities that policies of any proxy name. */
function* acrossPolicies(view: MeshView, asked: AskedRequest): Iterable<Mutation> {
  const rules = new Set<AuthorizationRule>();
  for (const { pod } of view.world.pods) {
    const policies = pod.proxyMode === 'none' ? undefined : view.authorizationOf(pod)?.http;
    for (const rule of policies === undefined ? [] : everyRule(policies)) rules.add(rule);
  }
  if (rules.size === 0) return;
  for (const rule of rules) {
    const conditions = [...rule.when, ...(rule.from[0] ?? []), ...rule.to.flat()];
    const single = conditions.flatMap((condition) => changesFor(condition));
    for (const change of single) yield { change: change.text, effort: 2, asked: change.apply(asked) };
    const together = [...rule.when, ...(rule.to[0] ?? [])].flatMap((condition) => changesFor(condition).slice(0, 1));
    if (together.length > 1) {
      const changed = together.reduce((request, { apply }) => apply(request), asked);
      yield { change: together.map(({ text }) => text).join(' and '), effort: 2 * together.length, asked: changed };
    }
  }
  if (asked.method !== 'POST') yield { change: 'method POST', effort: 3, asked: { ...asked, method: 'POST' } };
  if (asked.method !== 'GET') yield { change: 'method GET', effort: 3, asked: { ...asked, method: 'GET' } };
  if (asked.gateway !== undefined) return;
  const callers = new Set(
    view.world.pods
      .filter(({ pod }) => pod.proxyMode !== 'gateway' && pod.namespace !== view.ownNamespace)
      .map(({ pod }) => `${pod.namespace}/${pod.workload}`),
  );
  for (const from of callers)
    if (from !== asked.from) yield { change: `from ${from}`, effort: 5, asked: { ...asked, from } };
}

interface PolicyChange {
  readonly text: string;
  readonly apply: (asked: AskedRequest) => AskedRequest;
}

/** How a caller gives a request what a condition names; nothing for what only the mesh can change. */
const changesFor = (condition: AuthorizationCondition): readonly PolicyChange[] =>
  [...condition.values, ...condition.notValues].flatMap((wanted): readonly PolicyChange[] => {
    const value = typeof wanted === 'object' && 'kind' in wanted ? sampleOf(wanted) : undefined;
    if (value === undefined) return [];
    switch (condition.on) {
      case 'method':
        return [{ text: `method ${value}`, apply: (asked) => ({ ...asked, method: value }) }];
      case 'path':
        return [{ text: `path ${value}`, apply: (asked) => ({ ...asked, path: value }) }];
      case 'header':
        return [
          {
            text: `add header ${condition.name}: ${value}`,
            apply: (asked) => withHeader(asked, condition.name, value),
          },
        ];
      default:
        return [];
    }
  });
