import { selectOutbound } from '../listener.ts';
import { unmetCondition } from '../route.ts';
import { findSuffix } from '../suffix-table.ts';
import type { ProxyTables, Route, RouteMatch, RouteTable } from '../tables.ts';
import type { AskedRequest } from './explanation.ts';
import { type Mutation, sampleOf, withHeader } from './mutation.ts';
import { groupLines, TravellingRequest } from './request-headers.ts';

/** Requests that the routes for the same host take, in every table of the first proxy. */
export function* towardsRoutes(tables: ProxyTables, asked: AskedRequest): Iterable<Mutation> {
  for (const route of routesFor(tables, asked)) yield* towards(route, asked);
}

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
