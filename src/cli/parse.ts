import { Command as Commander, CommanderError, Option } from 'commander';
import { suggest } from '../base/distance.ts';
import { Fault } from '../base/fault.ts';
import type { Command, OptionSpec, Output } from './command.ts';
import type { ColorChoice } from './io.ts';

/** A command line taken apart; flag values are still text, `true` and `false` for booleans. */
export interface Parsed {
  readonly args: readonly string[];
  readonly given: ReadonlyMap<string, readonly string[]>;
  readonly help: boolean;
  readonly format: string;
  readonly outputs: readonly Output[];
  readonly color: ColorChoice;
  readonly quiet: boolean;
  readonly verbose: number;
  readonly debug: boolean;
}

const longFlag = (flags: string): string => /--[\w-]+/.exec(flags)?.[0] ?? flags;

/** Spells `--name=true|false`, as Go's flags allow it for booleans, the way commander knows. */
const spellBooleans = (argv: readonly string[], options: readonly OptionSpec<unknown>[]): readonly string[] => {
  const booleans = new Map(
    options
      .filter(({ shape }) => shape === 'flag' || shape === 'switch')
      .map((option) => [longFlag(option.flags), option]),
  );
  const end = argv.indexOf('--');
  return argv.flatMap((word, at) => {
    const [, name = '', value] = (end < 0 || at < end ? /^(--[\w-]+)=(true|false)$/.exec(word) : null) ?? [];
    const option = booleans.get(name);
    if (option === undefined) return [word];
    if (value === 'true') return [name];
    return option.shape === 'switch' ? [name.replace('--', '--no-')] : [];
  });
};

/** Spells `--istioNamespace`, as istioctl has it, the way the command does: `--istio-namespace`. */
const spellWords = (argv: readonly string[], options: readonly OptionSpec<unknown>[]): readonly string[] => {
  const known = new Set(options.map(({ flags }) => longFlag(flags)));
  const end = argv.indexOf('--');
  return argv.map((word, at) => {
    const [, name = '', rest = ''] =
      (end < 0 || at < end ? /^(--[a-z]+(?:[A-Z][a-z]+)+)(=.*)?$/s.exec(word) : null) ?? [];
    const spelt = name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    return !known.has(name) && known.has(spelt) ? `${spelt}${rest}` : word;
  });
};

/** Registers one flag; values arrive in `given` in the order written. */
const register = (
  commander: Commander,
  key: string,
  option: OptionSpec<unknown>,
  given: Map<string, string[]>,
): void => {
  const note = (value: string): void => {
    const values = given.get(key);
    if (values === undefined) given.set(key, [value]);
    else values.push(value);
  };
  const add = (flags: string, value?: string): void => {
    const made = new Option(flags);
    commander.addOption(made);
    commander.on(`option:${made.name()}`, (text: string | null) => note(value ?? text ?? 'true'));
  };
  if (option.shape === 'value' || option.shape === 'values') add(option.flags);
  else add(option.flags, 'true');
  if (option.shape === 'switch') add(longFlag(option.flags).replace('--', '--no-'), 'false');
};

const globals = {
  help: { flags: '-h, --help', shape: 'flag' },
  output: { flags: '-o, --output <format>', shape: 'value' },
  color: { flags: '--color <when>', shape: 'value' },
  noColor: { flags: '--no-color', shape: 'flag' },
  quiet: { flags: '-q, --quiet', shape: 'flag' },
  verbose: { flags: '-v, --verbose', shape: 'flag' },
  debug: { flags: '--debug', shape: 'flag' },
} as const;

const unknownFlag = (word: string, path: string, known: readonly string[]): Fault => {
  const near = suggest(word.replace(/=.*/, ''), known);
  return new Fault(`unknown flag ${word} of "heddle ${path}"`, {
    kind: 'usage',
    code: 'UNKNOWN_FLAG',
    hint: near === undefined ? `see heddle ${path} --help` : `did you mean ${near}? (heddle ${path} --help lists all)`,
  });
};

const absentFlag = (name: string, path: string, { why, hint }: NonNullable<Command['absentFlags']>): Fault =>
  new Fault(`heddle ${path} has no ${name}: ${why}`, { kind: 'usage', code: 'NO_SUCH_FLAG_HERE', hint });

const oneOf = (name: string, value: string, choices: readonly string[]): string => {
  if (choices.includes(value)) return value;
  const near = suggest(value, choices);
  throw new Fault(`${name} cannot be "${value}"; it is one of ${choices.join(', ')}`, {
    kind: 'usage',
    code: 'BAD_FLAG_VALUE',
    ...(near === undefined ? {} : { hint: `did you mean ${near}?` }),
  });
};

const readOutput = (value: string, command: Command): Output => {
  const [fallback = 'text'] = command.formats;
  if (command.outputNamesFile === true && /[./\\]/.test(value)) return { format: fallback, file: value };
  if (command.severalOutputs !== true) return { format: oneOf('--output', value, command.formats), file: undefined };
  const [, format = '', file] = /^([^=]*)(?:=(.*))?$/s.exec(value) ?? [];
  if (file === '')
    throw new Fault(`--output ${value} names no file behind =`, { kind: 'usage', code: 'BAD_FLAG_VALUE' });
  return { format: oneOf('--output', format.toLowerCase(), command.formats), file };
};

/** Takes a command's arguments apart; throws a usage Fault for what the command does not know. */
export const parseCommandLine = (path: string, command: Command, argv: readonly string[]): Parsed => {
  const commander = new Commander('heddle').helpOption(false).exitOverride().allowUnknownOption(false);
  commander.configureOutput({ writeErr: () => undefined, outputError: () => undefined });
  if (command.passThrough === true) commander.enablePositionalOptions().passThroughOptions();
  const given = new Map<string, string[]>();
  const own = Object.values(command.options);
  for (const [key, option] of Object.entries(command.options)) register(commander, key, option, given);
  const global = new Map<string, string[]>();
  const taken = new Set(commander.options.flatMap((option) => [option.short, option.long]));
  for (const [key, option] of Object.entries(globals)) {
    // A command's own spelling wins: proxy-config's --verbose is no -v.
    const spellings = option.flags.split(', ').filter((spelling) => !taken.has(spelling.replace(/ .*/, '')));
    if (spellings.length === 0) continue;
    const flags = spellings.join(', ');
    register(commander, key, { summary: '', read: () => undefined, ...option, flags }, global);
  }
  const { operands, unknown } = parseWith(commander, spellBooleans(spellWords(argv, own), own), path);
  const [stray] = unknown;
  if (stray !== undefined) {
    const name = stray.replace(/=.*/, '');
    const absent = command.absentFlags;
    if (absent?.flags.includes(name)) throw absentFlag(name, path, absent);
    const known = commander.options.flatMap((option) => option.long ?? []);
    throw unknownFlag(stray, path, known);
  }
  const help = global.has('help');
  const [fallback = 'text'] = command.formats;
  const outputs = (global.get('output') ?? []).map((value) => readOutput(value, command));
  const parsed = {
    args: operands,
    given,
    help,
    format: outputs.at(-1)?.format ?? fallback,
    outputs,
    color: global.has('noColor')
      ? 'never'
      : (oneOf('--color', global.get('color')?.at(-1) ?? 'auto', ['auto', 'always', 'never']) as ColorChoice),
    quiet: global.has('quiet'),
    verbose: global.get('verbose')?.length ?? 0,
    debug: global.has('debug'),
  };
  if (!help) checkArguments(path, command, operands);
  return parsed;
};

const parseWith = (commander: Commander, argv: readonly string[], path: string) => {
  try {
    return commander.parseOptions([...argv]);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    throw new Fault(error.message.replace(/^error: /, ''), {
      kind: 'usage',
      code: 'BAD_FLAG',
      hint: `see heddle ${path} --help`,
    });
  }
};

const checkArguments = (path: string, command: Command, args: readonly string[]): void => {
  const specs = command.arguments ?? [];
  const missing = specs.find((spec, at) => spec.required === true && args[at] === undefined);
  if (missing !== undefined)
    throw new Fault(`heddle ${path} needs ${missing.name}: ${missing.summary}`, {
      kind: 'usage',
      code: 'MISSING_ARGUMENT',
      hint: command.examples[0] === undefined ? `see heddle ${path} --help` : `for example: ${command.examples[0][0]}`,
    });
  const surplus = specs.at(-1)?.variadic === true ? undefined : args[specs.length];
  if (surplus !== undefined)
    throw new Fault(`heddle ${path} takes no argument "${surplus}"`, {
      kind: 'usage',
      code: 'UNEXPECTED_ARGUMENT',
      hint: `see heddle ${path} --help`,
    });
};
