import type { Random } from '../base/ports.ts';

/** One span's place in a trace, as it is carried from hop to hop. */
export interface TraceContext {
  /** 32 lower-case hex digits, not all zero. */
  readonly traceId: string;
  /** 16 lower-case hex digits, not all zero: the span that sends the request. */
  readonly spanId: string;
  /** Absent when the caller left the decision to whoever comes next (B3 without a sampling state). */
  readonly isSampled: boolean | undefined;
  /** `tracestate` as received; empty when there is none. */
  readonly state: string;
}

type HeaderOf = (name: string) => string | undefined;

const isId = (text: string | undefined, length: number): text is string =>
  text !== undefined && text.length === length && /^[0-9a-f]+$/.test(text) && /[^0]/.test(text);

/** W3C Trace Context: versions above 00 may carry more fields, `ff` is forbidden. */
const parseTraceparent = (value: string, state: string): TraceContext | undefined => {
  const [version = '', traceId, spanId, traceFlags = '', ...rest] = value.trim().split('-');
  if (!/^[0-9a-f]{2}$/.test(version) || version === 'ff' || (version === '00' && rest.length > 0)) return undefined;
  if (!isId(traceId, 32) || !isId(spanId, 16) || !/^[0-9a-f]{2}$/.test(traceFlags)) return undefined;
  return { traceId, spanId, isSampled: (Number.parseInt(traceFlags, 16) & 1) === 1, state };
};

const b3Sampling = (value: string | undefined): boolean | undefined =>
  value === '1' || value === 'd' || value === 'true' ? true : value === '0' || value === 'false' ? false : undefined;

const b3Context = (trace: string | undefined, span: string | undefined, sampled: boolean | undefined) => {
  // B3 allows ids of 64 bits, which is the same trace with leading zeros.
  const traceId = trace?.toLowerCase().padStart(32, '0');
  const spanId = span?.toLowerCase();
  return isId(traceId, 32) && isId(spanId, 16) ? { traceId, spanId, isSampled: sampled, state: '' } : undefined;
};

const parseB3 = (headerOf: HeaderOf): TraceContext | undefined => {
  const single = headerOf('b3');
  if (single !== undefined) {
    const [trace, span, sampled] = single.trim().split('-');
    return b3Context(trace, span, b3Sampling(sampled));
  }
  const sampled = headerOf('x-b3-flags') === '1' ? true : b3Sampling(headerOf('x-b3-sampled'));
  return b3Context(headerOf('x-b3-traceid'), headerOf('x-b3-spanid'), sampled);
};

/**
 * The caller's place in a trace, from `traceparent` or else B3 (one header or several); undefined when there is none
 * or it is malformed, which both standards ask to treat alike. `headerOf` takes lower-case names.
 */
export const parseTraceContext = (headerOf: HeaderOf): TraceContext | undefined => {
  const traceparent = headerOf('traceparent');
  const context = traceparent === undefined ? undefined : parseTraceparent(traceparent, headerOf('tracestate') ?? '');
  return context ?? parseB3(headerOf);
};

const randomHex = (length: number, random: Random): string => {
  let hex = '';
  while (hex.length < length) {
    hex += Math.floor(random() * 0x1_0000_0000)
      .toString(16)
      .padStart(8, '0');
  }
  // An id of zeros means "none" in both standards.
  return /[^0]/.test(hex) ? hex : hex.replace(/0$/, '1');
};

/**
 * The next span: of the caller's trace when there is one, otherwise the first of a new trace, sampled with
 * probability `samplingShare` (0..1). A caller's decision about sampling is kept.
 */
export const nextSpan = (parent: TraceContext | undefined, random: Random, samplingShare: number): TraceContext => ({
  traceId: parent?.traceId ?? randomHex(32, random),
  spanId: randomHex(16, random),
  isSampled: parent?.isSampled ?? random() < samplingShare,
  state: parent?.state ?? '',
});

/** The headers that carry a span to the next hop, in both standards; names are lower case. */
export const traceHeaders = (
  span: TraceContext,
  parent: TraceContext | undefined,
): readonly (readonly [name: string, value: string])[] => [
  ['traceparent', `00-${span.traceId}-${span.spanId}-${span.isSampled === true ? '01' : '00'}`],
  ...(span.state === '' ? [] : [['tracestate', span.state] as const]),
  ['x-b3-traceid', span.traceId],
  ['x-b3-spanid', span.spanId],
  ...(parent === undefined ? [] : [['x-b3-parentspanid', parent.spanId] as const]),
  ...(span.isSampled === undefined ? [] : [['x-b3-sampled', span.isSampled ? '1' : '0'] as const]),
];
