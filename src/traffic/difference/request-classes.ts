/** The requests by which two configurations are compared: whatever a rule of either can tell apart. */
import { everyRule } from '../authorize.ts';
import type { PlacedPod } from '../compile/world.ts';
import type { AskedRequest } from '../explain/explanation.ts';
import type { MeshView } from '../explain/mesh-view.ts';
import type { Authorization, AuthorizationRule, ProxyTables, RouteTable, VirtualHost } from '../tables.ts';
import { PLAIN_PROBE, type Probe, probesOfPolicyRule, probesOfRoute } from './probes.ts';

/** The configurations to compare. */
export interface Pair {
  readonly before: MeshView;
  readonly after: MeshView;
}

/** Requests without repetition, at most `limit`; `isWhole` = there are no more. */
export const requestClasses = (
  pair: Pair,
  limit: number,
): { readonly requests: readonly AskedRequest[]; readonly isWhole: boolean } => {
  const found = new Map<string, AskedRequest>();
  for (const asked of allRequests(pair)) {
    const key = JSON.stringify(asked);
    if (found.has(key)) continue;
    if (found.size === limit) return { requests: [...found.values()], isWhole: false };
    found.set(key, asked);
  }
  return { requests: [...found.values()], isWhole: true };
};

function* allRequests(pair: Pair): Iterable<AskedRequest> {
  const callers = sharedPods(pair, ({ pod }) => pod.proxyMode !== 'gateway');
  yield* toServices(pair, [...oneOfEach(callers, identityOf).keys(), 'outside']);
  for (const [from, placed] of oneOfEach(callers, tablesKey(pair)))
    for (const tables of tablesOf(pair, placed)) yield* throughSidecar(tables, from);
  for (const [gateway, placed] of sharedPods(pair, ({ pod }) => pod.proxyMode === 'gateway'))
    for (const view of [pair.before, pair.after]) yield* throughGateway(view, gateway, placed);
}

/** A pod as each of the configurations has it. */
type BothPods = readonly [before: PlacedPod, after: PlacedPod];

const workloadsOf = (
  { world, ownNamespace }: MeshView,
  isWanted: (placed: PlacedPod) => boolean,
): ReadonlyMap<string, PlacedPod> => {
  const wanted = world.pods.filter(isWanted);
  const users = wanted.filter(({ pod }) => pod.namespace !== ownNamespace);
  // Without workloads of the user there is local mode's own client.
  const named = (users.length > 0 ? users : wanted).map(
    (placed) => [`${placed.pod.namespace}/${placed.pod.workload}`, placed] as const,
  );
  return new Map(named.reverse());
};

/** Who is in only one of the configurations asks nothing that could have changed. */
const sharedPods = (
  { before, after }: Pair,
  isWanted: (placed: PlacedPod) => boolean,
): ReadonlyMap<string, BothPods> => {
  const now = workloadsOf(after, isWanted);
  return new Map(
    [...workloadsOf(before, isWanted)].reverse().flatMap(([name, placed]) => {
      const same = now.get(name);
      return same === undefined ? [] : [[name, [placed, same]] as const];
    }),
  );
};

const oneOfEach = (
  pods: ReadonlyMap<string, BothPods>,
  keyOf: (both: BothPods) => string,
): ReadonlyMap<string, BothPods> => {
  const seen = new Set<string>();
  return new Map([...pods].filter(([, both]) => !seen.has(keyOf(both)) && seen.add(keyOf(both))));
};

/** What policies and mutual TLS see of a caller. */
const identityOf = (both: BothPods): string =>
  JSON.stringify(both.map(({ pod }) => [pod.namespace, pod.serviceAccount, pod.proxyMode]));

/** Proxies that share their tables route alike. */
const tablesKey = (pair: Pair): ((both: BothPods) => string) => {
  const numbers = new Map<unknown, number>();
  const numberOf = (outbound: unknown): number => {
    const known = numbers.get(outbound) ?? numbers.size;
    numbers.set(outbound, known);
    return known;
  };
  return (both) =>
    tablesOf(pair, both)
      .map(({ outbound }) => numberOf(outbound))
      .join();
};

const tablesOf = ({ before, after }: Pair, [old, now]: BothPods): readonly ProxyTables[] =>
  [before.tablesOf(old), after.tablesOf(now)].flatMap((tables) => tables ?? []);

/** Every port of every service, and around every policy in front of one. */
function* toServices({ before, after }: Pair, callers: readonly string[]): Iterable<AskedRequest> {
  const probes = new Map<string, { readonly host: string; readonly port: number; readonly probes: Probe[] }>();
  for (const view of [before, after])
    for (const service of view.registry.values()) {
      if (service.host.startsWith('*')) continue;
      for (const { number } of service.ports) {
        const key = `${service.host}:${number}`;
        const known = probes.get(key) ?? { host: service.host, port: number, probes: [PLAIN_PROBE] };
        probes.set(key, known);
        const rules = new Set(service.pods.flatMap((placed) => rulesOf(view.tablesOf(placed)?.authorization)));
        known.probes.push(...[...rules].flatMap(probesOfPolicyRule));
      }
    }
  for (const { host, port, probes: some } of probes.values())
    for (const probe of some) for (const from of callers) yield { ...ask(probe, host, port), from };
}

const rulesOf = (authorization: Authorization | undefined): readonly AuthorizationRule[] =>
  authorization === undefined ? [] : everyRule(authorization.http);

function* throughSidecar({ outbound }: ProxyTables, from: string): Iterable<AskedRequest> {
  for (const [port, { routes }] of outbound.byPort) yield* aroundRoutes(routes, port, { from });
  for (const [address, { routes }] of outbound.byAddress)
    yield* aroundRoutes(routes, Number(address.slice(address.lastIndexOf(':') + 1)), { from });
}

function* throughGateway(view: MeshView, gateway: string, both: BothPods): Iterable<AskedRequest> {
  const placed = both.find((pod) => view.pods.get(pod.address) === pod);
  const tables = placed === undefined ? undefined : view.tablesOf(placed);
  if (placed === undefined || tables === undefined) return;
  const policies = rulesOf(tables.authorization).flatMap(probesOfPolicyRule);
  for (const [number, { routes }] of tables.gateway) {
    const port = servicePort(view, placed, number);
    const isTls = routes.name.startsWith('https.');
    for (const asked of aroundRoutes(routes, port, { gateway }, policies)) yield { ...asked, isTls };
  }
}

/** The port by which clients know a port of a gateway's pod. */
const servicePort = ({ servicesOfPod }: MeshView, placed: PlacedPod, own: number): number => {
  for (const { ports } of servicesOfPod.get(placed) ?? [])
    for (const { number, targets } of ports)
      if (targets.some((target) => target.placed === placed && target.port === own)) return number;
  return own;
};

function* aroundRoutes(
  table: RouteTable | undefined,
  port: number,
  entry: { readonly from: string } | { readonly gateway: string },
  more: readonly Probe[] = [],
): Iterable<AskedRequest> {
  if (table === undefined) return;
  for (const virtualHost of virtualHostsOf(table))
    for (const probe of [PLAIN_PROBE, ...virtualHost.routes.flatMap(probesOfRoute), ...more])
      yield { ...ask(probe, hostOf(virtualHost), port), ...entry };
}

const virtualHostsOf = ({ exact, suffixes, any }: RouteTable): ReadonlySet<VirtualHost> =>
  // What answers for every host without the user's word (allow_any) tells no rules apart.
  new Set([...exact.values(), ...suffixes.values.values(), ...(any?.origin === undefined ? [] : [any])]);

/** `any.example.com` for `*.example.com`. */
const hostOf = ({ name }: VirtualHost): string => {
  const host = name.replace(/:\d+$/, '');
  return host === '*' ? 'any.example' : host.replace(/^\*/, 'any');
};

const ask = ({ authority, ...probe }: Probe, host: string, port: number): AskedRequest => {
  const written = port === 80 ? host : `${host}:${port}`;
  return {
    ...probe,
    authority: authority ?? written,
    isTls: false,
    from: undefined,
    gateway: undefined,
    port,
    dial: authority === undefined ? undefined : `${host}:${port}`,
  };
};
