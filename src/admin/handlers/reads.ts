import { Fault } from '../../base/fault.ts';
import { expositionContentType } from '../../telemetry/exposition.ts';
import type { LocalStatus, LogQuery, TraceReply } from '../protocol.ts';
import { PATHS } from '../protocol.ts';
import type { Route } from '../route.ts';

const wholeNumber = (name: string, text: string | null): number | undefined => {
  if (text === null) return undefined;
  if (!/^\d{1,9}$/.test(text))
    throw new Fault(`${name} must be a whole number`, { kind: 'usage', code: 'BAD_PARAMETER' });
  return Number(text);
};

const logQuery = (query: URLSearchParams): LogQuery => ({
  follow: query.get('follow') === 'true',
  tail: wholeNumber('tail', query.get('tail')),
  workload: query.get('workload') ?? undefined,
});

/** Everything that looks and changes nothing. */
export const READS: readonly Route[] = [
  {
    path: PATHS.health,
    access: 'open',
    answer: async ({ startId }) => ({
      kind: 'json',
      document: { apiVersion: 'heddle/v1', kind: 'Health', status: 'ok', startId },
    }),
  },
  {
    path: PATHS.metrics,
    access: 'open',
    answer: async ({ control }) => ({
      kind: 'text',
      type: expositionContentType,
      text: control.metrics(),
    }),
  },
  {
    path: PATHS.summary,
    access: 'read',
    answer: async ({ control }) => ({ kind: 'json', document: control.summary() }),
  },
  {
    path: PATHS.status,
    access: 'read',
    answer: async ({ control, url }) => {
      const document: LocalStatus = {
        apiVersion: 'heddle/v1',
        kind: 'LocalStatus',
        ...control.status(),
        admin: { url },
      };
      return { kind: 'json', document };
    },
  },
  {
    path: PATHS.curlTarget,
    access: 'read',
    answer: async ({ control, query }) => ({
      kind: 'json',
      document: control.curlTarget(query.get('from') ?? undefined),
    }),
  },
  {
    path: PATHS.trace,
    access: 'read',
    answer: async ({ control, query }) => {
      const document: TraceReply = {
        apiVersion: 'heddle/v1',
        kind: 'Trace',
        items: control.trace(query.get('requestId') ?? ''),
      };
      return { kind: 'json', document };
    },
  },
  {
    path: PATHS.logs,
    access: 'read',
    answer: async ({ control, query, signal }) => ({
      kind: 'lines',
      lines: control.logs(logQuery(query), signal),
    }),
  },
  {
    path: PATHS.tap,
    access: 'read',
    answer: async ({ control, query, signal }) => ({ kind: 'lines', lines: control.tap(logQuery(query), signal) }),
  },
];
