import type { AccessRecord } from '../telemetry/access-record.ts';
import type {
  Binding,
  BindRequest,
  CurlTarget,
  LogLine,
  LogQuery,
  MeshStatus,
  ReloadResult,
  TapEvent,
  UpSummary,
} from './protocol.ts';
import type { ProxyControl } from './proxies.ts';

/** What the admin server may ask of a running mesh. Refusals (no such workload) are thrown as Fault. */
export interface MeshControl {
  summary(): UpSummary;
  status(): MeshStatus;
  /** Reads the input again; resolves when the new configuration is in every proxy, or was refused. */
  reload(): Promise<ReloadResult>;
  /** Begins to stop; answers before it has. */
  stop(): void;
  /** Ends after the past lines unless `follow`; always ends when the signal aborts. */
  logs(query: LogQuery, signal: AbortSignal): AsyncIterable<LogLine>;
  /** The same of requests themselves, without credentials. */
  tap(query: LogQuery, signal: AbortSignal): AsyncIterable<TapEvent>;
  /** `from` is `NAME` or `NAME.NAMESPACE` of a workload with a sidecar; undefined = the built-in client. */
  curlTarget(from: string | undefined): CurlTarget;
  /** What is known so far of the request with this x-request-id, in any order. */
  trace(requestId: string): readonly AccessRecord[];
  bind(request: BindRequest): Promise<Binding>;
  /** Undoes a binding; one that is already gone is no error. */
  unbind(id: string): Promise<void>;
  /** Metrics of every proxy in Prometheus' text exposition format. */
  metrics(): string;
  readonly proxies: ProxyControl;
}
