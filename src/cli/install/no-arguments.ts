import { Fault } from '../../base/fault.ts';

/** Throws a usage Fault for arguments of a command that takes flags alone. */
export const refuseArguments = (command: string, args: readonly string[]): void => {
  if (args.length === 0) return;
  throw new Fault(`${command} takes no arguments, not "${args.join(' ')}"`, {
    kind: 'usage',
    code: 'EXTRA_ARGUMENT',
    hint: 'files are given with -f, settings with --set',
  });
};
