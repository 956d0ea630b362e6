import type { Cidr } from '../../base/cidr.ts';
import type { DestinationChains, OutboundListener, TcpRoute } from '../tables.ts';
import { admitsConnections, toTcpRoute } from './instantiate.ts';
import { type BoundPlan, indexServerNames } from './tls-servers.ts';

/** Where connections to some addresses, for some server names, go. */
export interface ConnectionChain {
  /** Empty = any address. */
  readonly blocks: readonly Cidr[];
  /** A name, `*.suffix` or `*`; empty = also a connection that names no server. */
  readonly serverNames: readonly string[];
  readonly route: TcpRoute;
}

/** A service's port at one of its listeners. */
export interface ServiceConnections {
  /** VirtualServices for the service, oldest first. */
  readonly plans: readonly BoundPlan[];
  /** The service's own address blocks. */
  readonly blocks: readonly Cidr[];
  /** What tells TLS for the service apart, where it shares its listener with others. */
  readonly serverNames: readonly string[];
  /** To the service itself. */
  readonly route: TcpRoute;
}

/** The chains of a port that carries TLS: of all tls rules, or the service's own where none of them holds. */
export const tlsChains = ({ plans, blocks, serverNames, route }: ServiceConnections): readonly ConnectionChain[] => {
  const chains: ConnectionChain[] = [];
  // In Istio subnets that one match names hold for those after it as well.
  let asked = blocks;
  for (const { plan, scope } of plans) {
    for (const rule of plan.tls ?? []) {
      for (const { serverNames: names, conditions } of rule.matches) {
        if (!admitsConnections(conditions, scope)) continue;
        if (conditions.destinations.length > 0) asked = conditions.destinations;
        chains.push({ blocks: asked, serverNames: names, route: toTcpRoute(rule, scope) });
      }
    }
  }
  return chains.length > 0 ? chains : [{ blocks, serverNames, route }];
};

/** The chains of a port that carries anything else: tcp rules until one holds for every address, or the service itself. */
export const tcpChains = ({ plans, blocks, route }: ServiceConnections): readonly ConnectionChain[] => {
  const chains: ConnectionChain[] = [];
  for (const { plan, scope } of plans) {
    for (const rule of plan.tcp) {
      const admitted = rule.conditions.filter((conditions) => admitsConnections(conditions, scope));
      if (admitted.length === 0) continue;
      const chain = { serverNames: [], route: toTcpRoute(rule, scope) };
      if (admitted.some(({ destinations }) => destinations.length === 0)) return [...chains, { ...chain, blocks }];
      chains.push({ ...chain, blocks: admitted.flatMap(({ destinations }) => destinations) });
    }
  }
  return [...chains, { blocks, serverNames: [], route }];
};

/** Indexes the chains of a listener; of several for the same connections the first is kept. */
export const indexChains = (all: readonly ConnectionChain[]): Pick<OutboundListener, 'tcp' | 'chains'> => {
  const [first] = all.filter(takesAll);
  const groups = new Map<string, { readonly block: Cidr | undefined; readonly own: ConnectionChain[] }>();
  for (const chain of all) {
    if (takesAll(chain)) continue;
    for (const block of chain.blocks.length === 0 ? [undefined] : chain.blocks.map(unlessUnspecified)) {
      const key = block === undefined ? '' : `${block.family}/${block.network}/${block.prefixLength}`;
      const group = groups.get(key) ?? { block, own: [] };
      group.own.push(chain);
      groups.set(key, group);
    }
  }
  if (groups.size === 0) return { tcp: first?.route };
  const chains = [...groups.values()]
    .sort((left, right) => (right.block?.prefixLength ?? -1) - (left.block?.prefixLength ?? -1))
    .map(({ block, own }): DestinationChains => {
      const entries = own.map((chain) => [namesOf(chain), chain.route] as const);
      return { block, ...indexServerNames(entries) };
    });
  return { tcp: first?.route, chains };
};

/** Such a chain is what Envoy falls back to when no other holds. */
const takesAll = ({ blocks, serverNames }: ConnectionChain): boolean =>
  blocks.length === 0 && (serverNames.length === 0 || serverNames.includes('*'));

/** Istio takes 0.0.0.0 for no address at all. */
const unlessUnspecified = (block: Cidr): Cidr | undefined => (block.network === 0n ? undefined : block);

const namesOf = ({ serverNames }: ConnectionChain): readonly string[] =>
  serverNames.length === 0 || serverNames.includes('*') ? ['*'] : serverNames;
