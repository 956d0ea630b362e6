/**
 * Every request and reply of the admin API, version 1. Paths under `/v1/` change only by addition; documents carry the
 * same envelope as the command line's machine output, so a reply can be printed as it is.
 */
import type { FaultKind } from '../base/fault.ts';
import type { Problem } from '../base/problem.ts';
import type { AccessRecord } from '../telemetry/access-record.ts';

/** The envelope of every document. */
interface Envelope<K extends string> {
  readonly apiVersion: 'heddle/v1';
  readonly kind: K;
}

/** A socket of this machine. */
interface SocketEndpoint {
  readonly host: string;
  readonly port: number;
}

// ---- status

export interface WorkloadStatus {
  readonly kind: 'Workload';
  readonly namespace: string;
  readonly name: string;
  /** The `version` label; empty when there is none. */
  readonly version: string;
  readonly replicas: number;
  readonly ready: number;
  readonly sidecar: { readonly injected: boolean; readonly reason: string };
  /** Whether heddle answers in place of the image; false when a real process is bound. */
  readonly standIn: boolean;
  /** What answers, for a person: `http-echo stand-in for hashicorp/http-echo`, `process at 127.0.0.1:3000`. */
  readonly application: string;
  /** Sockets (`IP:PORT`) of the inbound listeners of every replica; the application's own without a sidecar. */
  readonly inbound: readonly string[];
  readonly serviceAccount: string;
  /** Empty without a sidecar. */
  readonly spiffeId: string;
  /** Why not every replica is ready; absent when all are. */
  readonly notReady?: string;
}

export interface ServiceStatus {
  readonly namespace: string;
  readonly name: string;
  readonly ports: readonly { readonly name: string; readonly port: number; readonly protocol: string }[];
  /** Where a browser or curl on this machine reaches it; empty when no port speaks HTTP. */
  readonly url: string;
}

export interface GatewayStatus {
  readonly namespace: string;
  readonly name: string;
  /** Of its plain HTTP where it has any, else of its TLS; empty while it serves neither. */
  readonly url: string;
  /** Of its TLS where it has plain HTTP too. */
  readonly tlsUrl?: string;
}

/** What the mesh knows of itself; the server adds its own address. */
export interface MeshStatus {
  readonly items: readonly WorkloadStatus[];
  readonly services: readonly ServiceStatus[];
  readonly gateways: readonly GatewayStatus[];
}

/** `heddle local status -o json`. */
export interface LocalStatus extends Envelope<'LocalStatus'>, MeshStatus {
  readonly admin: { readonly url: string };
}

// ---- what `up` says first

export interface NamespaceSummary {
  readonly name: string;
  readonly injection: boolean;
  /** `label istio-injection=enabled`, `no injection label`, ... */
  readonly reason: string;
}

export interface WorkloadSummary {
  /** `Deployment`, `StatefulSet`, `Pod`, ... */
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly replicas: number;
  readonly sidecar: { readonly injected: boolean; readonly reason: string };
}

/** A container whose image is not run. */
export interface StandInSummary {
  readonly namespace: string;
  readonly workload: string;
  readonly container: string;
  readonly image: string;
}

/** What a person wants to read once after start, in input order. */
export interface UpSummary extends Envelope<'LocalSummary'> {
  readonly namespaces: readonly NamespaceSummary[];
  readonly workloads: readonly WorkloadSummary[];
  readonly services: readonly ServiceStatus[];
  readonly gateways: readonly GatewayStatus[];
  readonly standIns: readonly StandInSummary[];
  /** Warnings of the input: valid, but not supported or not what it seems. */
  readonly problems: readonly Problem[];
}

// ---- the other replies

export interface ReloadResult extends Envelope<'LocalReload'> {
  /** False when the input has errors: the last good configuration stays. */
  readonly applied: boolean;
  readonly generation: number;
  /** One line per difference, for a person: `VirtualService default/reviews changed`. */
  readonly changed: readonly string[];
  readonly problems: readonly Problem[];
}

/** How `local curl` and `local run` reach a workload's sidecar. */
export interface CurlTarget extends Envelope<'CurlTarget'> {
  /** Outbound listener; takes absolute-form requests, as HTTP_PROXY means it. */
  readonly proxy: SocketEndpoint;
  readonly workload: string;
  readonly namespace: string;
}

/** A process of this machine that takes the place of a workload's stand-in. */
export interface BindRequest {
  /** `NAME` or `NAME.NAMESPACE` of a workload, or of a service with one workload. */
  readonly app: string;
  readonly port: number;
}

/** Undone when it is asked for, and when whoever asked is gone. */
export interface Binding extends Envelope<'Binding'> {
  /** Names the binding when it is undone. */
  readonly id: string;
  readonly workload: string;
  readonly namespace: string;
  /** Outbound listener of the workload's sidecar, for the process's HTTP_PROXY. */
  readonly proxy: SocketEndpoint;
  readonly spiffeId: string;
}

export interface UnbindRequest {
  readonly id: string;
}

/** Records of one request at every proxy it met, in no promised order. */
export interface TraceReply extends Envelope<'Trace'> {
  readonly items: readonly AccessRecord[];
}

export interface LogQuery {
  readonly follow: boolean;
  /** Lines of the past per mesh, newest kept; undefined = all that is remembered. */
  readonly tail: number | undefined;
  /** Only proxies of this workload (`NAME` or `NAME.NAMESPACE`). */
  readonly workload: string | undefined;
}

/** One access-log line; travels as one line of JSON. */
export interface LogLine {
  /** `POD.NAMESPACE` of the proxy that wrote it. */
  readonly proxy: string;
  readonly text: string;
}

/** One finished request or connection at one proxy; travels as one line of JSON. Credentials are left out. */
export interface TapEvent {
  /** When it began, ISO 8601. */
  readonly time: string;
  /** `POD.NAMESPACE` of the proxy that saw it. */
  readonly proxy: string;
  /** The caller's proxy or the one that was called. */
  readonly side: 'source' | 'destination';
  readonly source: { readonly workload: string; readonly namespace: string };
  readonly destination: { readonly workload: string; readonly namespace: string; readonly service: string };
  /** `HTTP/1.1`, `HTTP/2`, `TCP`. */
  readonly protocol: string;
  readonly method: string;
  readonly authority: string;
  readonly path: string;
  /** 0 when nothing was answered. */
  readonly status: number;
  readonly grpcStatus?: number;
  readonly flags: string;
  readonly details: string;
  readonly durationMs: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  readonly requestId: string;
  readonly upstreamHost: string;
  readonly upstreamCluster: string;
  readonly route: string;
  /** `file:line` of the rule that decided; empty where Istio's own default did. */
  readonly routeOrigin: string;
  readonly isMutualTls: boolean;
  readonly deniedBy?: string;
  /** Only where a log or a metric asks for headers. */
  readonly requestHeaders?: Readonly<Record<string, string>>;
  readonly responseHeaders?: Readonly<Record<string, string>>;
}

export interface Accepted extends Envelope<'Accepted'> {}

/** Any refusal; `fault` lets the client throw what the mesh threw. */
export interface ErrorReply {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly hint?: string;
    readonly fault?: FaultKind;
  };
}

/** Paths; everything under `/v1/` wants the token, and POST wants JSON. */
export const PATHS = {
  health: '/healthz',
  metrics: '/stats/prometheus',
  summary: '/v1/summary',
  status: '/v1/status',
  logs: '/v1/logs',
  tap: '/v1/tap',
  curlTarget: '/v1/curl-target',
  trace: '/v1/trace',
  reload: '/v1/reload',
  stop: '/v1/stop',
  bind: '/v1/bind',
  unbind: '/v1/unbind',
} as const;
