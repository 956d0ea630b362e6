import type { Problem } from '../../base/problem.ts';
import type { Span } from '../../base/span.ts';
import { resourceId } from '../../model/resource.ts';
import { originOf } from '../compile/report.ts';
import type { Origin, ProxyTables, WeightedDestination } from '../tables.ts';
import { sourceOf } from './conditions.ts';
import type { MeshView } from './mesh-view.ts';
import { destinationProblem, type RouteSighting, sightRoutes } from './route-sightings.ts';
import {
  type AnyRoute,
  hostsOf,
  idsOf,
  meshHostsOf,
  type Parent,
  parentsOf,
  type WrittenRule,
  writtenRules,
} from './written-route.ts';

interface Place {
  /** `FILE:LINE`. */
  readonly source?: string;
}

interface DescribedDestination extends Place {
  readonly host: string;
  readonly port: number;
  readonly subset?: string;
  /** Its share of the rule's requests, to one digit. */
  readonly percent: number;
  /** Why requests find nobody there, and the first proxy where that is so. */
  readonly problem?: { readonly message: string; readonly proxy: string };
}

/** One rule of the object as it is written. */
interface DescribedRule extends Place {
  /** `http[0] canary`: its place in the object, and its name if it has one. */
  readonly rule: string;
  /** What its requests must have, as proxies ask for it; empty where no proxy has the rule. */
  readonly matches: readonly string[];
  readonly actions: readonly string[];
  readonly destinations: readonly DescribedDestination[];
  /** The VirtualService that has its rules. */
  readonly delegate?: string;
  /** Another rule that takes everything it matches, in every proxy that has it. */
  readonly shadowedBy?: Place & { readonly resource: string };
}

/** A route, and what becomes of it in the proxies. */
export interface DescribedRoute extends Place {
  readonly type: string;
  readonly name: string;
  readonly namespace: string;
  /** Short names expanded; empty: every host of its parents. */
  readonly hosts: readonly string[];
  readonly parents: readonly Parent[];
  readonly rules: readonly DescribedRule[];
  /** Who has any of it, `NAMESPACE/POD`. */
  readonly sidecars: readonly string[];
  readonly gateways: readonly string[];
  /** Objects that answer for hosts of it in sidecars where it could have, by host. */
  readonly rivals: readonly (Place & { readonly host: string; readonly resource: string })[];
  /** What compiling it found wrong. */
  readonly problems: readonly (Place & { readonly code: string; readonly message: string })[];
}

/** What one proxy, and every other with the same tables, has of a route. */
interface Seen {
  readonly sightings: readonly RouteSighting[];
  readonly destinations: readonly SeenDestination[];
  readonly rivals: DescribedRoute['rivals'];
}

interface SeenDestination {
  readonly origin: Origin;
  readonly destination: DescribedDestination;
}

/** Who answers for the hosts in sidecars that hear of the route and have nothing of it there. */
const rivalsIn = (tables: ProxyTables, hosts: ReadonlySet<string>, ids: ReadonlySet<string>): Seen['rivals'] =>
  [...tables.outbound.byPort.values()].flatMap(({ routes }) =>
    [...(routes?.exact ?? [])].flatMap(([host, { origin }]) =>
      origin === undefined ||
      !hosts.has(host) ||
      ids.has(origin.resource) ||
      !/^(VirtualService|\w+Route) /.test(origin.resource)
        ? []
        : [{ host, resource: origin.resource, ...sourceOf(origin) }],
    ),
  );

/** A destination alone has all of it, whatever is written. */
const shareOf = (weight: number, all: readonly WeightedDestination[]): number => {
  const total = all.reduce((sum, one) => sum + one.weight, 0);
  return all.length === 1 ? 100 : Math.round((weight / Math.max(1, total)) * 1000) / 10;
};

const describeDestination = (
  { cluster, weight, origin }: WeightedDestination,
  { destinations, origin: rule }: RouteSighting,
  { clusters, node }: ProxyTables,
): SeenDestination => {
  const [, port = '', subset = '', host = ''] = cluster.split('|');
  const message = destinationProblem(cluster, clusters);
  const destination = {
    host: host === '' ? cluster : host,
    port: Number(port),
    ...(subset !== '' && { subset }),
    percent: shareOf(weight, destinations),
    ...sourceOf(origin),
    ...(message !== undefined && { problem: { message, proxy: node.id } }),
  };
  return { origin: rule, destination };
};

const before = (a: Span, b: Span, end: 'start' | 'end'): boolean => {
  const [line, column] = end === 'start' ? [a.line, a.column] : [a.endLine, a.endColumn];
  const [otherLine, otherColumn] = end === 'start' ? [b.line, b.column] : [b.endLine, b.endColumn];
  return line < otherLine || (line === otherLine && column <= otherColumn);
};

const isWithin = (inner: Span, outer: Span): boolean =>
  inner.file === outer.file && before(outer, inner, 'start') && before(inner, outer, 'end');

const keyOfDestination = ({ host, port, subset = '', percent, source = '' }: DescribedDestination): string =>
  [host, port, subset, percent, source].join('|');

/** One of each, where possible one with a problem: it is what matters. */
const distinct = (destinations: readonly DescribedDestination[]): readonly DescribedDestination[] => {
  const found = new Map<string, DescribedDestination>();
  for (const one of destinations) {
    const key = keyOfDestination(one);
    if (found.get(key)?.problem === undefined) found.set(key, one);
  }
  return [...found.values()];
};

const describeRule = ({ rule, span, delegate }: WrittenRule, seen: readonly Seen[]): DescribedRule => {
  const isOfRule = ({ origin }: { readonly origin: Origin }): boolean =>
    delegate === undefined && span !== undefined && isWithin(origin.span, span);
  const sightings = seen.flatMap((one) => one.sightings.filter(isOfRule));
  const shadows = sightings.flatMap(({ shadowedBy }) => shadowedBy ?? []);
  const [shadow] = shadows;
  return {
    rule,
    ...(span !== undefined && { source: `${span.file}:${span.line}` }),
    matches: [...new Set(sightings.map(({ match }) => match))],
    actions: [...new Set(sightings.map(({ action }) => action))],
    destinations: distinct(
      seen.flatMap((one) => one.destinations.filter(isOfRule).map(({ destination }) => destination)),
    ),
    ...(delegate !== undefined && { delegate }),
    ...(shadow !== undefined &&
      shadows.length === sightings.length && { shadowedBy: { resource: shadow.resource, ...sourceOf(shadow) } }),
  };
};

const hasAny = ({ sightings }: Seen): boolean => sightings.length > 0;

/** Says what becomes of a route in the tables of every proxy; `problems` are those of compiling the mesh. */
export const describeRoute = (view: MeshView, route: AnyRoute, problems: readonly Problem[]): DescribedRoute => {
  const ids = idsOf(route);
  const contested = new Set(meshHostsOf(route));
  const look = (tables: ProxyTables): Seen => {
    const sightings = sightRoutes(tables, ({ resource }) => ids.has(resource));
    const destinations = sightings.flatMap((sighting) =>
      sighting.destinations.map((one) => describeDestination(one, sighting, tables)),
    );
    return { sightings, destinations, rivals: rivalsIn(tables, contested, ids) };
  };
  const known = new Map<object, Seen>();
  const proxies = view.world.pods.flatMap((placed) => {
    const tables = placed.pod.namespace === view.ownNamespace ? undefined : view.tablesOf(placed);
    if (tables === undefined) return [];
    const { mode, id } = tables.node;
    // Sidecars that see the same mesh share what they send by.
    const key = mode === 'gateway' ? tables : tables.outbound;
    const seen = known.get(key) ?? look(tables);
    known.set(key, seen);
    return [{ mode, id, seen }];
  });
  const having = (mode: 'sidecar' | 'gateway'): readonly string[] =>
    proxies.filter((one) => one.mode === mode && hasAny(one.seen)).map(({ id }) => id);
  const seen = [...known.values()];
  const rivals = new Map(seen.flatMap((one) => one.rivals.map((rival) => [`${rival.host} ${rival.resource}`, rival])));
  return {
    type: route.kind,
    name: route.name,
    namespace: route.namespace,
    ...sourceOf(originOf(route)),
    hosts: hostsOf(route),
    parents: parentsOf(view, route),
    rules: writtenRules(view, route).map((rule) => describeRule(rule, seen)),
    sidecars: having('sidecar'),
    gateways: having('gateway'),
    rivals: [...rivals.values()],
    problems: problems
      .filter(({ resource }) => resource === resourceId(route))
      .map(({ code, message, span }) => ({ code, message, ...(span && { source: `${span.file}:${span.line}` }) })),
  };
};
