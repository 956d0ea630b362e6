import type { Histogram } from './histogram.ts';
import type { AnyFamily, Registry } from './registry.ts';

/** The Content-Type a scrape of `renderMetrics` is answered with (Prometheus text exposition format 0.0.4). */
export const expositionContentType = 'text/plain; version=0.0.4; charset=utf-8';

const escapeHelp = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');

const escapeLabel = (text: string): string => escapeHelp(text).replaceAll('"', '\\"');

const formatNumber = (value: number): string =>
  Number.isNaN(value) ? 'NaN' : value === Infinity ? '+Inf' : value === -Infinity ? '-Inf' : String(value);

const formatLabels = (names: readonly string[], values: readonly string[]): string =>
  names.map((name, i) => `${name}="${escapeLabel(values[i] ?? '')}"`).join(',');

const braces = (labels: string): string => (labels === '' ? '' : `{${labels}}`);

const histogramLines = (name: string, labels: string, histogram: Histogram): string => {
  const prefix = labels === '' ? '' : `${labels},`;
  const counts = histogram.cumulative();
  const buckets = counts.map(
    (count, i) => `${name}_bucket{${prefix}le="${formatNumber(histogram.bounds[i] ?? Infinity)}"} ${count}\n`,
  );
  const total = counts.at(-1) ?? 0;
  return `${buckets.join('')}${name}_sum${braces(labels)} ${formatNumber(histogram.sum)}\n${name}_count${braces(labels)} ${total}\n`;
};

const sortedLines = (lines: readonly (readonly [labels: string, text: string])[]): string =>
  [...lines]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, text]) => text)
    .join('');

const seriesLines = ({ kind, family }: AnyFamily): string => {
  if (kind === 'histogram') {
    const lines = [...family.entries()].map(([names, values, histogram]) => {
      const labels = formatLabels(names, values);
      return [labels, histogramLines(family.name, labels, histogram)] as const;
    });
    return sortedLines(lines);
  }
  const lines = [...family.entries()].map(([names, values, metric]) => {
    const labels = formatLabels(names, values);
    return [labels, `${family.name}${braces(labels)} ${formatNumber(metric.value)}\n`] as const;
  });
  return sortedLines(lines);
};

/** Everything a registry holds, in Prometheus' text format; metrics and series are sorted, so equal states print equally. */
export const renderMetrics = (registry: Registry): string =>
  registry
    .families()
    .map(
      (any) =>
        `# HELP ${any.family.name} ${escapeHelp(any.family.help)}\n# TYPE ${any.family.name} ${any.kind}\n${seriesLines(any)}`,
    )
    .join('');
