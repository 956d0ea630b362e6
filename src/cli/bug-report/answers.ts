import { Fault } from '../../base/fault.ts';
import type { Command, Context } from '../command.ts';
import { EXIT, exitCodeOf } from '../exit.ts';
import type { Io } from '../io.ts';
import { createPrinter } from '../output.ts';
import { parseCommandLine } from '../parse.ts';
import { printFault } from '../report/fault.ts';
import type { Item } from './collect.ts';
import { redactText } from './redact.ts';

/** A command whose answer a reader of a report wants first. */
interface Line {
  readonly path: string;
  readonly argv: readonly string[];
  readonly load: () => Promise<Command>;
}

const LINES: readonly Line[] = [
  { path: 'version', argv: [], load: async () => (await import('../commands/version.ts')).version },
  { path: 'check', argv: [], load: async () => (await import('../commands/check.ts')).check },
  { path: 'analyze', argv: ['-A'], load: async () => (await import('../commands/analyze.ts')).analyze },
  { path: 'proxy-status', argv: [], load: async () => (await import('../commands/proxy-status.ts')).proxyStatus },
  { path: 'tag list', argv: [], load: async () => (await import('../commands/tag/list.ts')).tagList },
  { path: 'injector list', argv: [], load: async () => (await import('../commands/injector/list.ts')).injectorList },
];

/** What a terminal would show of a command, with its exit code. */
const runInto = async (
  { path, argv, load }: Line,
  flags: readonly string[],
  io: Io,
  signal: AbortSignal,
): Promise<string> => {
  let text = '';
  const stream: Io['stdout'] = {
    isTty: false,
    columns: undefined,
    write: (more) => {
      text += typeof more === 'string' ? more : new TextDecoder().decode(more);
    },
  };
  const printer = await createPrinter(stream, false);
  const command = await load();
  const { args, given, ...parsed } = parseCommandLine(path, command, [...argv, ...flags]);
  const captured: Io = { ...io, stdout: stream, stderr: stream, stdinIsTty: false };
  const context: Context = { ...parsed, io: captured, out: printer, err: printer, signal };
  const code = await command.invoke(context, args, given).catch((error: unknown) => {
    printFault(error, printer, false);
    return error instanceof Fault ? exitCodeOf(error.kind) : EXIT.bug;
  });
  return `$ heddle ${[path, ...argv].join(' ')}\n${text}(exit code ${code})\n`;
};

/** What heddle's own commands say of the cluster that `flags` name, errors included. */
export const answers = (flags: readonly string[], io: Io): readonly Item[] =>
  LINES.map((line) => {
    const path = `answers/${line.path.replace(' ', '-')}.txt`;
    return { path, read: async (signal) => [{ path, text: redactText(await runInto(line, flags, io, signal)) }] };
  });
