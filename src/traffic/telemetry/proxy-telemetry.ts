/** What one proxy tells of its requests, as Telemetries and the mesh configuration want it. */
import type { AccessRecord } from '../../telemetry/access-record.ts';
import type { MetricRules } from '../../telemetry/metric-rules.ts';
import type { TracingRules } from './tracing.ts';

export interface ProxyTelemetry {
  /** Of what it sends, as a client's sidecar or as a gateway. */
  readonly source: SideTelemetry;
  /** Of what it receives for its own workload. */
  readonly destination: SideTelemetry;
  /** Something asks for headers, so records have to keep them. */
  readonly keepsHeaders: boolean;
}

export interface SideTelemetry {
  readonly logs: readonly LogSink[];
  readonly metrics: MetricRules;
  /** Absent: requests are not traced. */
  readonly tracing?: TracingRules;
}

/** One access log: which records are in it, and how they look. */
export interface LogSink {
  /** Name of the extension provider; empty for the mesh configuration's own log. */
  readonly provider: string;
  readonly accepts: (record: AccessRecord) => boolean;
  /** One line with its line feed. */
  readonly print: (record: AccessRecord) => string;
}
