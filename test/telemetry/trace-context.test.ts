import { describe, expect, it } from 'vitest';
import { readTraceContext, type TraceFormat, traceHeaders } from '../../src/telemetry/trace-context.ts';

const T = '0af7651916cd43dd8448eb211c80319c';
const S = 'b7ad6b7169203331';

const read = (format: TraceFormat, headers: Readonly<Record<string, string>>) =>
  readTraceContext(format, (name) => headers[name] ?? '');

describe('the context of a trace', () => {
  it.each([
    ['w3c', { traceparent: `00-${T}-${S}-01` }, true],
    ['w3c', { traceparent: `00-${T}-${S}-00` }, false],
    // A later version may say more.
    ['w3c', { traceparent: `01-${T}-${S}-03-more` }, true],
    ['b3', { 'x-b3-traceid': T, 'x-b3-spanid': S, 'x-b3-sampled': '1' }, true],
    ['b3', { 'x-b3-traceid': T, 'x-b3-spanid': S, 'x-b3-sampled': '0' }, false],
    ['b3', { 'x-b3-traceid': T, 'x-b3-spanid': S, 'x-b3-flags': '1' }, true],
    ['b3', { 'x-b3-traceid': T, 'x-b3-spanid': S }, undefined],
    ['b3', { b3: `${T}-${S}-d` }, true],
    ['b3', { b3: `${T}-${S}-0-05e3ac9a4f6e3b90` }, false],
    ['b3-w3c', { traceparent: `00-${T}-${S}-01` }, true],
  ] as const)('is read as %s from %o', (format, headers, isSampled) => {
    expect(read(format, headers)).toEqual({ traceId: T, spanId: S, isSampled });
  });

  it.each([
    ['w3c', { traceparent: `ff-${T}-${S}-01` }],
    ['w3c', { traceparent: `00-${'0'.repeat(32)}-${S}-01` }],
    ['w3c', { traceparent: `00-${T}-${S}` }],
    ['w3c', { 'x-b3-traceid': T, 'x-b3-spanid': S }],
    ['b3', { traceparent: `00-${T}-${S}-01` }],
    ['b3', { 'x-b3-traceid': 'abc', 'x-b3-spanid': S }],
    ['b3', { b3: '0' }],
  ] as const)('is none as %s in %o', (format, headers) => {
    expect(read(format, headers)).toBeUndefined();
  });

  it.each(['w3c', 'b3', 'b3-w3c'] as const)('comes back from the headers that tell it as %s', (format) => {
    const context = { traceId: T, spanId: S, isSampled: true };
    expect(read(format, Object.fromEntries(traceHeaders(format, context, '')))).toEqual(context);
  });

  it('has a parent in B3, and a trace of 16 bytes in traceparent', () => {
    const short = { traceId: S, spanId: S, isSampled: false };
    expect(Object.fromEntries(traceHeaders('b3-w3c', short, '05e3ac9a4f6e3b90'))).toEqual({
      'x-b3-traceid': S,
      'x-b3-spanid': S,
      'x-b3-parentspanid': '05e3ac9a4f6e3b90',
      'x-b3-sampled': '0',
      traceparent: `00-0000000000000000${S}-${S}-00`,
    });
  });
});
