/** Trace context in headers: W3C's traceparent, and B3 as Zipkin has it. */

/** Where a request stands in its trace; ids in lower-case hex, of 16 or 8 bytes for the trace and 8 for spans. */
export interface TraceContext {
  readonly traceId: string;
  readonly spanId: string;
  /** Undefined where the caller left the decision open. */
  readonly isSampled: boolean | undefined;
}

/** `w3c`: traceparent; `b3`: x-b3 headers; `b3-w3c`: those, and traceparent with them. */
export type TraceFormat = 'w3c' | 'b3' | 'b3-w3c';

const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/;
const B3_SINGLE = /^([0-9a-f]{16}|[0-9a-f]{32})-([0-9a-f]{16})(?:-([01d])(?:-[0-9a-f]{16})?)?$/;
const TRACE_ID = /^(?:[0-9a-f]{16}|[0-9a-f]{32})$/;
const SPAN_ID = /^[0-9a-f]{16}$/;

type Header = (name: string) => string;

/** The caller's context; undefined where there is none, or none that is well-formed. */
export const readTraceContext = (format: TraceFormat, header: Header): TraceContext | undefined => {
  if (format === 'w3c') return readTraceparent(header);
  return readB3(header) ?? (format === 'b3-w3c' ? readTraceparent(header) : undefined);
};

const readTraceparent = (header: Header): TraceContext | undefined => {
  const [whole, traceId = '', spanId = '', flags = ''] = TRACEPARENT.exec(header('traceparent')) ?? [];
  if (whole === undefined) return undefined;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
};

const readB3 = (header: Header): TraceContext | undefined => {
  const [whole, id = '', parent = '', state] = B3_SINGLE.exec(header('b3').toLowerCase()) ?? [];
  if (whole !== undefined)
    return { traceId: id, spanId: parent, isSampled: state === undefined ? undefined : state !== '0' };
  const traceId = header('x-b3-traceid').toLowerCase();
  const spanId = header('x-b3-spanid').toLowerCase();
  if (!TRACE_ID.test(traceId) || !SPAN_ID.test(spanId)) return undefined;
  return { traceId, spanId, isSampled: readSampled(header('x-b3-sampled'), header('x-b3-flags')) };
};

const readSampled = (sampled: string, flags: string): boolean | undefined => {
  if (flags === '1' || sampled === '1' || sampled.toLowerCase() === 'true') return true;
  return sampled === '' ? undefined : false;
};

/** The headers that tell the next hop; `parentSpanId` is empty for the first span of a trace. */
export const traceHeaders = (
  format: TraceFormat,
  { traceId, spanId, isSampled }: TraceContext,
  parentSpanId: string,
): readonly (readonly [name: string, value: string])[] => {
  const traceparent = [
    'traceparent',
    `00-${traceId.padStart(32, '0')}-${spanId}-${isSampled === true ? '01' : '00'}`,
  ] as const;
  if (format === 'w3c') return [traceparent];
  const b3 = [
    ['x-b3-traceid', traceId],
    ['x-b3-spanid', spanId],
    ...(parentSpanId === '' ? [] : [['x-b3-parentspanid', parentSpanId] as const]),
    ['x-b3-sampled', isSampled === true ? '1' : '0'],
  ] as const;
  return format === 'b3' ? b3 : [...b3, traceparent];
};
