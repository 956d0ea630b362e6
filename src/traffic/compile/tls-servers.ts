import type { GatewayServer } from '../../model/schema/generated/types-istio.ts';
import { suffixTable } from '../suffix-table.ts';
import type { GatewayTlsServer, RouteTable, ServerNames, TcpRoute, TlsServers, TlsTermination } from '../tables.ts';
import type { BoundServer } from './gateway-check.ts';
import { instantiateTcp, instantiateTls, type RuleScope } from './instantiate.ts';
import { originOf } from './report.ts';
import type { VirtualServicePlan } from './virtual-services.ts';

/** A VirtualService that a server admits, and the listener its rules are instantiated for. */
export interface BoundPlan {
  readonly plan: VirtualServicePlan;
  readonly scope: RuleScope;
}

/** What Istio calls pass-through: the TLS of clients is not ended at the gateway. */
const isPassedThrough = ({ tls }: GatewayServer): boolean => tls?.mode === 'PASSTHROUGH';

/** HTTP behind TLS that the gateway ends. */
const isHttps = (server: GatewayServer): boolean =>
  server.port.protocol.toUpperCase() === 'HTTPS' && !isPassedThrough(server);

/** The TCP route of a server: of the first VirtualService that has one for it. */
export const tcpRouteAt = (bindings: readonly BoundPlan[]): TcpRoute | undefined => {
  for (const { plan, scope } of bindings) {
    const route = instantiateTcp(plan.tcp, scope) ?? terminatedTlsRoute(plan, scope);
    if (route !== undefined) return route;
  }
  return undefined;
};

/** A TLSRoute holds for its connections also where the gateway ends their TLS; tls rules of a VirtualService do not. */
const terminatedTlsRoute = (plan: VirtualServicePlan, scope: RuleScope): TcpRoute | undefined =>
  plan.semantics === 'gateway-api' ? instantiateTls(plan.tls ?? [], scope)[0]?.route : undefined;

/**
 * The filter chains of the TLS servers of one port. Of servers and rules that want the same server name the first is
 * kept, and a server without any route is not there.
 */
export const compileTlsServers = (
  servers: readonly BoundServer[],
  bindingsOf: (bound: BoundServer) => readonly BoundPlan[],
  httpsRoutes: (bound: BoundServer) => RouteTable,
  terminationOf: (bound: BoundServer) => TlsTermination,
): readonly GatewayTlsServer[] => {
  const known = new Set<string>();
  const passed = new Set<string>();
  return servers.flatMap((bound): readonly GatewayTlsServer[] => {
    const { server, resource } = bound;
    // As they are written: `a/x.com` and `b/x.com` are two.
    const hosts = server.hosts.map((host) => host.replace(/^\.\//, `${resource.namespace}/`));
    if (!claim(known, hosts)) return [];
    if (isPassedThrough(server)) {
      return bindingsOf(bound).flatMap(({ plan, scope }) =>
        instantiateTls(plan.tls ?? [], scope)
          .filter(({ match }) => claim(passed, match.serverNames))
          .map(({ match, route }) => ({ serverNames: match.serverNames, tcp: route, origin: match.origin })),
      );
    }
    const serverNames = server.hosts.map((host) => host.slice(host.indexOf('/') + 1).toLowerCase());
    const origin = originOf(resource, [server]);
    if (isHttps(server)) {
      return [{ serverNames, terminate: terminationOf(bound), routes: httpsRoutes(bound), origin }];
    }
    const tcp = tcpRouteAt(bindingsOf(bound));
    return tcp === undefined ? [] : [{ serverNames, terminate: terminationOf(bound), tcp, origin }];
  });
};

/** Indexes the servers of a port by their names. */
export const indexTlsServers = (all: readonly GatewayTlsServer[]): TlsServers => ({
  all,
  ...indexServerNames(all.map((server) => [server.serverNames, server])),
});

/** Indexes values by server names (a name, `*.suffix`, or `*`); of several for a name the first is kept. */
export const indexServerNames = <T>(
  entries: Iterable<readonly [serverNames: readonly string[], value: T]>,
): ServerNames<T> => {
  const exact = new Map<string, T>();
  const suffixes = new Map<string, T>();
  let any: T | undefined;
  for (const [serverNames, value] of entries) {
    for (const name of serverNames) {
      if (name === '*') any ??= value;
      const names = name.startsWith('*.') ? suffixes : exact;
      const key = name.startsWith('*.') ? name.slice(1) : name;
      if (name !== '*' && !names.has(key)) names.set(key, value);
    }
  }
  return { exact, suffixes: suffixTable(suffixes), any };
};

const claim = (known: Set<string>, names: readonly string[]): boolean => {
  if (names.some((name) => known.has(name))) return false;
  for (const name of names) known.add(name);
  return true;
};
