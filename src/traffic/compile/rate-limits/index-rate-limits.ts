/** Local rate limits as users write them: EnvoyFilters that put Envoy's filter into a proxy's chain and configure routes. */
import type { Mesh } from '../../../model/mesh.ts';
import type { Pod } from '../../../model/pod.ts';
import type { Resource } from '../../../model/resource.ts';
import type {
  EnvoyFilter,
  EnvoyFilterConfigPatch,
  EnvoyFilterConfigPatchMatchRouteConfiguration as RouteMatch,
} from '../../../model/schema/generated/types-istio.ts';
import { matchesLabels } from '../../../model/selector.ts';
import type { DescriptorTemplate, RateLimit, RateLimitFilter, RateLimits, RouteRateLimits } from '../../rate-limit.ts';
import type { ProxyTables, Route, RouteTable, VirtualHost } from '../../tables.ts';
import type { Report } from '../report.ts';
import { readTemplates } from './descriptor-templates.ts';
import { type EnvoyMessage, readEnvoyMessage, unwrapAny } from './envoy-message.ts';
import { LOCAL_RATE_LIMIT, readRateLimit } from './local-rate-limit.ts';

type Direction = RateLimitFilter['direction'];

interface FilterPatch {
  readonly kind: 'filter';
  readonly directions: readonly Direction[];
  readonly filter: Omit<RateLimitFilter, 'direction'>;
}

interface RoutePatch {
  readonly kind: 'route';
  readonly directions: readonly Direction[];
  readonly match: RouteMatch | undefined;
  readonly isOfVirtualHosts: boolean;
  readonly limits: ReadonlyMap<string, RateLimit>;
  readonly templates: readonly DescriptorTemplate[];
}

interface Plan {
  readonly resource: Resource<EnvoyFilter>;
  readonly patches: readonly (FilterPatch | RoutePatch)[];
}

/** What a proxy limits, with its routes; undefined where nothing is. */
export type RateLimitsOf = (
  pod: Pod,
  routes: Pick<ProxyTables, 'inbound' | 'outbound' | 'gateway'>,
) => RateLimits | undefined;

/** Reads the EnvoyFilters of a mesh; whatever is no local rate limit is reported at its line. */
export const indexRateLimits = (mesh: Mesh, rootNamespace: string, report: Report): RateLimitsOf => {
  const plans = mesh
    .of('EnvoyFilter')
    .map((resource) => planFilter(resource, report))
    .filter(({ patches }) => patches.length > 0)
    .sort((left, right) => rankOf(left, rootNamespace) - rankOf(right, rootNamespace));
  return (pod, tables) => {
    const patches = plans.filter(({ resource }) => isFor(resource, pod, rootNamespace)).flatMap((plan) => plan.patches);
    const filters = patches.flatMap((patch) =>
      patch.kind === 'filter' ? patch.directions.map((direction) => ({ ...patch.filter, direction })) : [],
    );
    if (filters.length === 0) return undefined;
    const routePatches = patches.filter((patch) => patch.kind === 'route');
    return { filters, routes: routePatches.length === 0 ? new Map() : limitsOfRoutes(routePatches, tables) };
  };
};

/** The root namespace's come first, and among those of a namespace the lower priority. */
const rankOf = ({ resource }: Plan, rootNamespace: string): number =>
  (resource.namespace === rootNamespace ? 0 : 2 ** 33) + (resource.object.spec?.priority ?? 0);

const GATEWAY_NAME = 'gateway.networking.k8s.io/gateway-name';

const isFor = ({ namespace, object: { spec } }: Resource<EnvoyFilter>, pod: Pod, rootNamespace: string): boolean => {
  if (namespace !== pod.namespace && namespace !== rootNamespace) return false;
  const targets = spec?.targetRefs ?? [];
  if (targets.length === 0) return matchesLabels(spec?.workloadSelector?.labels ?? {}, pod.labels);
  const gateway = pod.labels[GATEWAY_NAME];
  return namespace === pod.namespace && targets.some(({ kind, name }) => kind === 'Gateway' && name === gateway);
};

const planFilter = (resource: Resource<EnvoyFilter>, report: Report): Plan => {
  const given = resource.object.spec?.configPatches ?? [];
  const patches = given.map((patch) => planPatch(resource, patch, report));
  if (patches.every((patch) => patch === undefined)) {
    report.unsupportedKind(resource, 'proxies behave as if it did not exist');
    return { resource, patches: [] };
  }
  for (const [index, patch] of patches.entries()) {
    if (patch !== undefined) continue;
    const what = `${given[index]?.applyTo ?? 'this'} patch`;
    report.unsupportedField(resource, what, 'proxies behave as if it did not exist', [given, index]);
  }
  return { resource, patches: patches.flatMap((patch) => patch ?? []) };
};

const planPatch = (
  resource: Resource<EnvoyFilter>,
  patch: EnvoyFilterConfigPatch,
  report: Report,
): FilterPatch | RoutePatch | undefined => {
  const value = readEnvoyMessage(patch.patch?.value, [patch.patch ?? patch, 'value'], resource, report);
  switch (patch.applyTo) {
    case 'HTTP_FILTER':
      return planHttpFilter(resource, patch, value, report);
    case 'HTTP_ROUTE':
    case 'VIRTUAL_HOST':
      return planRoutes(resource, patch, value, report);
    default:
      return undefined;
  }
};

/** Filters before which a limit is asked last of all, and those that come before policies. */
const LAST: ReadonlySet<string> = new Set([
  'envoy.filters.http.router',
  'envoy.filters.http.cors',
  'envoy.filters.http.fault',
  'istio.stats',
  'istio.alpn',
]);

const planHttpFilter = (
  resource: Resource<EnvoyFilter>,
  { match, patch }: EnvoyFilterConfigPatch,
  value: EnvoyMessage,
  report: Report,
): FilterPatch | undefined => {
  const config = value.message('typed_config');
  const message = config === undefined ? undefined : unwrapAny(config, LOCAL_RATE_LIMIT);
  const chain = match?.listener?.filterChain;
  const before = chain?.filter?.subFilter?.name;
  const operation = patch?.operation ?? 'INVALID';
  if (message === undefined || !operation.startsWith('INSERT_')) return undefined;
  const isFirst = operation === 'INSERT_FIRST' || (operation === 'INSERT_BEFORE' && before === undefined);
  // Without the filter it names, nothing is inserted; behind the router, Envoy refuses it.
  if (!isFirst && (before === undefined || !LAST.has(before))) return undefined;
  if (operation === 'INSERT_AFTER' && before === 'envoy.filters.http.router') return undefined;
  if (match?.proxy !== undefined || chain?.name !== undefined || chain?.sni !== undefined) {
    const effect = 'the limit holds whatever it says';
    report.unsupportedField(resource, 'a match on proxies, chains or server names', effect, [
      match ?? value,
      'context',
    ]);
  }
  const limit = readRateLimit(message, resource, report);
  if (limit === undefined) return undefined;
  const port = chain?.destinationPort ?? match?.listener?.portNumber;
  const name = value.text('name') ?? '';
  return {
    kind: 'filter',
    directions: directionsOf(match?.context),
    filter: { name, isFirst, limit, ...(port === undefined || port === 0 ? {} : { port }) },
  };
};

const planRoutes = (
  resource: Resource<EnvoyFilter>,
  { applyTo, match, patch }: EnvoyFilterConfigPatch,
  value: EnvoyMessage,
  report: Report,
): RoutePatch | undefined => {
  if (patch?.operation !== 'MERGE') return undefined;
  const isOfVirtualHosts = applyTo === 'VIRTUAL_HOST';
  const action = isOfVirtualHosts ? value : value.message('route');
  const templates = readTemplates(action?.messages('rate_limits') ?? [], resource, report);
  const configs = value.message('typed_per_filter_config');
  const limits = new Map<string, RateLimit>();
  for (const name of configs?.names ?? []) {
    const config = configs?.message(name);
    const message = config === undefined ? undefined : unwrapAny(config, LOCAL_RATE_LIMIT);
    const limit = message === undefined ? undefined : readRateLimit(message, resource, report);
    if (limit !== undefined) limits.set(name, limit);
  }
  if (templates.length === 0 && limits.size === 0) return undefined;
  value.reportRest('routes are as if it were not there');
  action?.reportRest('routes are as if it were not there');
  return {
    kind: 'route',
    directions: directionsOf(match?.context),
    match: match?.routeConfiguration,
    isOfVirtualHosts,
    limits,
    templates,
  };
};

const directionsOf = (context: string | undefined): readonly Direction[] => {
  switch (context) {
    case 'SIDECAR_INBOUND':
      return ['inbound'];
    case 'SIDECAR_OUTBOUND':
      return ['outbound'];
    case 'GATEWAY':
      return ['gateway'];
    case 'WAYPOINT':
      return [];
    default:
      return ['inbound', 'outbound', 'gateway'];
  }
};

/** Every route that a patch matches, with what the patches say of it. */
const limitsOfRoutes = (
  patches: readonly RoutePatch[],
  { inbound, outbound, gateway }: Pick<ProxyTables, 'inbound' | 'outbound' | 'gateway'>,
): ReadonlyMap<Route, RouteRateLimits> => {
  const found = new Map<Route, RouteRateLimits>();
  const visit = (direction: Direction, table: RouteTable | undefined): void => {
    if (table === undefined) return;
    const hosts = [...table.exact.values(), ...table.suffixes.values.values()];
    for (const host of new Set(table.any === undefined ? hosts : [...hosts, table.any])) {
      for (const [index, route] of host.routes.entries()) {
        const own = patches.filter(
          (patch) => patch.directions.includes(direction) && isRoutePatched(patch, table, host, route),
        );
        if (own.length > 0) found.set(route, joined(own, host.name, index));
      }
    }
  };
  for (const port of inbound.values()) visit('inbound', port.routes);
  for (const { routes } of [...outbound.byPort.values(), ...outbound.byAddress.values()]) visit('outbound', routes);
  for (const { routes, tls } of gateway.values()) {
    visit('gateway', routes);
    for (const server of tls?.all ?? []) visit('gateway', server.routes);
  }
  return found;
};

const isRoutePatched = ({ match }: RoutePatch, table: RouteTable, host: VirtualHost, route: Route): boolean => {
  const { name, portNumber = 0, vhost } = match ?? {};
  if (name !== undefined && name !== table.name) return false;
  if (portNumber !== 0 && !new RegExp(`(?:^|[.|:])${portNumber}(?:$|[.|])`).test(table.name)) return false;
  if (vhost?.name !== undefined && vhost.name !== host.name) return false;
  if (vhost?.domainName !== undefined && !host.domains.includes(vhost.domainName)) return false;
  if (vhost?.route?.name !== undefined && vhost.route.name !== route.name) return false;
  const action = vhost?.route?.action ?? 'ANY';
  return action === 'ANY' || action === ACTIONS[route.action.kind];
};

const ACTIONS = { forward: 'ROUTE', redirect: 'REDIRECT', respond: 'DIRECT_RESPONSE' } as const;

/** What a route says comes before what its virtual host does; buckets are those of the route, or of the virtual host. */
const joined = (patches: readonly RoutePatch[], host: string, index: number): RouteRateLimits => {
  const ofRoute = patches.filter(({ isOfVirtualHosts }) => !isOfVirtualHosts);
  const ofHost = patches.filter(({ isOfVirtualHosts }) => isOfVirtualHosts);
  const templates = ofRoute.flatMap((patch) => patch.templates);
  const limits = new Map<string, RateLimit>();
  for (const { limits: own, isOfVirtualHosts } of [...ofHost, ...ofRoute]) {
    for (const [name, limit] of own) limits.set(name, ownBuckets(limit, isOfVirtualHosts ? host : `${host} ${index}`));
  }
  return { limits, templates: templates.length === 0 ? ofHost.flatMap((patch) => patch.templates) : templates };
};

const ownBuckets = (limit: RateLimit, place: string): RateLimit => ({
  ...limit,
  ...(limit.bucket === undefined ? {} : { bucket: { ...limit.bucket, id: `${limit.bucket.id} ${place}` } }),
  descriptors: limit.descriptors.map(({ entries, bucket }) => ({
    entries,
    bucket: { ...bucket, id: `${bucket.id} ${place}` },
  })),
});
