import { suggest } from '../base/distance.ts';
import { Fault } from '../base/fault.ts';
import type { Command, Context } from './command.ts';
import type { Interruption } from './dispatch.ts';
import { EXIT, exitCodeOf } from './exit.ts';
import { commandHelp } from './help.ts';
import type { ColorChoice, Io } from './io.ts';
import { wantsColor } from './io.ts';
import { createPrinter } from './output.ts';
import type { Parsed } from './parse.ts';
import { parseCommandLine } from './parse.ts';
import { faultDocument, printFault } from './report/fault.ts';
import { GLOBAL_FLAGS, type Intent, namesAt } from './resolve.ts';

const MACHINE_FORMATS = ['json', 'json-compat', 'yaml', 'ndjson'];

/** The machine output that the command line asks for, read before anything is parsed: even a usage error answers so. */
const machineFormat = (argv: readonly string[]): string | undefined => {
  const end = argv.indexOf('--');
  const words = end < 0 ? argv : argv.slice(0, end);
  const asked = words.map((word, at) =>
    word === '-o' || word === '--output' ? words[at + 1] : /^(?:-o=?|--output=)(.+)$/.exec(word)?.[1],
  );
  return asked.map((each) => each?.toLowerCase() ?? '').findLast((each) => MACHINE_FORMATS.includes(each));
};

const colorAsked = (argv: readonly string[]): ColorChoice => {
  const asked = argv.findLast((word) => /^--(no-color|color=(always|never|auto))$/.test(word));
  if (asked === undefined) return 'auto';
  return asked === '--no-color' ? 'never' : (asked.slice('--color='.length) as ColorChoice);
};

/** Reports whatever was thrown, in both shapes where machine output was asked for, and answers its exit code. */
const report = async (error: unknown, argv: readonly string[], io: Io, parsed: Parsed | undefined): Promise<number> => {
  const err = await createPrinter(io.stderr, wantsColor(parsed?.color ?? colorAsked(argv), io.env, io.stderr.isTty));
  const detail = parsed === undefined ? argv.includes('--debug') : parsed.debug || parsed.verbose > 0;
  const format = machineFormat(argv);
  if (format !== undefined)
    io.stdout.write(`${JSON.stringify(faultDocument(error), null, format === 'ndjson' ? 0 : 2)}\n`);
  printFault(error, err, detail);
  return error instanceof Fault ? exitCodeOf(error.kind) : EXIT.bug;
};

const contextOf = async (io: Io, parsed: Parsed, signal: AbortSignal): Promise<Context> => ({
  io,
  out: await createPrinter(io.stdout, wantsColor(parsed.color, io.env, io.stdout.isTty)),
  err: await createPrinter(io.stderr, wantsColor(parsed.color, io.env, io.stderr.isTty)),
  format: parsed.format,
  outputs: parsed.outputs,
  quiet: parsed.quiet,
  verbose: parsed.verbose,
  signal,
});

const unknown = (intent: Extract<Intent, { kind: 'unknown-command' | 'unknown-flag' }>): Fault => {
  const isFlag = intent.kind === 'unknown-flag';
  const group = isFlag || intent.group === undefined ? '' : ` ${intent.group.name}`;
  const candidates = isFlag ? [...GLOBAL_FLAGS.keys(), '--version'] : namesAt(intent.group);
  const near = suggest(intent.word, candidates);
  const named = near === undefined ? undefined : isFlag ? near : `heddle${group} ${near}`;
  return new Fault(isFlag ? `unknown flag ${intent.word}` : `unknown command "heddle${group} ${intent.word}"`, {
    kind: 'usage',
    code: isFlag ? 'UNKNOWN_FLAG' : 'UNKNOWN_COMMAND',
    hint: named === undefined ? `heddle${group} --help lists what there is` : `did you mean ${named}?`,
  });
};

/** Performs a resolved command line to its exit code; never throws. */
export const run = async (
  intent: Extract<Intent, { kind: 'run' | 'unknown-command' | 'unknown-flag' }>,
  argv: readonly string[],
  io: Io,
  interruption: Interruption,
): Promise<number> => {
  let parsed: Parsed | undefined;
  try {
    if (intent.kind !== 'run') throw unknown(intent);
    const command: Command = await intent.entry.load();
    parsed = parseCommandLine(intent.path, command, intent.argv);
    if (parsed.help) {
      io.stdout.write(commandHelp(intent.path, command));
      return EXIT.ok;
    }
    if (command.handlesInterrupt === true) interruption.takeOver();
    return await command.invoke(await contextOf(io, parsed, interruption.signal), parsed.args, parsed.given);
  } catch (error) {
    return await report(error, argv, io, parsed);
  }
};

/** Reports what escaped every command: always a bug. */
export const reportBug = (error: unknown, argv: readonly string[], io: Io): Promise<number> =>
  report(error, argv, io, undefined);
