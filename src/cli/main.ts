import { dispatch } from './dispatch.ts';
import { exitNow, exitSoon, processIo, signalExitCode, watchProcess } from './io.ts';

/** Runs one command line (without `node` and the script) to its exit code; never throws. */
export const main = async (argv: readonly string[]): Promise<number> => {
  const io = processIo();
  const controller = new AbortController();
  let cleansUp = false;
  let interruptedAs: number | undefined;
  const interrupt = (exitCode: number, reason: string): void => {
    interruptedAs ??= exitCode;
    controller.abort(reason);
    if (!cleansUp) exitNow(exitCode);
  };
  watchProcess({
    onSignal: (signal) => interrupt(signalExitCode(signal), signal),
    onBrokenPipe: () => interrupt(0, 'SIGPIPE'),
    onBug: async (error) => exitNow(await (await import('./run.ts')).reportBug(error, argv, io)),
  });
  const result = await dispatch(argv, io, {
    signal: controller.signal,
    takeOver: () => {
      cleansUp = true;
    },
  });
  const code = interruptedAs ?? result;
  // A command that cleaned up leaves nothing open; if something stays open all the same, it must not keep the shell.
  if (cleansUp) exitSoon(code);
  return code;
};
