import { describe, expect, it } from 'vitest';
import { renderMetrics } from '../../src/telemetry/exposition.ts';
import { envoyBuckets, Histogram } from '../../src/telemetry/histogram.ts';
import { createRegistry } from '../../src/telemetry/registry.ts';

describe('the registry', () => {
  it('answers the same series for the same label values', () => {
    const family = createRegistry().counter('a_total', 'A.', ['x', 'y']);
    family.series(['1', '2']).add(3);
    family.series(['1', '2']).add(4);
    expect(family.series(['1', '2']).value).toBe(7);
    expect(family.series(['1,2', '']).value).toBe(0);
  });

  it('refuses one name as two kinds', () => {
    const registry = createRegistry();
    registry.counter('a', 'A.', []);
    expect(() => registry.gauge('a', 'A.', [])).toThrow(TypeError);
  });

  it('lets label sets beyond the limit share one series and counts the refusals', () => {
    const registry = createRegistry(2);
    const family = registry.counter('a_total', 'A.', ['x']);
    for (const x of ['1', '2', '3', '4']) family.series([x]).add(1);
    expect(renderMetrics(registry)).toContain('a_total{x="1"} 1\na_total{x="2"} 1\na_total{x="overflow"} 2\n');
    expect(renderMetrics(registry)).toContain('heddle_telemetry_series_overflow_total{metric="a_total"} 2\n');
  });
});

describe('the exposition', () => {
  it('sorts metrics and series, whatever the order they came in', () => {
    const registry = createRegistry();
    registry.gauge('b', 'B.', []).series([]).set(-1.5);
    const a = registry.counter('a_total', 'A.', ['x']);
    a.series(['2']).add(1);
    a.series(['1']).add(2);
    expect(renderMetrics(registry)).toBe(
      '# HELP a_total A.\n# TYPE a_total counter\na_total{x="1"} 2\na_total{x="2"} 1\n# HELP b B.\n# TYPE b gauge\nb -1.5\n',
    );
  });

  it('escapes what would end a label, a help text or a line', () => {
    const registry = createRegistry();
    registry.gauge('a', 'one\ntwo \\ "three"', ['x']).series(['q"b\\n\nend']).set(Number.POSITIVE_INFINITY);
    expect(renderMetrics(registry)).toBe(
      '# HELP a one\\ntwo \\\\ "three"\n# TYPE a gauge\na{x="q\\"b\\\\n\\nend"} +Inf\n',
    );
  });

  it('prints histograms with cumulative buckets, sum and count', () => {
    const registry = createRegistry();
    const series = registry.histogram('h', 'H.', ['x'], [1, 10]).series(['v']);
    for (const value of [0.5, 1, 5, 100]) series.observe(value);
    expect(renderMetrics(registry)).toBe(
      '# HELP h H.\n# TYPE h histogram\nh_bucket{x="v",le="1"} 2\nh_bucket{x="v",le="10"} 3\n' +
        'h_bucket{x="v",le="+Inf"} 4\nh_sum{x="v"} 106.5\nh_count{x="v"} 4\n',
    );
  });
});

describe('a histogram', () => {
  it('interpolates quantiles inside a bucket', () => {
    const histogram = new Histogram([10, 20]);
    for (let i = 0; i < 10; i++) histogram.observe(15);
    expect(histogram.quantile(0.5)).toBe(15);
    expect(histogram.quantile(1)).toBe(20);
  });

  it('answers the last bound for quantiles beyond it and NaN without observations', () => {
    const histogram = new Histogram([10]);
    expect(histogram.quantile(0.5)).toBeNaN();
    histogram.observe(11);
    expect(histogram.quantile(0.5)).toBe(10);
  });

  it('has the nineteen bounds of Envoy in ascending order', () => {
    expect(envoyBuckets).toHaveLength(19);
    expect([...envoyBuckets].sort((a, b) => a - b)).toEqual(envoyBuckets);
  });
});
