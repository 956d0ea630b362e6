/** A span, and the two forms in JSON in which collectors take spans. */

export interface Span {
  /** Lower-case hex, like the other ids. */
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for the first of a trace. */
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: 'SERVER' | 'CLIENT';
  readonly startMs: number;
  readonly durationMs: number;
  readonly tags: readonly (readonly [name: string, value: string])[];
  readonly isError: boolean;
}

/** Who reports spans. */
export interface SpanSource {
  readonly service: string;
  readonly address: string;
}

/** OpenTelemetry's numbers of kinds. */
export const OTLP_KIND = { SERVER: 2, CLIENT: 3 } as const;
export const OTLP_ERROR = 2;

/** Unix time in nanoseconds, of microseconds' precision. */
export const nanosOf = (ms: number): bigint => BigInt(Math.round(ms * 1000)) * 1000n;

const attribute = ([key, value]: readonly [string, string]) => ({ key, value: { stringValue: value } });

/** The body of `POST /v1/traces` (OTLP over HTTP, in JSON). */
export const otlpJson = ({ service }: SpanSource, spans: readonly Span[]): string =>
  JSON.stringify({
    resourceSpans: [
      {
        resource: { attributes: [attribute(['service.name', service])] },
        scopeSpans: [
          {
            spans: spans.map(({ traceId, spanId, parentSpanId, name, kind, startMs, durationMs, tags, isError }) => ({
              traceId: traceId.padStart(32, '0'),
              spanId,
              ...(parentSpanId === '' ? {} : { parentSpanId }),
              name,
              kind: OTLP_KIND[kind],
              startTimeUnixNano: String(nanosOf(startMs)),
              endTimeUnixNano: String(nanosOf(startMs + durationMs)),
              attributes: tags.map(attribute),
              ...(isError ? { status: { code: OTLP_ERROR } } : {}),
            })),
          },
        ],
      },
    ],
  });

/** The body of `POST /api/v2/spans` (Zipkin). Times are microseconds. */
export const zipkinJson = ({ service, address }: SpanSource, spans: readonly Span[]): string =>
  JSON.stringify(
    spans.map(({ traceId, spanId, parentSpanId, name, kind, startMs, durationMs, tags, isError }) => ({
      traceId,
      id: spanId,
      ...(parentSpanId === '' ? {} : { parentId: parentSpanId }),
      kind,
      name,
      timestamp: Math.round(startMs * 1000),
      duration: Math.max(1, Math.round(durationMs * 1000)),
      localEndpoint: { serviceName: service, ipv4: address },
      tags: Object.fromEntries(isError ? [...tags, ['error', 'true']] : tags),
    })),
  );
