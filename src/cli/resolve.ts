import type { CommandEntry, CommandGroup } from './commands.ts';
import { isGroup, SECTIONS } from './commands.ts';

/** Flags every command takes, with whether a value follows; they may also stand before the command's name. */
export const GLOBAL_FLAGS: ReadonlyMap<string, boolean> = new Map([
  ['-h', false],
  ['--help', false],
  ['-o', true],
  ['--output', true],
  ['--color', true],
  ['--no-color', false],
  ['-q', false],
  ['--quiet', false],
  ['-v', false],
  ['--verbose', false],
  ['--debug', false],
]);

/** What a command line asks for. */
export type Intent =
  | { readonly kind: 'version' }
  | { readonly kind: 'root-help' }
  | { readonly kind: 'group-help'; readonly group: CommandGroup }
  | { readonly kind: 'run'; readonly path: string; readonly entry: CommandEntry; readonly argv: readonly string[] }
  | { readonly kind: 'unknown-command'; readonly word: string; readonly group: CommandGroup | undefined }
  | { readonly kind: 'unknown-flag'; readonly word: string };

const entries = (): readonly (CommandEntry | CommandGroup)[] => SECTIONS.flatMap((section) => section.entries);

const find = <E extends CommandEntry | CommandGroup>(among: readonly E[], word: string): E | undefined =>
  among.find((entry) => entry.name === word || entry.aliases?.includes(word));

/** Names a user may have meant where a command was expected. */
export const namesAt = (group: CommandGroup | undefined): readonly string[] =>
  (group?.commands ?? entries()).flatMap((entry) => [entry.name, ...(entry.aliases ?? [])]).concat(group ? [] : 'help');

/** Splits off the global flags in front of the next word. */
const skipFlags = (
  argv: readonly string[],
): { readonly flags: readonly string[]; readonly rest: readonly string[] } => {
  let at = 0;
  while (at < argv.length) {
    const word = argv[at] ?? '';
    if (!word.startsWith('-')) break;
    const takesValue = GLOBAL_FLAGS.get(word);
    if (takesValue === undefined && !/^(-o.|--output=|--color=)/.test(word)) break;
    at += takesValue === true ? 2 : 1;
  }
  return { flags: argv.slice(0, at), rest: argv.slice(at) };
};

const asksHelp = (flags: readonly string[]): boolean => flags.includes('-h') || flags.includes('--help');

/**
 * Finds the command of a command line without loading any. Global flags in front of the name are handed on to the
 * command; `heddle help NAME` is `heddle NAME --help`.
 */
export const resolveIntent = (argv: readonly string[]): Intent => {
  const { flags, rest } = skipFlags(argv);
  const [word, ...after] = rest;
  if (word === undefined) return { kind: 'root-help' };
  if (word === '--version') return { kind: 'version' };
  if (word.startsWith('-') && word !== '-') return { kind: 'unknown-flag', word };
  if (word === 'help') {
    const [topic] = after;
    return topic === undefined || topic.startsWith('-') ? { kind: 'root-help' } : resolveIntent([...after, '--help']);
  }
  // Commands that istioctl has as experiments are plain ones here, and scripts may go on calling them so.
  if (['x', 'experimental', 'exp'].includes(word) && after.length > 0) return resolveIntent([...flags, ...after]);
  const entry = find(entries(), word);
  if (entry === undefined)
    return asksHelp(flags) ? { kind: 'root-help' } : { kind: 'unknown-command', word, group: undefined };
  if (!isGroup(entry)) return { kind: 'run', path: entry.name, entry, argv: [...flags, ...after] };
  return resolveVerb(entry, flags, after);
};

const resolveVerb = (group: CommandGroup, outer: readonly string[], argv: readonly string[]): Intent => {
  const { flags, rest } = skipFlags(argv);
  const [word, ...after] = rest;
  if (word === undefined) return { kind: 'group-help', group };
  const verb = find(group.commands, word);
  if (verb !== undefined)
    return { kind: 'run', path: `${group.name} ${verb.name}`, entry: verb, argv: [...outer, ...flags, ...after] };
  if (asksHelp(flags)) return { kind: 'group-help', group };
  return word.startsWith('-') ? { kind: 'unknown-flag', word } : { kind: 'unknown-command', word, group };
};
