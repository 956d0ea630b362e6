import type { Command } from './command.ts';

/** One line of the table: enough for help and did-you-mean; `load` imports the command's file when it runs. */
export interface CommandEntry {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

/** Commands under one word: `heddle local up`. */
export interface CommandGroup {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly summary: string;
  readonly commands: readonly CommandEntry[];
}

export interface Section {
  readonly title: string;
  readonly entries: readonly (CommandEntry | CommandGroup)[];
}

const local: CommandGroup = {
  name: 'local',
  summary: 'a mesh on this machine from plain YAML, no cluster',
  commands: [],
};

/**
 * Every command there is, by task. One more command is one more file in `commands/` that exports a `Command`, and one
 * more line here; several verbs under one word are a `CommandGroup`, whose file may export several commands.
 */
export const SECTIONS: readonly Section[] = [
  { title: 'Run', entries: [local] },
  {
    title: 'Tools',
    entries: [
      {
        name: 'version',
        summary: 'the version of this command line',
        load: async () => (await import('./commands/version.ts')).version,
      },
    ],
  },
];

export const isGroup = (entry: CommandEntry | CommandGroup): entry is CommandGroup => 'commands' in entry;
