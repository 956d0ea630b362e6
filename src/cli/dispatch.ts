import { groupHelp, rootHelp } from './help.ts';
import type { Io } from './io.ts';
import { clientVersion } from './package.ts';
import { resolveIntent } from './resolve.ts';

/** How Ctrl-C, and a closed pipe, reach a command. */
export interface Interruption {
  /** Aborted with the signal's name as the reason. */
  readonly signal: AbortSignal;
  /** Tells the process that the running command ends by itself after an interruption. */
  takeOver(): void;
}

/**
 * Answers one command line; never throws. Help and version are answered from the table alone: no command, no parser
 * and no YAML is loaded for them.
 */
export const dispatch = async (argv: readonly string[], io: Io, interruption: Interruption): Promise<number> => {
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
    default:
      return (await import('./run.ts')).run(intent, argv, io, interruption);
  }
};
