import type { Context } from '../command.ts';

/** Shows that something takes time, where a person watches: never in a pipe, in CI or with --quiet. */
export const withSpinner = async <T>(context: Context, text: string, work: () => Promise<T>): Promise<T> => {
  const { err, io, quiet } = context;
  // Without a width the spinner would count lines for ever.
  if (quiet || !err.isTty || io.stderr.columns === undefined || (io.env['CI'] ?? '') !== '') return work();
  const { default: ora } = await import('ora');
  // discardStdin would switch the terminal to raw mode and take Ctrl-C away from the process.
  const spinner = ora({ text, discardStdin: false }).start();
  try {
    return await work();
  } finally {
    spinner.stop();
  }
};
