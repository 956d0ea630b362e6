import { describe, expect, it } from 'vitest';
import { renderMetrics } from '../../src/telemetry/exposition.ts';
import { createIstioMetrics } from '../../src/telemetry/istio-metrics.ts';
import { createRegistry } from '../../src/telemetry/registry.ts';
import { sampleRecord } from './sample-record.ts';

const scrape = (...records: readonly (typeof sampleRecord)[]): string => {
  const registry = createRegistry();
  const metrics = createIstioMetrics(registry);
  for (const record of records) metrics.record(record);
  return renderMetrics(registry);
};
const lineOf = (text: string, name: string): string =>
  text.split('\n').find((line) => line.startsWith(`${name}{`)) ?? '';

describe('the standard metrics', () => {
  it('label a request of the source proxy as Istio does', () => {
    expect(lineOf(scrape(sampleRecord), 'istio_requests_total')).toBe(
      'istio_requests_total{reporter="source",source_workload="client",source_canonical_service="client",' +
        'source_canonical_revision="latest",source_workload_namespace="default",' +
        'source_principal="spiffe://cluster.local/ns/default/sa/client",source_app="client",source_version="unknown",' +
        'source_cluster="Kubernetes",destination_workload="reviews-v1",destination_canonical_service="reviews",' +
        'destination_canonical_revision="v1",destination_workload_namespace="default",' +
        'destination_principal="spiffe://cluster.local/ns/default/sa/reviews",destination_app="reviews",' +
        'destination_version="v1",destination_cluster="Kubernetes",' +
        'destination_service="reviews.default.svc.cluster.local",destination_service_name="reviews",' +
        'destination_service_namespace="default",request_protocol="http",response_flags="-",' +
        'connection_security_policy="unknown",response_code="200",grpc_response_status=""} 1',
    );
  });

  it('tell mutual TLS from plaintext at the destination', () => {
    const secured = scrape({ ...sampleRecord, reporter: 'destination', peerPrincipal: 'spiffe://cluster.local/x' });
    expect(lineOf(secured, 'istio_requests_total')).toContain('source_principal="spiffe://cluster.local/x"');
    expect(lineOf(secured, 'istio_requests_total')).toContain('connection_security_policy="mutual_tls"');
    const plain = scrape({ ...sampleRecord, reporter: 'destination' });
    expect(lineOf(plain, 'istio_requests_total')).toContain('source_principal="unknown"');
    expect(lineOf(plain, 'istio_requests_total')).toContain('destination_principal="unknown"');
    expect(lineOf(plain, 'istio_requests_total')).toContain('connection_security_policy="none"');
  });

  it('name no principal at the source when the upstream is plaintext', () => {
    const line = lineOf(scrape({ ...sampleRecord, upstreamPrincipal: '' }), 'istio_requests_total');
    expect(line).toContain('source_principal="unknown"');
    expect(line).toContain('destination_principal="unknown"');
  });

  it('keep series apart by code, flags and gRPC status, also when records alternate', () => {
    const refused = { ...sampleRecord, responseCode: 503, flags: 'UH' };
    const grpc = { ...sampleRecord, requestProtocol: 'grpc' as const, grpcStatus: 7 };
    const text = scrape(sampleRecord, refused, sampleRecord, grpc, refused, refused);
    const values = text
      .split('\n')
      .filter((line) => line.startsWith('istio_requests_total{'))
      .map((line) => `${/response_flags="([^"]*)"/.exec(line)?.[1]} ${/grpc_response_status=.*/.exec(line)?.[0]}`);
    expect(values.sort()).toEqual([
      '- grpc_response_status=""} 2',
      '- grpc_response_status="7"} 1',
      'UH grpc_response_status=""} 3',
    ]);
  });

  it('add duration and sizes to their histograms', () => {
    const text = scrape({ ...sampleRecord, durationMs: 12, bytesReceived: 3, bytesSent: 400 });
    expect(lineOf(text, 'istio_request_duration_milliseconds_sum')).toMatch(/ 12$/);
    expect(lineOf(text, 'istio_request_bytes_sum')).toMatch(/ 3$/);
    expect(lineOf(text, 'istio_response_bytes_sum')).toMatch(/ 400$/);
  });

  it('count TCP connections and their bytes, without response codes', () => {
    const tcp = { ...sampleRecord, requestProtocol: 'tcp' as const, responseCode: 0, bytesReceived: 5, bytesSent: 6 };
    const text = scrape(tcp, tcp);
    expect(lineOf(text, 'istio_tcp_connections_opened_total')).toMatch(/} 2$/);
    expect(lineOf(text, 'istio_tcp_connections_closed_total')).toMatch(/} 2$/);
    expect(lineOf(text, 'istio_tcp_received_bytes_total')).toMatch(/} 10$/);
    expect(lineOf(text, 'istio_tcp_sent_bytes_total')).toMatch(/} 12$/);
    expect(lineOf(text, 'istio_tcp_sent_bytes_total')).not.toContain('response_code');
    expect(text).not.toContain('istio_requests_total{');
  });

  it('survive more distinct codes than are remembered per pair', () => {
    const codes = Array.from({ length: 200 }, (_, i) => ({ ...sampleRecord, responseCode: 200 + i }));
    const text = scrape(...codes, ...codes);
    const counts = text.split('\n').filter((line) => /^istio_requests_total\{.*} 2$/.test(line));
    expect(counts).toHaveLength(200);
  });
});
