/**
 * Where the machine itself enters a mesh: one port for the services by the names this machine knows them by, and for
 * the ingress gateway. Every request is looked at, as one connection may carry requests for both.
 */
import type { Socket } from 'node:net';
import type { Receive } from '../http-service.ts';
import { linkAccepted } from '../link.ts';
import { nobodyListens } from '../local-answer.ts';
import type { Place } from '../place.ts';
import type { ProxyState } from '../proxy-state.ts';
import { serveEitherHttp } from './either-http.ts';
import { hostOf } from './outbound.ts';

/** A gateway's proxy and the port of it that the door leads to. */
export interface GatewayBehind {
  readonly state: ProxyState;
  readonly port: number;
}

/** Takes a connection from the machine: `client` carries requests for services, as that pod's own. */
export const acceptAtDoor = (client: ProxyState, gateway: () => GatewayBehind | undefined, socket: Socket): void => {
  const { remoteAddress = '', remotePort = 0 } = socket;
  const from = {
    remoteAddress: client.network.meshAddressOf(remoteAddress, remotePort),
    remotePort,
    tls: undefined,
  };
  const outbound = (address: string, port: number): Place => ({ direction: 'outbound', address, port, ...from });
  const receive: Receive = ({ request }) => {
    const local = client.network.localService(hostOf(request.authority).toLowerCase());
    if (local !== undefined) {
      request.rename(local.authority);
      return { state: client, place: outbound(local.address, local.port) };
    }
    const behind = gateway();
    if (behind === undefined) return nobodyListens;
    const { state, port } = behind;
    return { state, place: { direction: 'gateway', address: state.tables.node.address, port, ...from } };
  };
  const link = linkAccepted(socket);
  serveEitherHttp(client, link, outbound('', 0), undefined, receive);
};
