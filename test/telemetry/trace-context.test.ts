import { describe, expect, it } from 'vitest';
import { nextSpan, parseTraceContext, traceHeaders } from '../../src/telemetry/trace-context.ts';

const from = (headers: Readonly<Record<string, string>>) => parseTraceContext((name) => headers[name]);
const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';

describe('the trace context of a caller', () => {
  it('is read from traceparent and tracestate', () => {
    expect(from({ traceparent: `00-${traceId}-${spanId}-01`, tracestate: 'a=b' })).toEqual({
      traceId,
      spanId,
      isSampled: true,
      state: 'a=b',
    });
  });

  it.each([
    `00-${traceId}-${spanId}`,
    `ff-${traceId}-${spanId}-01`,
    `00-${traceId}-${spanId}-01-extra`,
    `00-${'0'.repeat(32)}-${spanId}-01`,
    `00-${traceId.toUpperCase()}-${spanId}-01`,
    '',
  ])('is none when traceparent is malformed: %s', (traceparent) => {
    expect(from({ traceparent })).toBeUndefined();
  });

  it('may come from a later version of the standard with more fields', () => {
    expect(from({ traceparent: `01-${traceId}-${spanId}-00-more` })?.isSampled).toBe(false);
  });

  it('is read from B3, single or multiple headers, short ids included', () => {
    expect(from({ b3: `${spanId}-${spanId}-1` })).toEqual({
      traceId: `${'0'.repeat(16)}${spanId}`,
      spanId,
      isSampled: true,
      state: '',
    });
    expect(from({ 'x-b3-traceid': traceId, 'x-b3-spanid': spanId })?.isSampled).toBeUndefined();
    expect(from({ 'x-b3-traceid': traceId, 'x-b3-spanid': spanId, 'x-b3-flags': '1' })?.isSampled).toBe(true);
    expect(from({ b3: '0' })).toBeUndefined();
  });
});

describe('the next span', () => {
  it('continues the trace and keeps the decision of the caller', () => {
    const parent = { traceId, spanId, isSampled: false, state: 'a=b' };
    const span = nextSpan(parent, () => 0.5, 1);
    expect(span).toEqual({ traceId, spanId: '8000000080000000', isSampled: false, state: 'a=b' });
    expect(traceHeaders(span, parent)).toEqual([
      ['traceparent', `00-${traceId}-8000000080000000-00`],
      ['tracestate', 'a=b'],
      ['x-b3-traceid', traceId],
      ['x-b3-spanid', '8000000080000000'],
      ['x-b3-parentspanid', spanId],
      ['x-b3-sampled', '0'],
    ]);
  });

  it('begins a trace that is never all zeros', () => {
    const span = nextSpan(undefined, () => 0, 0.01);
    expect(span.traceId).toBe(`${'0'.repeat(31)}1`);
    expect(span.isSampled).toBe(true);
    expect(parseTraceContext((name) => new Map(traceHeaders(span, undefined)).get(name))).toEqual(span);
  });
});
