/** ExportTraceServiceRequest (opentelemetry/proto/collector/trace/v1, trace/v1 and common/v1), by its field numbers. */

import { bytesField, fixed64Field, numberField, textField } from '../../base/protobuf.ts';
import { nanosOf, OTLP_ERROR, OTLP_KIND, type Span, type SpanSource } from '../../telemetry/span.ts';

/** `attributes` is 9 of a span and 1 of a resource. */
const attributeField = (field: number, [key, value]: readonly [string, string]): Buffer =>
  bytesField(field, Buffer.concat([textField(1, key), bytesField(2, bytesField(1, value))]));

/** The message of a report of spans. */
export const otlpMessage = ({ service }: SpanSource, spans: readonly Span[]): Buffer => {
  const resource = bytesField(1, attributeField(1, ['service.name', service]));
  const scope = bytesField(2, Buffer.concat(spans.map((span) => bytesField(2, spanMessage(span)))));
  return bytesField(1, Buffer.concat([resource, scope]));
};

const idField = (field: number, hex: string): Buffer =>
  hex === '' ? Buffer.alloc(0) : bytesField(field, Buffer.from(hex, 'hex'));

const spanMessage = (span: Span): Buffer => {
  const { traceId, spanId, parentSpanId, name, kind, startMs, durationMs, tags, isError } = span;
  return Buffer.concat([
    idField(1, traceId.padStart(32, '0')),
    idField(2, spanId),
    idField(4, parentSpanId),
    textField(5, name),
    numberField(6, OTLP_KIND[kind]),
    fixed64Field(7, nanosOf(startMs)),
    fixed64Field(8, nanosOf(startMs + durationMs)),
    ...tags.map((tag) => attributeField(9, tag)),
    ...(isError ? [bytesField(15, numberField(3, OTLP_ERROR))] : []),
  ]);
};
