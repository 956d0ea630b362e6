import { describe, expect, it } from 'vitest';
import type { AccessRecord } from '../../../src/telemetry/access-record.ts';
import { renderMetrics } from '../../../src/telemetry/exposition.ts';
import { createIstioMetrics } from '../../../src/telemetry/istio-metrics.ts';
import { createRegistry } from '../../../src/telemetry/registry.ts';
import { sampleRecord } from '../../telemetry/sample-record.ts';
import { compileTelemetry, telemetry, telemetryOf } from './small-telemetry.ts';

/** Lines of series, as a proxy under some Telemetries counts two requests on each of its sides. */
const scrape = async (telemetries: string, record: Partial<AccessRecord> = {}, mesh = '{}') => {
  const rules = telemetryOf(await compileTelemetry(mesh, telemetries), 'web');
  const registry = createRegistry();
  const metrics = createIstioMetrics(registry, ({ reporter }) => rules[reporter].metrics);
  for (const reporter of ['source', 'destination', 'source', 'destination'] as const) {
    metrics.record({ ...sampleRecord, ...record, reporter });
  }
  return renderMetrics(registry)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
};

const of = (lines: readonly string[], name: string, reporter?: string) =>
  lines.filter(
    (line) => line.startsWith(`${name}{`) && (reporter === undefined || line.includes(`reporter="${reporter}"`)),
  );

describe('the metrics of a proxy', () => {
  it('are the standard ones without a Telemetry', async () => {
    const lines = await scrape('');
    expect(of(lines, 'istio_requests_total')).toHaveLength(2);
    expect(of(lines, 'istio_requests_total', 'source')[0]).toMatch(/ 2$/);
  });

  it('lose a metric of one side', async () => {
    const lines = await scrape(
      telemetry(
        'shop',
        'm',
        '{metrics: [{providers: [{name: prometheus}], overrides: [{match: {metric: REQUEST_COUNT, mode: CLIENT}, disabled: true}]}]}',
      ),
    );
    expect(of(lines, 'istio_requests_total', 'source')).toEqual([]);
    expect(of(lines, 'istio_requests_total', 'destination')).toHaveLength(1);
    expect(of(lines, 'istio_request_bytes_count', 'source')).toHaveLength(1);
  });

  it('are off as a whole, and on again where a nearer level overrides anything', async () => {
    const off = telemetry('istio-system', 'off', '{metrics: [{overrides: [{disabled: true}]}]}');
    const on = telemetry('shop', 'on', '{metrics: [{overrides: [{match: {mode: SERVER}, disabled: false}]}]}');
    expect(await scrape(off)).toEqual([]);
    expect(of(await scrape(off + on), 'istio_requests_total')).toEqual([
      expect.stringContaining('reporter="destination"'),
    ]);
  });

  it('have the labels that tag overrides make of them', async () => {
    const spec = `{metrics: [{overrides: [
      {match: {metric: REQUEST_COUNT}, tagOverrides: {host: {value: request.host}, response_code: {operation: REMOVE}}},
      {match: {metric: REQUEST_COUNT, mode: CLIENT}, tagOverrides: {side: {value: "'client'"}, who: {value: 'request.headers["x-who"]'}}}]}]}`;
    const lines = await scrape(telemetry('shop', 'm', spec), { authority: 'reviews' });
    const [source = ''] = of(lines, 'istio_requests_total', 'source');
    expect(source).toContain('host="reviews",side="client",who="unknown"} 2');
    expect(source).not.toContain('response_code');
    const [destination = ''] = of(lines, 'istio_requests_total', 'destination');
    expect(destination).toContain('host="reviews"} 2');
    expect(of(lines, 'istio_request_bytes_count', 'source')[0]).toContain('response_code="200"');
  });

  it('tell apart requests that differ in nothing but a tag', async () => {
    const spec =
      '{metrics: [{overrides: [{match: {metric: REQUEST_COUNT}, tagOverrides: {path: {value: request.url_path}}}]}]}';
    const rules = telemetryOf(await compileTelemetry('{}', telemetry('shop', 'm', spec)), 'web');
    const registry = createRegistry();
    const metrics = createIstioMetrics(registry, ({ reporter }) => rules[reporter].metrics);
    for (const path of ['/a', '/b', '/a']) metrics.record({ ...sampleRecord, path });
    const lines = of(renderMetrics(registry).split('\n'), 'istio_requests_total');
    expect(lines.map((line) => /path="(.*?)".* (\d)$/.exec(line)?.slice(1))).toEqual([
      ['/a', '2'],
      ['/b', '1'],
    ]);
  });

  it('are none where only other providers count', async () => {
    expect(await scrape('', {}, 'defaultProviders: {metrics: [stackdriver]}')).toEqual([]);
    const prometheus = telemetry('shop', 'm', '{metrics: [{providers: [{name: prometheus}]}]}');
    expect(of(await scrape(prometheus, {}, 'defaultProviders: {metrics: []}'), 'istio_requests_total')).toHaveLength(2);
  });
});

describe('what a Telemetry asks of metrics and does not get', () => {
  const codes = async (metrics: string) =>
    (await compileTelemetry('{}', telemetry('shop', 'm', `{metrics: [${metrics}]}`))).problems.map(
      ({ severity, code }) => `${severity} ${code}`,
    );

  it.each([
    ['{reportingInterval: 5s}', 'warning UNSUPPORTED_FIELD'],
    ['{overrides: [{match: {metric: GRPC_REQUEST_MESSAGES}, disabled: true}]}', 'warning UNSUPPORTED_FIELD'],
    ['{overrides: [{match: {customMetric: sales_total}, disabled: true}]}', 'warning UNSUPPORTED_FIELD'],
    ['{providers: [{name: stackdriver}]}', 'warning PROVIDER_WITHOUT_EFFECT'],
    ['{overrides: [{tagOverrides: {a: {value: "request.host +"}}}]}', 'warning EXPRESSION_WITHOUT_VALUE'],
    ['{overrides: [{tagOverrides: {a: {operation: UPSERT}}}]}', 'error INVALID_OBJECT'],
    ['{overrides: [{tagOverrides: {a: {operation: REMOVE, value: b}}}]}', 'error INVALID_OBJECT'],
  ])('%s: %s', async (metrics, expected) => {
    expect(await codes(metrics)).toEqual([expected]);
  });
});
