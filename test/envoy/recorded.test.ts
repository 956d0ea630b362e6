import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCli } from '../support/cli.ts';

// What istioctl printed of real dumps, compared byte by byte; JSON as documents.
const root = resolve(import.meta.dirname, '../../../shared/corpus/proxy-config');

interface Recorded {
  readonly args: readonly string[];
  readonly stdin?: string;
  readonly exit: number;
  readonly stdout: string;
}

/** Help is ours; an unknown verb of istioctl's prints it and succeeds. */
const isHelp = ({ args }: Recorded): boolean => args.includes('nosuch');

/** Whether a certificate is still valid depends on the day, and YAML of istioctl's ends with an empty line. */
const settled = (text: string): string => text.trimEnd().replace(/ (true|false) {2,}/g, ' * ');

const isJson = (text: string): boolean => /^[[{]/.test(text);

const names = existsSync(root)
  ? readdirSync(root).filter((name) => !name.includes('status') && existsSync(join(root, name, 'expected.json')))
  : [];

describe.skipIf(names.length === 0)('proxy-config on recorded dumps', () => {
  it.each(names)('prints what istioctl does of %s', async (name) => {
    const cwd = join(root, name);
    const recorded = JSON.parse(readFileSync(join(cwd, 'expected.json'), 'utf8')) as readonly Recorded[];
    for (const command of recorded.filter((one) => !isHelp(one))) {
      const stdin = command.stdin === undefined ? {} : { stdin: readFileSync(join(cwd, command.stdin), 'utf8') };
      const { code, stdout } = await runCli(command.args, { cwd, ...stdin });
      const line = command.args.join(' ');
      expect(code === 0, line).toBe(command.exit === 0);
      if (command.exit !== 0) expect(stdout, line).toMatch(/^$|^{\s+"error"/);
      else if (isJson(command.stdout)) expect(JSON.parse(stdout), line).toEqual(JSON.parse(command.stdout));
      else expect(settled(stdout), line).toBe(settled(command.stdout));
    }
  });
});
