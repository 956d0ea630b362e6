import type { Server } from 'node:net';
import type { Identity } from '../ca/certificate.ts';
import { acceptAtDoor, type GatewayBehind } from './listeners/door.ts';
import { acceptGateway } from './listeners/gateway.ts';
import { createInboundListener, type InboundListener } from './listeners/inbound.ts';
import { listen } from './listeners/listen.ts';
import { acceptOutbound } from './listeners/outbound.ts';
import type { MeshProxy, ProxyOptions, SocketAddress } from './proxy.ts';
import { ProxyState } from './proxy-state.ts';

const SWEEP_MS = 1_000;

/** The inside of every proxy, for the one that opens a door on another. */
const states = new WeakMap<MeshProxy, ProxyState>();

/** A proxy without listeners. It holds nothing open until the first `listen...`. */
export const createProxy = (options: ProxyOptions): MeshProxy => {
  const state = new ProxyState(options);
  const servers: Server[] = [];
  const inbound: InboundListener[] = [];
  // Unref: a proxy alone is no reason for a process to stay.
  const sweeper = setInterval(() => state.sweep(), SWEEP_MS).unref();

  const open = async (at: SocketAddress, onSocket: Parameters<typeof listen>[1]): Promise<SocketAddress> => {
    const listening = await listen(at, onSocket);
    servers.push(listening.server);
    return listening.at;
  };

  const proxy: MeshProxy = {
    replaceTables: (tables) => state.replaceTables(tables),
    replaceIdentity: (identity: Identity) => {
      state.replaceIdentity(identity);
      for (const listener of inbound) listener.replaceIdentity(identity);
    },
    listenInbound: (port, at) => {
      const listener = createInboundListener(state, port);
      inbound.push(listener);
      return open(at, (socket) => listener.accept(socket));
    },
    listenGateway: (port, at) => open(at, (socket) => acceptGateway(state, port, socket)),
    listenOutbound: (at) => open(at, (socket) => acceptOutbound(state, socket)),
    listenDoor: (at, gateway) => {
      const behind = (): GatewayBehind | undefined => {
        const target = gateway();
        const inside = target === undefined ? undefined : states.get(target.proxy);
        if (target === undefined || inside === undefined) return undefined;
        return { state: inside, port: target.port, tlsPort: target.tlsPort };
      };
      return open(at, (socket) => acceptAtDoor(state, behind, socket));
    },
    inForce: () => ({ tables: state.tables, identity: state.tls.identity }),
    clusterCounts: () => state.clusters.counts(),
    close: async (drainMs) => {
      for (const server of servers) server.close();
      await state.drain(drainMs);
      clearInterval(sweeper);
    },
  };
  states.set(proxy, state);
  return proxy;
};
