import type { Command } from './command.ts';
import type { CommandEntry, CommandGroup } from './commands.ts';
import { SECTIONS } from './commands.ts';
import { EXIT_MEANING } from './exit.ts';

const WIDTH = 79;

/** Breaks a paragraph at spaces so that no line passes the width; one word longer than that stays whole. */
const wrap = (text: string, width: number): readonly string[] => {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
};

/** Two columns; a left part that is too long gets a line of its own. */
const columns = (rows: readonly (readonly [left: string, right: string])[], widest = 30): string => {
  const left = Math.min(widest, Math.max(0, ...rows.map(([text]) => text.length)));
  return rows
    .flatMap(([name, text]) => {
      const [first = '', ...more] = wrap(text, WIDTH - left - 4);
      const rest = more.map((line) => `${' '.repeat(left + 4)}${line}`);
      const fits = name.length <= left;
      return fits
        ? [`  ${name.padEnd(left)}  ${first}`, ...rest]
        : [`  ${name}`, `${' '.repeat(left + 4)}${first}`, ...rest];
    })
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
};

const section = (title: string, body: string): string => (body === '' ? '' : `\n${title}\n${body}`);

/** Commands that are told of in the same words share a line. */
const listing = (entries: readonly (CommandEntry | CommandGroup)[]): string => {
  const names = new Map<string, string>();
  for (const { name, summary, isOccasional } of entries) {
    if (isOccasional) continue;
    const others = names.get(summary);
    names.set(summary, others === undefined ? name : `${others}, ${name}`);
  }
  return columns([...names].map(([summary, name]) => [name, summary]));
};

/** The names of what the listings leave out. */
const occasional = (): string => {
  const entries = SECTIONS.flatMap((each) => each.entries.filter(({ isOccasional }) => isOccasional));
  const names = entries.map(({ name }) => name).sort();
  return names.length === 0
    ? ''
    : wrap(names.join(', '), WIDTH - 2)
        .map((line) => `  ${line}\n`)
        .join('');
};

const GLOBAL_OPTIONS: readonly (readonly [string, string])[] = [
  ['--color <when>', 'auto, always or never; NO_COLOR is honoured'],
  ['--no-color', 'the same as --color=never'],
  ['-q, --quiet', 'errors only, beside the answer'],
  ['-v, --verbose', 'more detail, such as the causes of an error'],
  ['--debug', 'stack traces, for a bug report'],
  ['-h, --help', 'this page'],
];

/** The first page: every command by task; loads none of them. */
export const rootHelp = (): string =>
  [
    'heddle: install, check, explain and run Istio, with a cluster or without\n',
    section(
      'EXAMPLES',
      columns([
        ['heddle local up --sample hello', 'run the sample mesh, no cluster'],
        ['heddle local up ./k8s', 'run your own YAML'],
        ['heddle analyze ./k8s', 'find mistakes in it'],
      ]),
    ),
    ...SECTIONS.map(({ title, entries }) => section(title.toUpperCase(), listing(entries))),
    section('MORE', occasional()),
    section(
      'FLAGS',
      columns([
        ['-o, --color, -q, -v, -h', 'format, colour, quiet, verbose, help'],
        ['--version', 'the version'],
      ]),
    ),
    '\nheddle COMMAND --help shows the examples, flags and exit codes of a command.\n',
  ].join('');

/** The page of a word with several verbs; loads none of them. */
export const groupHelp = (group: CommandGroup): string =>
  [
    `heddle ${group.name}: ${group.summary}\n`,
    section('USAGE', `  heddle ${group.name} COMMAND [FLAGS]\n`),
    section('COMMANDS', listing(group.commands)),
    `\nheddle ${group.name} COMMAND --help shows examples, flags and exit codes.\n`,
  ].join('');

const usageLine = (path: string, command: Command): string => {
  const args = (command.arguments ?? []).map((argument) => {
    const name = argument.variadic ? `${argument.name}...` : argument.name;
    return argument.required ? name : `[${name}]`;
  });
  return ['  heddle', path, '[FLAGS]', ...args].join(' ');
};

const exitCodes = (command: Command): string => {
  const meanings: Record<number, string> = { ...command.exitCodes };
  for (const code of [0, 1, 64, 70, 130]) meanings[code] ??= EXIT_MEANING[code] ?? '';
  return columns(Object.entries(meanings).map(([code, meaning]) => [code.padStart(3), meaning]));
};

const examples = (command: Command): string =>
  command.examples.map(([line, what]) => `  # ${what}\n  ${line}\n`).join('\n');

/** The page of one command. */
export const commandHelp = (path: string, command: Command): string => {
  const own = Object.values(command.options).map((option) => [option.flags, option.summary] as const);
  return [
    `${wrap(command.summary, WIDTH).join('\n')}\n`,
    section('EXAMPLES', examples(command)),
    section('USAGE', `${usageLine(path, command)}\n`),
    section('ARGUMENTS', columns((command.arguments ?? []).map(({ name, summary }) => [name, summary]))),
    section('FLAGS', columns(own)),
    section('GLOBAL FLAGS', columns([['-o, --output <format>', command.formats.join(', ')], ...GLOBAL_OPTIONS])),
    ...(command.notes ?? []).map((note) => `\n${wrap(note, WIDTH).join('\n')}\n`),
    section('EXIT CODES', exitCodes(command)),
    section('ENVIRONMENT', columns(Object.entries(command.environment ?? {}))),
    section('SEE ALSO', (command.seeAlso ?? []).map((line) => `  ${line}\n`).join('')),
  ].join('');
};
