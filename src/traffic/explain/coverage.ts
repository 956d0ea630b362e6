/** Which rules of routing and authorization some requests reached, by their places in the files. */
import { formatSpan, type Span } from '../../base/span.ts';
import { everyRule } from '../authorize.ts';
import type { Origin, ProxyTables, Route, RouteTable } from '../tables.ts';
import { matchText } from './conditions.ts';
import type { Met } from './explanation.ts';

/** One thing that a test can reach. */
export interface CoverageItem {
  /** A rule or one of its matches; one of several destinations of a rule; a rule of an AuthorizationPolicy. */
  readonly kind: 'route' | 'destination' | 'policy';
  /** `VirtualService default/reviews`. */
  readonly resource: string;
  readonly name: string;
  readonly span: Span;
}

/** What there is, and what of it was not reached; both in the order of files and lines. */
export interface Coverage {
  readonly items: readonly CoverageItem[];
  readonly uncovered: readonly CoverageItem[];
  /** 0..100, rounded down to one digit; 100 of nothing. */
  readonly percent: number;
}

const keyOf = (kind: CoverageItem['kind'], { span }: Origin): string => `${kind} ${formatSpan(span)}`;

const routesOf = ({ exact, suffixes, any }: RouteTable): readonly Route[] =>
  [...exact.values(), ...suffixes.values.values(), ...(any === undefined ? [] : [any])].flatMap(({ routes }) => routes);

/** What a Service has without a rule: nobody wrote it. */
const isDefault = ({ resource }: Origin): boolean => /^Service(Entry)? /.test(resource);

const routeItems = (route: Route): readonly (readonly [string, CoverageItem])[] => {
  const { origin, action, name } = route;
  if (origin === undefined || isDefault(origin)) return [];
  const item = (kind: CoverageItem['kind'], at: Origin, words: string): readonly [string, CoverageItem] => [
    keyOf(kind, at),
    { kind, resource: at.resource, name: words, span: at.span },
  ];
  const label = name === '' ? matchText(route.match) : name;
  const destinations = action.kind === 'forward' && action.destinations.length > 1 ? action.destinations : [];
  return [
    item('route', origin, label),
    // One of weight 0 is never chosen, and no test could reach it.
    ...destinations.flatMap(({ cluster, weight, origin: at }) =>
      at === undefined || weight === 0 ? [] : [item('destination', at, cluster)],
    ),
  ];
};

const policyItems = ({ authorization }: ProxyTables): readonly (readonly [string, CoverageItem])[] => {
  if (authorization === undefined) return [];
  const { allow } = authorization.http;
  const rules = everyRule(authorization.http);
  const withRules = new Set(rules.map(({ origin }) => origin.resource));
  const bare = (allow?.policies ?? []).filter(({ resource }) => !withRules.has(resource));
  return [
    ...rules.map(({ origin, name }) => [origin, name] as const),
    ...bare.map((origin) => [origin, 'allows nothing'] as const),
  ].map(([origin, name]) => [
    keyOf('policy', origin),
    { kind: 'policy', resource: origin.resource, name, span: origin.span },
  ]);
};

/** Everything of some proxies' tables that requests can reach, by key; what Istio adds by itself is left out. */
const itemsOf = (proxies: readonly ProxyTables[]): ReadonlyMap<string, CoverageItem> => {
  // Proxies that see the same share their tables.
  const tables = new Set<RouteTable>();
  for (const { outbound, gateway } of proxies) {
    for (const { routes } of [...outbound.byPort.values(), ...outbound.byAddress.values()])
      if (routes !== undefined) tables.add(routes);
    for (const { routes } of gateway.values()) tables.add(routes);
  }
  return new Map([
    ...[...tables].flatMap((table) => routesOf(table).flatMap(routeItems)),
    ...proxies.flatMap(policyItems),
  ]);
};

const metKey = (met: Met): string | undefined => {
  const origin = met.kind === 'policy' ? met.origin : met.kind === 'route' ? met.route.origin : met.destination.origin;
  return origin === undefined ? undefined : keyOf(met.kind, origin);
};

const byPlace = ({ span: left }: CoverageItem, { span: right }: CoverageItem): number =>
  left.file === right.file ? left.line - right.line || left.column - right.column : left.file < right.file ? -1 : 1;

/** Compares what there is in tables with what traces met there. */
export const measureCoverage = (proxies: readonly ProxyTables[], met: readonly Met[]): Coverage => {
  const all = itemsOf(proxies);
  const reached = new Set(met.map(metKey));
  const uncovered = [...all].flatMap(([key, item]) => (reached.has(key) ? [] : [item]));
  const share = all.size === 0 ? 1 : (all.size - uncovered.length) / all.size;
  return {
    items: [...all.values()].sort(byPlace),
    uncovered: uncovered.sort(byPlace),
    percent: Math.floor(share * 1000) / 10,
  };
};
