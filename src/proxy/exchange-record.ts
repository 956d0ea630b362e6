import type { AccessRecord, RecordedHeaders } from '../telemetry/access-record.ts';
import type { Origin, ServiceRef } from '../traffic/tables.ts';
import type { ExchangeView, SendingView } from './exchange-view.ts';
import { unknownPeer } from './pick.ts';

/** Of a request that never left for a cluster. */
const notSent: SendingView = {
  attempts: 0,
  endpoint: undefined,
  localAddress: '',
  principal: '',
  serviceTimeMs: -1,
  cookies: [],
};

/** The record of a finished exchange. */
export const recordOf = (exchange: ExchangeView): AccessRecord => {
  const { place, tables, cluster, route } = exchange;
  const sending = exchange.sending ?? notSent;
  const { endpoint } = sending;
  const { tls } = place;
  const isInbound = place.direction === 'inbound';
  const service = isInbound ? tables.inbound.get(place.port)?.service : cluster?.service;
  const remotePeer = isInbound ? tables.peers.get(place.remoteAddress) : endpoint?.peer;
  return {
    proxy: tables.node.id,
    reporter: isInbound ? 'destination' : 'source',
    startMs: exchange.startMs,
    durationMs: exchange.durationMs,
    protocol: exchange.downstream.protocol,
    method: exchange.method,
    path: exchange.path,
    authority: exchange.authority,
    responseCode: exchange.status,
    grpcStatus: exchange.grpcStatus,
    flags: exchange.flags === '' ? '-' : exchange.flags,
    details: exchange.details,
    connectionTerminationDetails: '',
    upstreamFailure: exchange.upstreamFailure,
    bytesReceived: exchange.downstream.requestBytes,
    bytesSent: exchange.responseBytes,
    upstreamServiceTime: sending.serviceTimeMs < 0 ? '' : String(sending.serviceTimeMs),
    forwardedFor: exchange.forwarded.forwardedFor,
    userAgent: exchange.userAgent,
    requestId: exchange.forwarded.requestId,
    upstreamHost: endpoint?.key ?? '',
    upstreamCluster: cluster?.name ?? '',
    upstreamLocalAddress: sending.localAddress,
    downstreamLocalAddress: `${place.address}:${place.port}`,
    downstreamRemoteAddress: `${place.remoteAddress}:${place.remotePort}`,
    requestedServerName: tls?.serverName ?? '',
    routeName: route?.name ?? '',
    attempts: sending.attempts,
    routeOrigin: originOf(exchange.destination?.origin ?? route?.origin),
    deniedBy: exchange.deniedBy,
    tlsVersion: tls?.version ?? '',
    localPrincipal: principalOf(exchange, sending),
    peerPrincipal: tls?.peerPrincipal ?? '',
    upstreamPrincipal: sending.principal,
    source: isInbound ? (remotePeer ?? unknownPeer) : tables.node.peer,
    destination: isInbound ? tables.node.peer : (remotePeer ?? unknownPeer),
    ...serviceLabels(service),
    requestProtocol: exchange.isGrpc ? 'grpc' : 'http',
    scheme: exchange.downstream.request.scheme,
    operation: route?.operation ?? '',
    trace: exchange.forwarded.trace,
    headers: tables.telemetry?.keepsHeaders === true ? headersOf(exchange) : undefined,
  };
};

/** As they went on: with what this proxy added and changed. */
const headersOf = ({ downstream, method, path, authority, answerLines }: ExchangeView): RecordedHeaders => {
  const { editor, request } = downstream;
  const own = [
    [':method', method],
    [':path', path],
    [':authority', authority],
    [':scheme', request.scheme],
  ] as const;
  return { request: new Map([...own, ...readLines(editor.lines())]), response: readLines(answerLines) };
};

const readLines = (lines: string): Map<string, string> => {
  const headers = new Map<string, string>();
  for (const line of lines.split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon < 0) continue;
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before},${value}`);
  }
  return headers;
};

/** This proxy's own id where one of its two connections is mutual TLS. */
const principalOf = ({ place, tables }: ExchangeView, { principal }: SendingView): string => {
  if (place.tls !== undefined) return place.tls.localPrincipal;
  return principal === '' ? '' : tables.node.spiffeId;
};

/** `file:line`, empty for what Istio adds by itself. */
export const originOf = (origin: Origin | undefined): string =>
  origin === undefined ? '' : `${origin.span.file}:${origin.span.line}`;

/** The destination labels of Istio's metrics. */
export const serviceLabels = (service: ServiceRef | undefined) => ({
  destinationService: service?.host ?? '',
  destinationServiceName: service?.name ?? '',
  destinationServiceNamespace: service?.namespace ?? '',
});
