import { randomBytes } from 'node:crypto';
import { decideTrace } from '../../traffic/telemetry/tracing.ts';
import type { ExchangeView } from '../exchange-view.ts';
import type { Forwarded } from '../forwarded-headers.ts';

const randomHex = (bytes: number): string => randomBytes(bytes).toString('hex');

/** Begins or continues the trace of a request, and tells the next hop in its headers. */
export const traceRequest = (
  { tables, place, downstream }: ExchangeView,
  forwarded: Forwarded,
  decorator: string,
): Forwarded => {
  const side = place.direction === 'inbound' ? 'destination' : 'source';
  const rules = tables.telemetry?.[side].tracing;
  if (rules === undefined) return forwarded;
  const { editor } = downstream;
  const { trace, requestId, headers } = decideTrace(rules, {
    requestId: forwarded.requestId,
    decorator,
    header: (name) => editor.valuesOf(name)[0] ?? '',
    randomHex,
    splits: place.direction === 'gateway',
  });
  if (requestId !== forwarded.requestId) editor.set('x-request-id', requestId);
  for (const [name, value] of headers) editor.set(name, value);
  return { ...forwarded, requestId, trace };
};
