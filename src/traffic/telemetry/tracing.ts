/** Whether a request is traced, and how it tells the next hop. */
import type { AccessRecord, RecordedTrace } from '../../telemetry/access-record.ts';
import { readTraceContext, type TraceFormat, traceHeaders } from '../../telemetry/trace-context.ts';

/** How one side of a proxy traces. */
export interface TracingRules {
  readonly collector: TraceCollector;
  /** What spans call the proxy: `APP.NAMESPACE`. */
  readonly service: string;
  readonly format: TraceFormat;
  /** Of a trace that begins here. */
  readonly traceIdBytes: 8 | 16;
  /** 0..100, of requests that nobody has decided about. */
  readonly samplingPercent: number;
  /** The decision is kept in the request id, so that all hops agree; otherwise every trace that begins here is reported. */
  readonly usesRequestId: boolean;
  /** Callees are told of the trace. */
  readonly propagates: boolean;
  readonly tags: readonly SpanTag[];
  /** The path in `http.url` is cut after so many characters. */
  readonly maxPathLength: number;
}

export interface SpanTag {
  readonly name: string;
  /** Empty: the span has no such tag. */
  readonly read: (record: AccessRecord) => string;
}

/** Where spans go. */
export interface TraceCollector {
  readonly protocol: 'otlp-http' | 'otlp-grpc' | 'zipkin';
  readonly cluster: string;
  readonly host: string;
  /** Of HTTP. */
  readonly path: string;
  /** 0 = none. */
  readonly timeoutMs: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

interface TracedRequest {
  readonly requestId: string;
  /** What the caller's proxy calls the operation; empty without one. */
  readonly decorator: string;
  readonly header: (name: string) => string;
  /** Lower-case hex of so many random bytes. */
  readonly randomHex: (bytes: number) => string;
  /** The proxy makes a span for the request it sends, besides the one for the request it got. */
  readonly splits: boolean;
}

interface TraceDecision {
  readonly trace: RecordedTrace;
  /** It may say now that the request is traced. */
  readonly requestId: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** The place of a request id's version digit, in which Envoy keeps the decision. */
const DECISION_AT = 14;
const SAMPLED = '9';
const CLIENT_FORCED = 'b';
const DECIDED = new Set([SAMPLED, 'a', CLIENT_FORCED]);

/** Decides as Envoy does: by the caller's context, else by the request id, whose number is as good as a draw. */
export const decideTrace = (rules: TracingRules, request: TracedRequest): TraceDecision => {
  const { header, randomHex } = request;
  const requestId = rules.usesRequestId ? decidedId(rules, request) : request.requestId;
  const wanted = !rules.usesRequestId || DECIDED.has(requestId[DECISION_AT] ?? '');
  const parent = readTraceContext(rules.format, header);
  const spanId = randomHex(8);
  const trace: RecordedTrace = {
    traceId: parent?.traceId ?? randomHex(rules.traceIdBytes),
    spanId,
    parentSpanId: parent?.spanId ?? '',
    upstreamSpanId: request.splits ? randomHex(8) : '',
    isSampled: parent?.isSampled ?? wanted,
    decorator: request.decorator,
  };
  return { trace, requestId, headers: rules.propagates ? headersOf(rules, trace) : [] };
};

const headersOf = ({ format }: TracingRules, trace: RecordedTrace): TraceDecision['headers'] =>
  trace.upstreamSpanId === ''
    ? traceHeaders(format, trace, trace.parentSpanId)
    : traceHeaders(format, { ...trace, spanId: trace.upstreamSpanId }, trace.spanId);

const decidedId = ({ samplingPercent }: TracingRules, { requestId, header }: TracedRequest): string => {
  const number = /^[0-9a-f]{8}-/i.test(requestId) ? Number.parseInt(requestId.slice(0, 8), 16) : undefined;
  if (number === undefined || requestId.length !== 36 || DECIDED.has(requestId[DECISION_AT] ?? '')) return requestId;
  const decision =
    header('x-client-trace-id') !== '' ? CLIENT_FORCED : number % 10_000 < samplingPercent * 100 ? SAMPLED : undefined;
  if (decision === undefined) return requestId;
  return requestId.slice(0, DECISION_AT) + decision + requestId.slice(DECISION_AT + 1);
};
