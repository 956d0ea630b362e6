import { groupHelp, rootHelp } from './help.ts';
import { exitNow, processIo, signalExitCode, watchProcess } from './io.ts';
import { clientVersion } from './package.ts';
import { resolveIntent } from './resolve.ts';

/**
 * Runs one command line (without `node` and the script) to its exit code; never throws. Help and version are answered
 * from the table alone: no command, no parser and no YAML is loaded for them.
 */
export const main = async (argv: readonly string[]): Promise<number> => {
  const io = processIo();
  const controller = new AbortController();
  let cleansUp = false;
  let interruptedAs: number | undefined;
  const interrupt = (exitCode: number): void => {
    interruptedAs ??= exitCode;
    controller.abort();
    if (!cleansUp) exitNow(exitCode);
  };
  watchProcess({
    onSignal: (signal) => interrupt(signalExitCode(signal)),
    onBrokenPipe: () => interrupt(0),
    onBug: async (error) => exitNow(await (await import('./run.ts')).reportBug(error, argv, io)),
  });
  const intent = resolveIntent(argv);
  switch (intent.kind) {
    case 'version':
      io.stdout.write(`heddle ${clientVersion()}\n`);
      return 0;
    case 'root-help':
      io.stdout.write(rootHelp());
      return 0;
    case 'group-help':
      io.stdout.write(groupHelp(intent.group));
      return 0;
    default: {
      const { run } = await import('./run.ts');
      const result = await run(intent, argv, io, {
        signal: controller.signal,
        takeOver: () => {
          cleansUp = true;
        },
      });
      return interruptedAs ?? result;
    }
  }
};
