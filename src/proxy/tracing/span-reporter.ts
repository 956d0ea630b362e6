import type { AccessRecord } from '../../telemetry/access-record.ts';
import { otlpJson, type Span, type SpanSource, zipkinJson } from '../../telemetry/span.ts';
import { reportPermit } from '../../traffic/authorize.ts';
import { spansOf } from '../../traffic/telemetry/spans.ts';
import type { TraceCollector, TracingRules } from '../../traffic/telemetry/tracing.ts';
import { headText } from '../http1/header-editor.ts';
import type { Place } from '../place.ts';
import type { ProxyState } from '../proxy-state.ts';
import { call } from '../upstream/call.ts';
import { otlpMessage } from './otlp-message.ts';

/** Spans kept for a collector until the next report; what comes beyond is lost, as with Envoy's full buffers. */
const MAX_PENDING = 4096;
/** A collector that does not answer must not hold connections for ever. */
const DEFAULT_TIMEOUT_MS = 5_000;

/** Collects the spans of one proxy and sends them, through the proxy's own clusters, to where its tables say. */
export class SpanReporter {
  private readonly state: ProxyState;
  private readonly pending = new Map<TracingRules, Span[]>();

  constructor(state: ProxyState) {
    this.state = state;
  }

  /** On the path of traced requests. */
  add(record: AccessRecord): void {
    const { telemetry, node } = this.state.tables;
    const rules = telemetry?.[record.reporter].tracing;
    if (rules === undefined) return;
    const spans = this.pending.get(rules) ?? [];
    if (spans.length < MAX_PENDING) spans.push(...spansOf(record, rules, node));
    this.pending.set(rules, spans);
  }

  /** Sends what there is; resolves when every collector has answered or does not. */
  async flush(): Promise<void> {
    if (this.pending.size === 0) return;
    const batches = [...this.pending];
    this.pending.clear();
    await Promise.all(batches.map(([rules, spans]) => this.report(rules, spans)));
  }

  private async report({ collector, service }: TracingRules, spans: readonly Span[]): Promise<void> {
    const { tables } = this.state;
    const cluster = tables.clusters.get(collector.cluster);
    if (cluster === undefined || spans.length === 0) return;
    const { node } = tables;
    const body = BODIES[collector.protocol]({ service, address: node.address }, spans);
    await call(this.state, placeOf(node.address), {
      permit: reportPermit,
      cluster,
      isHttp2: collector.protocol === 'otlp-grpc' || cluster.http === 'http2',
      method: 'POST',
      head: requestHead(collector, body.length),
      body,
      timeoutMs: collector.timeoutMs || DEFAULT_TIMEOUT_MS,
    }).reply;
  }
}

type Encode = (source: SpanSource, spans: readonly Span[]) => Buffer;

/** A gRPC message is told by a byte that says it is not compressed, and its length. */
const framed = (message: Buffer): Buffer => {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
};

const BODIES: Readonly<Record<TraceCollector['protocol'], Encode>> = {
  'otlp-http': (source, spans) => Buffer.from(otlpJson(source, spans)),
  'otlp-grpc': (source, spans) => framed(otlpMessage(source, spans)),
  zipkin: (source, spans) => Buffer.from(zipkinJson(source, spans)),
};

const EXPORT = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';

const requestHead = ({ protocol, path, host, headers }: TraceCollector, bytes: number): string => {
  const isGrpc = protocol === 'otlp-grpc';
  const lines = [
    ['host', host],
    ['content-type', isGrpc ? 'application/grpc' : 'application/json'],
    ...(isGrpc ? [['te', 'trailers']] : []),
    ['content-length', String(bytes)],
    ...headers,
  ];
  const text = lines.map(([name = '', value = '']) => `${name}: ${headText(value)}\r\n`).join('');
  return `POST ${isGrpc ? EXPORT : headText(path)} HTTP/1.1\r\n${text}\r\n`;
};

/** The proxy is its own client. */
const placeOf = (address: string): Place => ({
  direction: 'outbound',
  address,
  port: 0,
  remoteAddress: address,
  remotePort: 0,
  tls: undefined,
});
