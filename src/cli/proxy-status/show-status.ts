import { type SyncState, worst } from '../../envoy/sync-state.ts';
import type { Context } from '../command.ts';
import { EXIT } from '../exit.ts';
import { printDocument } from '../output.ts';
import { statusDocument } from './status-document.ts';
import { statusTable } from './status-table.ts';
import type { SyncReport } from './sync-source.ts';
import { lostLines, troubleLines } from './trouble.ts';

/** What makes the command fail: `stale` takes in `error`. */
export type FailOn = 'stale' | 'error' | undefined;

/** The part of a report that is about one namespace. */
export const inNamespace = (report: SyncReport, namespace: string | undefined): SyncReport =>
  namespace === undefined
    ? report
    : {
        ...report,
        proxies: report.proxies.filter((proxy) => proxy.namespace === namespace),
        lost: report.lost.filter(({ name }) => name.endsWith(`.${namespace}`)),
      };

const hasState = ({ proxies }: SyncReport, state: SyncState): boolean =>
  proxies.some(({ types }) => worst(types)?.state === state);

/** The exit code of a report; where somebody did not answer, nobody can say that all is well. */
export const exitCodeFor = (report: SyncReport, failOn: FailOn): number => {
  if (failOn === undefined) return EXIT.ok;
  if (hasState(report, 'ERROR')) return EXIT.findings;
  const isLost = report.lost.some(({ phase }) => phase === 'Running');
  if (failOn === 'stale' && (isLost || hasState(report, 'STALE'))) return EXIT.findings;
  return report.faults.length > 0 ? EXIT.unreachable : EXIT.ok;
};

/** What of a report is more than the passing of time. */
export const essence = (report: SyncReport): string =>
  JSON.stringify([
    report.proxies.map(({ name, istiod, types }) => [name, istiod, types.map(({ state, error }) => [state, error])]),
    report.lost,
    report.faults.map(({ message }) => message),
  ]);

/** Prints the states of proxies: the table and what is wrong below it, or the document; who did not answer on stderr. */
export const showStatus = async (context: Context, report: SyncReport, verbosity: number): Promise<void> => {
  const { out, err, format, quiet } = context;
  const shape = { allTypes: format === 'wide' || verbosity > 0, subscribed: format === 'wide' };
  await printDocument(context, statusDocument(report), () => {
    const nowMs = Date.now();
    if (format === 'name') return report.proxies.map(({ name }) => `${name}\n`).join('');
    const notes = [...troubleLines(report.proxies, out.paint, nowMs), ...lostLines(report.lost, out.paint)];
    const below = notes.length === 0 ? '' : `\n${notes.join('\n')}\n`;
    return `${statusTable(report.proxies, shape, out.paint, nowMs)}${below}`;
  });
  for (const fault of report.faults)
    err.line(`${err.paint.yellow('Warning:')} ${fault.message}; proxies connected to it may be missing`);
  if (report.proxies.length === 0 && report.lost.length === 0 && !quiet) err.line('no proxies are connected');
};
