import { parseDuration } from '../base/duration.ts';
import { Fault } from '../base/fault.ts';
import type { Io } from './io.ts';
import type { Printer } from './output.ts';

/** One `-o`: a format, and the file it goes to where the command can write several. */
export interface Output {
  readonly format: string;
  /** As typed, relative to the working directory; undefined is standard output. */
  readonly file: string | undefined;
}

/** What a command gets beside its own arguments and flags. */
export interface Context {
  readonly io: Io;
  /** The answer, and nothing but the answer. */
  readonly out: Printer;
  /** Progress, hints and errors. */
  readonly err: Printer;
  /** The value of `-o`: one of the command's `formats`. */
  readonly format: string;
  /** Every `-o` in the order given; empty where there was none. */
  readonly outputs: readonly Output[];
  readonly quiet: boolean;
  /** How often `-v` was given. */
  readonly verbose: number;
  /** Aborted by the first Ctrl-C (or SIGTERM, SIGHUP, closed pipe). */
  readonly signal: AbortSignal;
}

/** One flag: how it is written, what help says of it, and how its text becomes a value. */
export interface OptionSpec<T> {
  /** `-H, --header <line>` */
  readonly flags: string;
  readonly summary: string;
  readonly shape: 'flag' | 'switch' | 'value' | 'values';
  /** Throws a usage Fault where the text is not a value of this flag. */
  readonly read: (given: readonly string[]) => T;
}

/** A boolean that is false unless given; `--name=false` is understood as well. */
export const flag = (flags: string, summary: string): OptionSpec<boolean> => ({
  flags,
  summary,
  shape: 'flag',
  read: (given) => given.at(-1) === 'true',
});

/** A boolean that is true unless `--no-name` or `--name=false` is given. */
export const enabled = (flags: string, summary: string): OptionSpec<boolean> => ({
  flags,
  summary,
  shape: 'switch',
  read: (given) => given.at(-1) !== 'false',
});

/** Text, or undefined. */
export const text = (flags: string, summary: string): OptionSpec<string | undefined> => ({
  flags,
  summary,
  shape: 'value',
  read: (given) => given.at(-1),
});

/** A repeatable flag; every value in the order given. */
export const texts = (flags: string, summary: string): OptionSpec<readonly string[]> => ({
  flags,
  summary,
  shape: 'values',
  read: (given) => given,
});

const longName = (flags: string): string => /--[\w-]+/.exec(flags)?.[0] ?? flags;

const wrongValue = (flags: string, value: string, wanted: string): Fault =>
  new Fault(`${longName(flags)} wants ${wanted}, not "${value}"`, { kind: 'usage', code: 'BAD_FLAG_VALUE' });

/** A whole number within bounds, or undefined. */
export const integer = (
  flags: string,
  summary: string,
  bounds: { readonly min: number; readonly max: number },
): OptionSpec<number | undefined> => ({
  flags,
  summary,
  shape: 'value',
  read: (given) => {
    const value = given.at(-1);
    if (value === undefined) return undefined;
    const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
    if (!(number >= bounds.min && number <= bounds.max))
      throw wrongValue(flags, value, `a whole number from ${bounds.min} to ${bounds.max}`);
    return number;
  },
});

/** A duration such as `500ms`, `10s` or `1m`, in milliseconds. */
export const durationMs = (flags: string, summary: string, fallbackMs: number): OptionSpec<number> => ({
  flags,
  summary,
  shape: 'value',
  read: (given) => {
    const value = given.at(-1);
    if (value === undefined) return fallbackMs;
    const ms = parseDuration(value);
    if (ms === undefined || ms < 0) throw wrongValue(flags, value, 'a duration such as 500ms, 10s or 1m');
    return ms;
  },
});

interface ArgumentSpec {
  /** Upper case, as help shows it. */
  readonly name: string;
  readonly summary: string;
  readonly required?: boolean;
  readonly variadic?: boolean;
}

export type OptionSpecs = Readonly<Record<string, OptionSpec<unknown>>>;
type OptionValues<O extends OptionSpecs> = { readonly [K in keyof O]: ReturnType<O[K]['read']> };

/** One command, as its file in `commands/` describes it: parses intent, calls a room, prints, returns an exit code. */
export interface CommandSpec<O extends OptionSpecs> {
  readonly summary: string;
  /** Command line and what it does; shown first in help, so the most common one first. */
  readonly examples: readonly (readonly [line: string, what: string])[];
  readonly arguments?: readonly ArgumentSpec[];
  readonly options: O;
  /** Values of `-o`, the default first; `text` unless the command knows more. */
  readonly formats: readonly string[];
  /** `-o FORMAT[=FILE]` may be given several times, in any case. */
  readonly severalOutputs?: boolean;
  /** `-o` with a path or an extension names the file for the answer, as it does for the same command of istioctl. */
  readonly outputNamesFile?: boolean;
  /** Flags that the same command of istioctl has and this one has not, why, and what does the same. */
  readonly absentFlags?: { readonly flags: readonly string[]; readonly why: string; readonly hint: string };
  /** Codes beyond 0, 1, 64, 70 and 130 that this command exits with, with its own words where it has them. */
  readonly exitCodes?: Readonly<Record<number, string>>;
  readonly environment?: Readonly<Record<string, string>>;
  /** Paragraphs after the flags, each wrapped by help. */
  readonly notes?: readonly string[];
  readonly seeAlso?: readonly string[];
  /** Everything from the first argument on belongs to another program. */
  readonly passThrough?: boolean;
  /** The command watches `context.signal` and cleans up; others are simply ended by Ctrl-C. */
  readonly handlesInterrupt?: boolean;
  run(context: Context, args: readonly string[], options: OptionValues<O>): Promise<number>;
}

/** A command whose flag types are forgotten: what the table and the runner deal in. */
export interface Command extends Omit<CommandSpec<OptionSpecs>, 'run'> {
  /** Reads the flags' texts into values and runs; throws Fault. */
  invoke(context: Context, args: readonly string[], given: ReadonlyMap<string, readonly string[]>): Promise<number>;
}

/** Ties a command's flags to the types its `run` receives. */
export const defineCommand = <O extends OptionSpecs>(spec: CommandSpec<O>): Command => ({
  ...spec,
  invoke: (context, args, given) => {
    const entries = Object.entries(spec.options).map(([key, option]) => [key, option.read(given.get(key) ?? [])]);
    // The entries are exactly the keys of O, each read by its own option.
    return spec.run(context, args, Object.fromEntries(entries) as OptionValues<O>);
  },
});
