import type { TapEvent } from '../../admin/protocol.ts';
import { escapeControls } from '../../telemetry/access-log.ts';
import { renderTable } from '../table.ts';
import { targetOf } from './tap-line.ts';

/** How one kind of request fares. Times in milliseconds. */
export interface TopRow {
  readonly source: string;
  readonly destination: string;
  readonly method: string;
  /** Without its query. */
  readonly path: string;
  readonly count: number;
  readonly best: number;
  readonly p50: number;
  readonly p95: number;
  readonly worst: number;
  readonly last: number;
  /** Share of answers below 500, 0..1; a request without any answer counts as failed. */
  readonly success: number;
}

interface Seen {
  readonly of: Pick<TopRow, 'source' | 'destination' | 'method' | 'path'>;
  readonly durations: number[];
  failed: number;
}

/** Times remembered of each row: enough for its percentiles. */
const MAX_DURATIONS = 1_000;

/** Counts events by who asks whom for what; call `rows` at any time. */
export const createTop = () => {
  const seen = new Map<string, Seen & { count: number; best: number; worst: number; last: number }>();
  return {
    add(event: TapEvent): void {
      const [path = ''] = event.path.split('?', 1);
      const { workload } = event.source;
      const source = workload === 'unknown' || workload === '' ? 'outside' : `${workload}.${event.source.namespace}`;
      const of = { source, destination: targetOf(event), method: event.method || event.protocol, path };
      const key = JSON.stringify(of);
      const { durationMs } = event;
      const row = seen.get(key) ?? { of, durations: [], failed: 0, count: 0, best: durationMs, worst: 0, last: 0 };
      row.durations[row.count % MAX_DURATIONS] = durationMs;
      row.count += 1;
      row.best = Math.min(row.best, durationMs);
      row.worst = Math.max(row.worst, durationMs);
      row.last = durationMs;
      if (event.status >= 500 || (event.status === 0 && event.protocol !== 'TCP')) row.failed += 1;
      seen.set(key, row);
    },
    /** The most frequent first. */
    rows: (): readonly TopRow[] =>
      [...seen.values()]
        .map(({ of, durations, failed, count, best, worst, last }) => {
          const sorted = durations.toSorted((left, right) => left - right);
          const [p50, p95] = [percentile(sorted, 0.5), percentile(sorted, 0.95)];
          return { ...of, count, best, p50, p95, worst, last, success: 1 - failed / count };
        })
        .sort((left, right) => right.count - left.count),
  };
};

const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;

const HEADERS = ['SOURCE', 'DESTINATION', 'METHOD', 'PATH', 'COUNT', 'BEST', 'P50', 'P95', 'WORST', 'LAST', 'SUCCESS'];

const ms = (value: number): string => `${value < 10 ? value.toFixed(1) : Math.round(value)}ms`;

/** The rows as a table of at most `limit` of them. */
export const topTable = (rows: readonly TopRow[], limit: number): string =>
  renderTable(
    HEADERS,
    rows
      .slice(0, limit)
      .map(({ source, destination, method, path, count, best, p50, p95, worst, last, success }) => [
        source,
        destination,
        escapeControls(method),
        escapeControls(path),
        String(count),
        ...[best, p50, p95, worst, last].map(ms),
        `${(success * 100).toFixed(success === 1 ? 0 : 1)}%`,
      ]),
  );
