import { compileAccessLog } from '../telemetry/access-log.ts';
import type { AccessRecord } from '../telemetry/access-record.ts';
import { renderMetrics } from '../telemetry/exposition.ts';
import { createIstioMetrics } from '../telemetry/istio-metrics.ts';
import { createRegistry } from '../telemetry/registry.ts';
import type { CompiledMesh } from '../traffic/compile/world.ts';
import type { LogSink, SideTelemetry } from '../traffic/telemetry/proxy-telemetry.ts';
import type { AccessLogFile } from './access-log-file.ts';
import type { Journal } from './journal.ts';

/** Where every finished request of every proxy goes: memory, metrics and the access log. */
export interface Recorder {
  /** On every request's path. */
  record(record: AccessRecord): void;
  /** Takes over which proxies log and count what. */
  use(compiled: CompiledMesh): void;
  /** The line a record has, or would have, in the log of its proxy. */
  format(record: AccessRecord): string;
  /** All metrics in Prometheus' text format. */
  metrics(): string;
}

const NO_LOGS: readonly LogSink[] = [];

export const createRecorder = (journal: Journal, file: AccessLogFile | undefined): Recorder => {
  const registry = createRegistry();
  const fallback = compileAccessLog({ encoding: 'TEXT', format: '' });
  let proxies: CompiledMesh['proxies'] = new Map();
  const sideOf = (record: AccessRecord): SideTelemetry | undefined =>
    proxies.get(record.proxy)?.telemetry?.[record.reporter];
  const metrics = createIstioMetrics(registry, (record) => sideOf(record)?.metrics);
  return {
    record(record) {
      journal.add(record);
      metrics.record(record);
      if (file === undefined) return;
      for (const { accepts, print } of sideOf(record)?.logs ?? NO_LOGS) if (accepts(record)) file.add(print(record));
    },
    use(compiled) {
      proxies = compiled.proxies;
    },
    format: (record) => (sideOf(record)?.logs[0]?.print ?? fallback.format)(record),
    metrics: () => renderMetrics(registry),
  };
};
