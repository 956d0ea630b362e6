/**
 * The outbound capture port. A connection comes either with its original destination (`CONNECT ADDRESS:PORT`, and then
 * its bytes as captured), or as a client's to its HTTP proxy, request by request.
 */
import { isIP, type Socket } from 'node:net';
import { chainsFor, connectionRoute, mayCarryHttp, selectOutbound } from '../../traffic/listener.ts';
import { PASSTHROUGH } from '../../traffic/routing.ts';
import type { OutboundListener } from '../../traffic/tables.ts';
import { type Reception, serveHttp, serveHttp2 } from '../http-service.ts';
import { Head } from '../http1/head.ts';
import { INCOMPLETE, parseRequestHead } from '../http1/parse-head.ts';
import { type Link, linkAccepted } from '../link.ts';
import { type LocalAnswer, unknownHost } from '../local-answer.ts';
import type { Place } from '../place.ts';
import type { ProxyState } from '../proxy-state.ts';
import type { DownstreamStream } from '../stream.ts';
import { clusterOfTcp, openTunnel, type TunnelTarget } from '../tcp/tunnel.ts';
import { awaitServerName, TLS_HANDSHAKE } from '../tls/client-hello.ts';
import { awaitFirstBytes } from './first-bytes.ts';
import { sniffHttp } from './sniff.ts';

const BLACKHOLE = 'BlackHoleCluster';

/** Takes a connection to the outbound port. */
export const acceptOutbound = (state: ProxyState, socket: Socket): void => {
  const { remoteAddress = '', remotePort = 0 } = socket;
  const link = linkAccepted(socket);
  const from = { remoteAddress: state.network.meshAddressOf(remoteAddress, remotePort), remotePort };
  const head = new Head();
  const decide = (bytes: Buffer): boolean => {
    const after = parseRequestHead(bytes, 0, bytes.length, head);
    if (after === INCOMPLETE) return false;
    if (after > 0 && head.method === 'CONNECT') onConnect(state, link, from, head.target, bytes.subarray(after));
    else onProxyRequest(state, link, from, bytes);
    return true;
  };
  awaitFirstBytes(state, link, decide, undefined);
};

type From = Pick<Place, 'remoteAddress' | 'remotePort'>;

const placeAt = (from: From, address: string, port: number): Place => ({
  direction: 'outbound',
  address,
  port,
  ...from,
  tls: undefined,
});

const onConnect = (state: ProxyState, link: Link, from: From, target: string, rest: Buffer): void => {
  const destination = resolveDestination(state, target, 0);
  if (destination === undefined) {
    const { status, body } = unknownHost(target);
    link.writeText(
      `HTTP/1.1 ${status} Bad Gateway\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
    );
    link.end();
    return;
  }
  link.writeText('HTTP/1.1 200 OK\r\n\r\n');
  onCaptured(state, link, placeAt(from, destination.address, destination.port), Buffer.from(rest));
};

/** A captured connection: the listener of its original destination says what it may be. */
const onCaptured = (state: ProxyState, link: Link, place: Place, first: Buffer): void => {
  const { tables } = state;
  const listener = selectOutbound(tables.outbound, place.address, place.port);
  if (typeof listener === 'string') {
    openTunnel(state, place, link, unknownTarget(state, listener), first);
    return;
  }
  const asTcp = (serverName: string, bytes: Buffer): void => {
    const at = serverName === '' ? place : { ...place, passedServerName: serverName };
    openTunnel(state, at, link, tcpTarget(state, listener, at), bytes);
  };
  const namesServers = asksForServerName(listener, place.address);
  const isHttp = mayCarryHttp(listener, place.address);
  if (!namesServers && !isHttp) {
    asTcp('', first);
    return;
  }
  const decide = (bytes: Buffer): boolean => {
    if (namesServers && bytes[0] === TLS_HANDSHAKE) {
      const serverName = awaitServerName(bytes);
      if (serverName !== undefined) asTcp(serverName, bytes);
      return serverName !== undefined;
    }
    const kind = isHttp ? sniffHttp(bytes) : 'other';
    if (kind === 'more') return false;
    if (kind === 'http') serveHttp(state, link, place).onBytes(bytes, 0, bytes.length);
    else if (kind === 'http2') serveHttp2(state, link, place).onBytes(bytes, 0, bytes.length);
    else asTcp('', bytes);
    return true;
  };
  awaitFirstBytes(state, link, decide, first);
};

/** Where server names decide, the client must speak first, as with Envoy's inspector. */
const asksForServerName = (listener: OutboundListener, address: string): boolean => {
  const chains = chainsFor(listener, address);
  return chains !== undefined && (chains.exact.size > 0 || chains.suffixes.values.size > 0);
};

const tcpTarget = (
  state: ProxyState,
  listener: OutboundListener,
  { address, passedServerName = '' }: Place,
): TunnelTarget => {
  const route = connectionRoute(listener, address, passedServerName);
  return route === undefined
    ? unknownTarget(state, state.tables.outbound.unknown)
    : clusterOfTcp(state.tables, route, state.random());
};

const unknownTarget = ({ tables }: ProxyState, unknown: 'passthrough' | 'blackhole'): TunnelTarget => {
  const name = unknown === 'passthrough' ? PASSTHROUGH : BLACKHOLE;
  return { name, cluster: tables.clusters.get(name), origin: undefined };
};

/** A client that uses this port as its HTTP proxy. */
const onProxyRequest = (state: ProxyState, link: Link, from: From, bytes: Buffer): void => {
  const receive = ({ request }: DownstreamStream): Reception | LocalAnswer => {
    const destination = resolveDestination(state, request.authority, 80);
    return destination === undefined
      ? unknownHost(request.authority)
      : { state, place: placeAt(from, destination.address, destination.port) };
  };
  serveHttp(state, link, placeAt(from, '', 0), receive).onBytes(bytes, 0, bytes.length);
};

interface Destination {
  readonly address: string;
  readonly port: number;
}

/** `HOST:PORT`, `[IPV6]:PORT`; without port `defaultPort`, where that is not 0. */
const resolveDestination = (state: ProxyState, authority: string, defaultPort: number): Destination | undefined => {
  const host = hostOf(authority);
  const text = authority.slice(host.length + 1);
  const port = text === '' ? defaultPort : Number(text);
  if (host === '' || !Number.isInteger(port) || port < 1 || port > 65_535) return undefined;
  const bare = host.startsWith('[') ? host.slice(1, -1) : host;
  if (isIP(bare) !== 0) return { address: bare, port };
  const [address] = state.network.resolve(bare.toLowerCase(), state.tables.node.namespace);
  return address === undefined ? undefined : { address, port };
};

/** An authority without its port. */
export const hostOf = (authority: string): string => {
  const colon = authority.lastIndexOf(':');
  return colon < 0 || authority.endsWith(']') ? authority : authority.slice(0, colon);
};
