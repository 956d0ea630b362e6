/**
 * Where the machine itself enters a mesh: one port for the services by the names this machine knows them by, and for
 * the ingress gateway. Every request is looked at, as one connection may carry requests for both; TLS is the gateway's.
 */
import type { Socket } from 'node:net';
import type { Receive } from '../http-service.ts';
import { type Link, linkAccepted, linkByEvents } from '../link.ts';
import { nobodyListens } from '../local-answer.ts';
import type { Place } from '../place.ts';
import type { ProxyState } from '../proxy-state.ts';
import { TLS_HANDSHAKE } from '../tls/client-hello.ts';
import { serveEitherHttp } from './either-http.ts';
import { awaitFirstByte } from './first-byte.ts';
import { acceptGateway } from './gateway.ts';
import { hostOf } from './outbound.ts';

/** A gateway's proxy and the ports of it that the door leads to. */
export interface GatewayBehind {
  readonly state: ProxyState;
  readonly port: number | undefined;
  readonly tlsPort: number | undefined;
}

type FindGateway = () => GatewayBehind | undefined;

/** Takes a connection from the machine: `client` carries requests for services, as that pod's own. */
export const acceptAtDoor = (client: ProxyState, gateway: FindGateway, socket: Socket): void => {
  if (gateway()?.tlsPort === undefined) {
    const { remoteAddress, remotePort } = socket;
    serveAtDoor(client, gateway, linkAccepted(socket), { remoteAddress, remotePort }, undefined);
    return;
  }
  awaitFirstByte(client, socket, (bytes) => {
    const behind = gateway();
    if (bytes[0] !== TLS_HANDSHAKE || behind?.tlsPort === undefined)
      return () => serveAtDoor(client, gateway, linkByEvents(socket), socket, bytes);
    const { state, tlsPort } = behind;
    return () => {
      socket.unshift(bytes);
      acceptGateway(state, tlsPort, socket);
    };
  });
};

const serveAtDoor = (
  client: ProxyState,
  gateway: FindGateway,
  link: Link,
  { remoteAddress = '', remotePort = 0 }: Pick<Socket, 'remoteAddress' | 'remotePort'>,
  first: Buffer | undefined,
): void => {
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
    if (behind?.port === undefined) return nobodyListens;
    const { state, port } = behind;
    return { state, place: { direction: 'gateway', address: state.tables.node.address, port, ...from } };
  };
  serveEitherHttp(client, link, outbound('', 0), first, receive);
};
