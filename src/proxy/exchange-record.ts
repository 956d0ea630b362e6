import type { AccessRecord } from '../telemetry/access-record.ts';
import type { Origin, ServiceRef } from '../traffic/tables.ts';
import type { Exchange } from './exchange.ts';
import { unknownPeer } from './pick.ts';

/** The record of a finished exchange. */
export const recordOf = (exchange: Exchange): AccessRecord => {
  const { place, tables, cluster, endpoint, route } = exchange;
  const { tls } = place;
  const isInbound = place.direction === 'inbound';
  const service = isInbound ? tables.inbound.get(place.port)?.service : cluster?.service;
  const remotePeer = isInbound ? tables.peers.get(place.remoteAddress) : endpoint?.peer;
  return {
    proxy: tables.node.id,
    reporter: isInbound ? 'destination' : 'source',
    startMs: exchange.startMs,
    durationMs: exchange.durationMs,
    protocol: exchange.request.head.minor === 0 ? 'HTTP/1.0' : 'HTTP/1.1',
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
    upstreamServiceTime: exchange.serviceTimeMs < 0 ? '' : String(exchange.serviceTimeMs),
    forwardedFor: exchange.forwarded.forwardedFor,
    userAgent: exchange.userAgent,
    requestId: exchange.forwarded.requestId,
    upstreamHost: exchange.attempts > 0 ? (endpoint?.key ?? '') : '',
    upstreamCluster: cluster?.name ?? '',
    upstreamLocalAddress: exchange.upstreamLocalAddress,
    downstreamLocalAddress: `${place.address}:${place.port}`,
    downstreamRemoteAddress: `${place.remoteAddress}:${place.remotePort}`,
    requestedServerName: tls?.serverName ?? '',
    routeName: route?.name ?? '',
    attempts: exchange.attempts,
    routeOrigin: originOf(exchange.destination?.origin ?? route?.origin),
    deniedBy: exchange.deniedBy,
    tlsVersion: tls?.version ?? '',
    localPrincipal: principalOf(exchange),
    peerPrincipal: tls?.peerPrincipal ?? '',
    upstreamPrincipal: exchange.upstreamPrincipal,
    source: isInbound ? (remotePeer ?? unknownPeer) : tables.node.peer,
    destination: isInbound ? tables.node.peer : (remotePeer ?? unknownPeer),
    ...serviceLabels(service),
    requestProtocol: exchange.isGrpc ? 'grpc' : 'http',
  };
};

/** This proxy's own id where one of its two connections is mutual TLS. */
const principalOf = ({ place, upstreamPrincipal, tables }: Exchange): string => {
  if (place.tls !== undefined) return place.tls.localPrincipal;
  return upstreamPrincipal === '' ? '' : tables.node.spiffeId;
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
