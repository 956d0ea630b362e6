import type { Problem } from '../base/problem.ts';
import { type AccessLog, compileAccessLog } from '../telemetry/access-log.ts';
import type { AccessRecord } from '../telemetry/access-record.ts';
import { renderMetrics } from '../telemetry/exposition.ts';
import { createIstioMetrics } from '../telemetry/istio-metrics.ts';
import { createRegistry } from '../telemetry/registry.ts';
import type { CompiledMesh } from '../traffic/compile/world.ts';
import type { AccessLogSettings } from '../traffic/tables.ts';
import type { AccessLogFile } from './access-log-file.ts';
import type { Journal } from './journal.ts';

/** Where every finished request of every proxy goes: memory, metrics and the access log. */
export interface Recorder {
  /** On every request's path. */
  record(record: AccessRecord): void;
  /** Takes over which proxies log, and how; the problems are those of the formats. */
  use(compiled: CompiledMesh): readonly Problem[];
  /** The line a record has, or would have, in the log of its proxy. */
  format(record: AccessRecord): string;
  /** All metrics in Prometheus' text format. */
  metrics(): string;
}

const ISTIO_DEFAULT: AccessLogSettings = { enabled: true, encoding: 'TEXT', format: '' };

export const createRecorder = (journal: Journal, file: AccessLogFile | undefined): Recorder => {
  const registry = createRegistry();
  const metrics = createIstioMetrics(registry);
  const fallback = compileAccessLog(ISTIO_DEFAULT);
  let formats: ReadonlyMap<string, AccessLog> = new Map();
  let enabled: ReadonlySet<string> = new Set();
  const format = (record: AccessRecord): string => (formats.get(record.proxy) ?? fallback).format(record);
  return {
    record(record) {
      journal.add(record);
      metrics.record(record);
      if (file !== undefined && enabled.has(record.proxy)) file.add(format(record));
    },
    use({ proxies }) {
      // Proxies of a mesh nearly always share one format: compile it once.
      const compiled = new Map<string, AccessLog>();
      const logOf = ({ encoding, format: text }: AccessLogSettings): AccessLog => {
        const key = `${encoding} ${text}`;
        const log = compiled.get(key) ?? compileAccessLog({ encoding, format: text });
        compiled.set(key, log);
        return log;
      };
      formats = new Map([...proxies].map(([key, tables]) => [key, logOf(tables.accessLog)]));
      enabled = new Set([...proxies].flatMap(([key, tables]) => (tables.accessLog.enabled ? [key] : [])));
      return [...compiled.values()].flatMap((log) => log.problems);
    },
    format,
    metrics: () => renderMetrics(registry),
  };
};
