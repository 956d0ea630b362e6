import type { Peer } from './peer.ts';

/**
 * One finished request (or TCP connection) at one proxy: what Envoy's access log can print, before any formatting.
 * Empty strings stand for absent values and print as `-`.
 */
export interface AccessRecord {
  /** The proxy's pod, `NAMESPACE/POD`. */
  readonly proxy: string;
  readonly reporter: 'source' | 'destination';
  readonly startMs: number;
  readonly durationMs: number;
  readonly protocol: string;
  readonly method: string;
  /** As received, before a rewrite (x-envoy-original-path). */
  readonly path: string;
  readonly authority: string;
  /** 0 when nothing was answered. */
  readonly responseCode: number;
  /** The grpc-status of a gRPC answer, from its trailers or (trailers-only) its headers; absent otherwise. */
  readonly grpcStatus?: number | undefined;
  /** `-` or Envoy's flags joined by commas: `UH`, `URX,UF`. */
  readonly flags: string;
  /** `via_upstream`, `route_not_found`, `no_healthy_upstream`, ... */
  readonly details: string;
  readonly connectionTerminationDetails: string;
  readonly upstreamFailure: string;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  readonly upstreamServiceTime: string;
  readonly forwardedFor: string;
  readonly userAgent: string;
  readonly requestId: string;
  readonly upstreamHost: string;
  readonly upstreamCluster: string;
  readonly upstreamLocalAddress: string;
  readonly downstreamLocalAddress: string;
  readonly downstreamRemoteAddress: string;
  readonly requestedServerName: string;
  readonly routeName: string;
  /** Requests sent upstream, first try included. */
  readonly attempts: number;
  /** `file:line` of the rule that decided, empty where Istio's own default did. */
  readonly routeOrigin: string;
  /** What denied it: `AuthorizationPolicy NAMESPACE/NAME file:line`, or that no ALLOW policy matched; absent when allowed. */
  readonly deniedBy?: string | undefined;
  readonly tlsVersion: string;
  /** SPIFFE ids of the TLS connection this record's proxy took part in; empty for plaintext. */
  readonly localPrincipal: string;
  readonly peerPrincipal: string;
  /** The other connection: towards the upstream, for reporter=source. */
  readonly upstreamPrincipal: string;
  readonly source: Peer;
  readonly destination: Peer;
  readonly destinationService: string;
  readonly destinationServiceName: string;
  readonly destinationServiceNamespace: string;
  readonly requestProtocol: 'http' | 'grpc' | 'tcp';
  /** Only where a log, a metric or a filter asks for headers. */
  readonly headers?: RecordedHeaders | undefined;
  /** Absent where requests are not traced. */
  readonly trace?: RecordedTrace | undefined;
  /** The scheme of the request, and the operation that its route names; absent without HTTP. */
  readonly scheme?: string;
  readonly operation?: string;
}

/** The place of a request in its trace; ids in lower-case hex. */
export interface RecordedTrace {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for the first span. */
  readonly parentSpanId: string;
  /** Of the request that the proxy sent; empty where that is no span of its own. */
  readonly upstreamSpanId: string;
  readonly isSampled: boolean;
  /** What the caller's proxy calls the operation. */
  readonly decorator: string;
}

/** By lower-case name, values of several lines joined by commas; the request's pseudo-headers are among them. */
export interface RecordedHeaders {
  readonly request: ReadonlyMap<string, string>;
  readonly response: ReadonlyMap<string, string>;
}
