import { Fault } from '../../base/fault.ts';
import { STDIN } from '../../input/read.ts';
import { watchSources } from '../../input/watch.ts';
import type { Context } from '../command.ts';
import { EXIT } from '../exit.ts';
import { faultDocument, printFault } from '../report/fault.ts';
import type { Settings } from './settings.ts';

/** Formats that can follow one another in one stream; the others are one document each. */
const STREAMABLE = new Set(['pretty', 'concise', 'log', 'json', 'json-compat', 'github']);

const refuse = (message: string, hint: string): Fault =>
  new Fault(message, { kind: 'usage', code: 'CONFLICTING_FLAGS', hint });

/** Throws a usage Fault for what cannot be repeated. */
export const checkWatchable = ({ paths, outputs }: Settings, changesBaseline: boolean): void => {
  if (changesBaseline) throw refuse('--watch does not change a baseline', 'run once without --watch');
  if (paths.includes(STDIN)) throw refuse('--watch cannot watch standard input', 'name files or directories');
  const whole = outputs.find(({ format, file }) => file === undefined && !STREAMABLE.has(format));
  if (whole !== undefined)
    throw refuse(
      `-o ${whole.format} is one document and cannot be repeated on standard output`,
      `give it a file, which every run replaces: -o ${whole.format}=FILE`,
    );
};

/** One run of a watched command. */
export interface Watched {
  /** Everything whose change is to start the next run, the inputs and the files that say what to do with them. */
  readonly paths: readonly string[];
  readonly isExcluded: (path: string) => boolean;
  run(): Promise<unknown>;
}

/** Whether the screen may be cleared: a terminal that takes escape sequences, and a reader who wants them. */
const clearsScreen = ({ io, out }: Context): boolean =>
  out.isTty && io.env['TERM'] !== 'dumb' && (io.env['NO_COLOR'] ?? '') === '';

const tell = (error: unknown, { err, out, outputs, verbose }: Context): void => {
  if (!(error instanceof Fault)) throw error;
  if (outputs.some(({ format, file }) => file === undefined && format.startsWith('json')))
    out.write(`${JSON.stringify(faultDocument(error))}\n`);
  printFault(error, err, verbose > 0);
};

/** Waits for one change: `ready` when none will be missed, `ended` at the change, the abort signal or `close`. */
const nextChange = ({ paths, isExcluded }: Watched, { io, signal }: Context) => {
  let close = (): void => undefined;
  const closed = new Promise<void>((resolve) => {
    close = resolve;
  });
  const watch = watchSources(paths, close, io.cwd, isExcluded);
  signal.addEventListener('abort', close);
  const ended = closed.then(() => {
    watch.close();
    signal.removeEventListener('abort', close);
  });
  return { ready: watch.ready, ended, close };
};

/**
 * Runs at once and after every change until interrupted, and answers the exit code of that. `plan` is asked anew before
 * each run, as the configuration may have changed; a Fault of the first plan or run is thrown, later ones are told.
 */
export const runAndWatch = async (context: Context, plan: () => Promise<Watched>): Promise<number> => {
  const { signal, out, err, quiet } = context;
  let watched = await plan();
  let isFirst = true;
  while (!signal.aborted) {
    const next = nextChange(watched, context);
    try {
      // Read after the watch is armed, so that no change is missed.
      await next.ready;
      const before = watched;
      watched = await plan();
      if (watched.paths.join('\n') !== before.paths.join('\n')) {
        next.close();
        continue;
      }
      if (clearsScreen(context)) out.write('\u001b[2J\u001b[3J\u001b[H');
      await watched.run();
    } catch (error) {
      if (isFirst) next.close();
      if (isFirst) throw error;
      tell(error, context);
    }
    isFirst = false;
    if (err.isTty && !quiet) err.line('waiting for changes, until Ctrl-C');
    await next.ended;
  }
  return EXIT.interrupted;
};
