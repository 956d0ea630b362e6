import { setTimeout as wait } from 'node:timers/promises';
import { Fault } from '../../base/fault.ts';
import type { Context } from '../command.ts';
import { EXIT } from '../exit.ts';
import { printFault } from '../report/fault.ts';
import { essence } from './show-status.ts';
import type { SyncReport } from './sync-source.ts';

const EVERY_MS = 2_000;

/** Whether the screen may be cleared: a terminal that takes escape sequences, and a reader who wants them. */
const clearsScreen = ({ io, out, format }: Context): boolean =>
  out.isTty && !['json', 'yaml'].includes(format) && io.env['TERM'] !== 'dumb' && (io.env['NO_COLOR'] ?? '') === '';

/**
 * Asks every two seconds until interrupted, and answers the exit code of that. A terminal shows the newest states; to
 * others they are written one after another, when something else than the ages has changed. A Fault of the first time is
 * thrown, later ones are told.
 */
export const watchStatus = async (
  context: Context,
  ask: () => Promise<SyncReport>,
  show: (report: SyncReport) => Promise<void>,
): Promise<number> => {
  const { out, err, signal, verbose } = context;
  const clears = clearsScreen(context);
  let shown: string | undefined;
  const tell = async (): Promise<void> => {
    const report = await ask();
    const now = essence(report);
    if (!clears && now === shown) return;
    if (clears) out.write('\u001b[2J\u001b[3J\u001b[H');
    else if (shown !== undefined && !['json', 'yaml'].includes(context.format)) out.line();
    await show(report);
    shown = now;
  };
  while (!signal.aborted) {
    try {
      await tell();
    } catch (error) {
      if (signal.aborted) break;
      if (shown === undefined || !(error instanceof Fault)) throw error;
      const message = `fault ${error.message}`;
      if (message !== shown) printFault(error, err, verbose > 0);
      shown = message;
    }
    await wait(EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
  return EXIT.interrupted;
};
