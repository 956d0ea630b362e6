import type { Socket } from 'node:net';
import { linkAccepted } from '../link.ts';
import type { ProxyState } from '../proxy-state.ts';
import { serveEitherHttp } from './either-http.ts';

/** Takes a connection to a gateway's port: cleartext HTTP, routed by the port's table. */
export const acceptGateway = (state: ProxyState, port: number, socket: Socket): void => {
  const { remoteAddress = '', remotePort = 0 } = socket;
  const link = linkAccepted(socket);
  const place = {
    direction: 'gateway',
    address: state.tables.node.address,
    port,
    remoteAddress: state.network.meshAddressOf(remoteAddress, remotePort),
    remotePort,
    tls: undefined,
  } as const;
  serveEitherHttp(state, link, place, undefined);
};
