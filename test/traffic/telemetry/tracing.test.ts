import { describe, expect, it } from 'vitest';
import { spansOf } from '../../../src/traffic/telemetry/spans.ts';
import { decideTrace, type TracingRules } from '../../../src/traffic/telemetry/tracing.ts';
import { sampleRecord } from '../../telemetry/sample-record.ts';
import { compileTelemetry, telemetry, telemetryOf } from './small-telemetry.ts';

const COLLECTOR = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: collector, namespace: shop}
spec:
  hosts: [collector.test]
  location: MESH_EXTERNAL
  resolution: STATIC
  endpoints: [{address: 127.0.0.1}]
  ports: [{number: 4318, name: http, protocol: HTTP}, {number: 9411, name: http-zipkin, protocol: HTTP}]
---`;

const MESH = `extensionProviders:
- name: otel
  opentelemetry: {service: collector.test, port: 4318, http: {path: /v1/traces, timeout: 3s, headers: [{name: X-Key, value: k}]}}
- name: zipkin
  zipkin: {service: shop/collector.test, port: 9411, traceContextOption: USE_B3_WITH_W3C_PROPAGATION}
- name: lost
  zipkin: {service: nowhere.test, port: 9411}
- name: sky
  skywalking: {service: collector.test, port: 4318}
defaultConfig:
  proxyMetadata: {REGION: eu}`;

const compile = (spec: string, mesh = MESH) =>
  compileTelemetry(mesh, COLLECTOR + (spec === '' ? '' : telemetry('shop', 't', `{tracing: [${spec}]}`)));
const sidesOf = async (spec: string, mesh = MESH) => {
  const { source, destination } = telemetryOf(await compile(spec, mesh), 'web');
  return { source: source.tracing, destination: destination.tracing };
};

describe('the tracing of a proxy', () => {
  it('is off where nothing names a provider, or the provider is none for traces', async () => {
    expect(await sidesOf('')).toEqual({ source: undefined, destination: undefined });
    expect((await sidesOf('{randomSamplingPercentage: 100}')).source).toBeUndefined();
    expect((await sidesOf('{providers: [{name: lost}]}')).source).toBeUndefined();
    expect((await sidesOf('{providers: [{name: sky}]}')).source).toBeUndefined();
    expect((await sidesOf('{providers: [{name: otel}], disableSpanReporting: true}')).source).toBeUndefined();
  });

  it('takes the default provider, and the percentage of the proxies', async () => {
    const mesh = `${MESH}\n  tracing: {sampling: 12.5, customTags: {team: {literal: {value: a}}}}\ndefaultProviders: {tracing: [zipkin]}`;
    const { source } = await sidesOf('', mesh);
    expect(source).toMatchObject({ samplingPercent: 12.5, format: 'b3-w3c', service: 'web.shop', traceIdBytes: 16 });
    expect(source?.collector).toEqual({
      protocol: 'zipkin',
      cluster: 'outbound|9411||collector.test',
      host: 'collector.test',
      path: '/api/v2/spans',
      timeoutMs: 5000,
      headers: [],
    });
    expect(source?.tags.map(({ name }) => name)).toContain('team');
  });

  it('is what the entries say, side by side', async () => {
    const { source, destination } = await sidesOf(
      '{match: {mode: CLIENT}, providers: [{name: otel}], randomSamplingPercentage: 50, enableIstioTags: false, useRequestIdForTraceSampling: false}',
    );
    expect(destination).toBeUndefined();
    expect(source).toMatchObject({ samplingPercent: 50, usesRequestId: false, tags: [], format: 'w3c' });
    expect(source?.collector).toMatchObject({
      protocol: 'otlp-http',
      path: '/v1/traces',
      timeoutMs: 3000,
      headers: [['x-key', 'k']],
    });
  });

  it('tags spans with constants, variables, headers and formats', async () => {
    const { source } = await sidesOf(`{providers: [{name: otel}], customTags: {
      a: {literal: {value: x}}, b: {environment: {name: REGION}}, c: {environment: {name: NOPE, defaultValue: d}},
      e: {header: {name: X-User, defaultValue: nobody}}, f: {formatter: {value: "%REQ(:METHOD)%-%RESPONSE_CODE%"}}}}`);
    const headers = { request: new Map([['x-user', 'ann']]), response: new Map() };
    const read = (record: typeof sampleRecord) =>
      Object.fromEntries(
        (source?.tags ?? []).flatMap(({ name, read }) => (name.startsWith('istio.') ? [] : [[name, read(record)]])),
      );
    expect(read({ ...sampleRecord, headers })).toEqual({ a: 'x', b: 'eu', c: 'd', e: 'ann', f: 'GET-200' });
    expect(read(sampleRecord)['e']).toBe('nobody');
  });

  it('comes from the bootstrap where the mesh names a Zipkin and no provider', async () => {
    const mesh = `defaultConfig: {tracing: {zipkin: {address: "collector.test:9411"}, sampling: 100}}`;
    const { source } = await sidesOf('', mesh);
    expect(source).toMatchObject({
      format: 'b3',
      samplingPercent: 100,
      collector: { cluster: 'outbound|9411||collector.test' },
    });
    expect((await sidesOf('', `enableTracing: false\n${mesh}`)).source).toBeUndefined();
  });

  it('says at its line what comes to nothing', async () => {
    const codes = async (spec: string) =>
      (await compile(spec)).problems.map(({ code, span }) => [code, span !== undefined]);
    expect(await codes('{providers: [{name: lost}]}')).toEqual([['PROVIDER_WITHOUT_EFFECT', true]]);
    expect(await codes('{providers: [{name: sky}]}')).toEqual([['PROVIDER_WITHOUT_EFFECT', true]]);
  });
});

const RULES: TracingRules = {
  collector: { protocol: 'otlp-http', cluster: '', host: '', path: '', timeoutMs: 0, headers: [] },
  service: 'web.shop',
  format: 'w3c',
  traceIdBytes: 16,
  samplingPercent: 0,
  usesRequestId: true,
  propagates: true,
  tags: [],
  maxPathLength: 8,
};

// 0x00000000 % 10000 = 0; 0x0000270f = 9999.
const LOWEST = '00000000-1111-4222-8333-444444444444';
const HIGHEST = '0000270f-1111-4222-8333-444444444444';

const decide = (
  rules: Partial<TracingRules>,
  requestId: string,
  headers: Record<string, string> = {},
  splits = false,
) => {
  let drawn = 0;
  return decideTrace(
    { ...RULES, ...rules },
    {
      requestId,
      decorator: '',
      header: (name) => headers[name] ?? '',
      randomHex: (bytes) => {
        drawn += 1;
        return String(drawn).repeat(bytes * 2);
      },
      splits,
    },
  );
};

describe('whether a request is traced', () => {
  it.each([
    [100, HIGHEST, true, '9'],
    [99.99, HIGHEST, false, '4'],
    [0.01, LOWEST, true, '9'],
    [0, LOWEST, false, '4'],
    // Decided by an earlier hop.
    [0, LOWEST.replace('-4', '-9'), true, '9'],
    [0, LOWEST.replace('-4', '-a'), true, 'a'],
    // An id of the client's own has no number.
    [100, 'mine', false, undefined],
  ])('at %d %%, with id %s: %s', (samplingPercent, requestId, isSampled, digit) => {
    const { trace, requestId: after } = decide({ samplingPercent }, requestId);
    expect(trace.isSampled).toBe(isSampled);
    expect(after[14]).toBe(digit);
  });

  it('is the client of the whole mesh to force', () => {
    expect(decide({}, LOWEST, { 'x-client-trace-id': 'x' })).toMatchObject({ trace: { isSampled: true } });
    expect(decide({ usesRequestId: false }, LOWEST)).toMatchObject({ trace: { isSampled: true }, requestId: LOWEST });
  });

  it('follows the caller, whose trace goes on', () => {
    const parent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-00`;
    const { trace, headers } = decide({ samplingPercent: 100 }, LOWEST, { traceparent: parent });
    expect(trace).toMatchObject({ traceId: 'a'.repeat(32), parentSpanId: 'b'.repeat(16), isSampled: false });
    expect(headers).toEqual([['traceparent', `00-${'a'.repeat(32)}-${'1'.repeat(16)}-00`]]);
    expect(decide({ propagates: false }, LOWEST, { traceparent: parent }).headers).toEqual([]);
  });
});

describe('the spans of a request', () => {
  const node = {
    id: 'shop/web-0',
    mode: 'gateway' as const,
    namespace: 'shop',
    pod: 'web-0',
    labels: {},
    address: '10.44.1.1',
    spiffeId: '',
    trustDomain: '',
    locality: '',
    peer: sampleRecord.source,
  };

  it('are one at a sidecar, named by the caller or the route', () => {
    const { trace } = decide({ samplingPercent: 100 }, LOWEST);
    const record = {
      ...sampleRecord,
      trace,
      operation: 'reviews:80/*',
      scheme: 'http',
      path: '/long/and/longer',
      responseCode: 503,
    };
    const [span, ...more] = spansOf(record, RULES, node);
    expect(more).toEqual([]);
    expect(span).toMatchObject({ kind: 'CLIENT', name: 'reviews:80/*', parentSpanId: '', isError: true });
    expect(Object.fromEntries(span?.tags ?? [])).toMatchObject({
      'http.url': 'http://reviews/long/an',
      'http.status_code': '503',
    });
    const inbound = { ...record, reporter: 'destination' as const, trace: { ...trace, decorator: 'given' } };
    expect(spansOf(inbound, RULES, node)).toMatchObject([{ kind: 'SERVER', name: 'given' }]);
    expect(spansOf({ ...record, trace: { ...trace, isSampled: false } }, RULES, node)).toEqual([]);
  });

  it('are two at a gateway, and the callee is told of the second', () => {
    const { trace, headers } = decide({ samplingPercent: 100 }, LOWEST, {}, true);
    const [own, upstream] = spansOf({ ...sampleRecord, trace, attempts: 1 }, RULES, node);
    expect(own?.kind).toBe('SERVER');
    expect(upstream).toMatchObject({ kind: 'CLIENT', parentSpanId: own?.spanId, traceId: own?.traceId });
    expect(headers[0]?.[1]).toContain(upstream?.spanId);
  });
});
