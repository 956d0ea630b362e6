import { describe, expect, it } from 'vitest';
import type { CommandEntry } from '../../src/cli/commands.ts';
import { isGroup, SECTIONS } from '../../src/cli/commands.ts';
import { parseCommandLine } from '../../src/cli/parse.ts';
import { runCli } from '../support/cli.ts';

const commands: readonly (readonly [path: string, entry: CommandEntry])[] = SECTIONS.flatMap(({ entries }) =>
  entries.flatMap((entry) =>
    isGroup(entry)
      ? entry.commands.map((verb) => [`${entry.name} ${verb.name}`, verb] as const)
      : [[entry.name, entry] as const],
  ),
);

const ESC = '\u001b';

describe.each(commands)('heddle %s', (path, entry) => {
  const words = path.split(' ');

  it('has a help page with examples, flags and exit codes, below 80 columns', async () => {
    const { code, stdout, stderr } = await runCli([...words, '--help']);
    expect(code).toBe(0);
    expect(stderr).toBe('');
    for (const title of ['EXAMPLES', 'USAGE', 'GLOBAL FLAGS', 'EXIT CODES']) expect(stdout).toContain(`\n${title}\n`);
    expect(stdout.indexOf('EXAMPLES')).toBeLessThan(stdout.indexOf('USAGE'));
    expect(stdout.split('\n').filter((line) => line.length >= 80)).toEqual([]);
    expect(stdout).not.toContain(ESC);
  });

  it('answers -h anywhere before --, and "heddle help"', async () => {
    const { stdout } = await runCli([...words, '--help']);
    expect((await runCli([...words, '-h'])).stdout).toBe(stdout);
    expect((await runCli(['help', ...words])).stdout).toBe(stdout);
    expect((await runCli(['-q', ...words, '-v', '-h'])).stdout).toBe(stdout);
  });

  it('shows examples that it understands itself', async () => {
    const command = await entry.load();
    expect(command.examples.length).toBeGreaterThan(0);
    for (const [line] of command.examples) {
      const [own = ''] = (line.split(`heddle ${path}`)[1] ?? '').split(/ [>|] /);
      const argv = [...own.matchAll(/"([^"]*)"|'([^']*)'|([^\s"']+)/g)].map(
        (match) => match[1] ?? match[2] ?? match[3] ?? '',
      );
      expect(line).toContain(`heddle ${path}`);
      expect(() => parseCommandLine(path, command, argv)).not.toThrow();
    }
  });

  it('refuses an unknown flag with 64 and a word about the right one', async () => {
    const { code, stdout, stderr } = await runCli([...words, '--hepl']);
    expect(code).toBe(64);
    expect(stdout).toBe('');
    expect(stderr).toContain(`unknown flag --hepl of "heddle ${path}"`);
    expect(stderr).toContain('did you mean --help?');
  });

  it('refuses an unknown format with 64 and the list', async () => {
    const command = await entry.load();
    const { code, stderr } = await runCli([...words, '-o', 'nothing-like-it']);
    expect(code).toBe(64);
    expect(stderr).toContain(command.formats.join(', '));
  });

  it('answers a usage error with one JSON document under -o json, and words on stderr', async () => {
    const { code, stdout, stderr } = await runCli([...words, '--hepl', '-o', 'json']);
    expect(code).toBe(64);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'UNKNOWN_FLAG', hint: expect.any(String) } });
    expect(stderr).toContain('Error: ');
  });

  it.each([
    ['NO_COLOR on a terminal', { env: { NO_COLOR: '1', CI: '1' }, isTty: true }, []],
    ['a pipe', {}, []],
    ['TERM=dumb on a terminal', { env: { TERM: 'dumb', CI: '1' }, isTty: true }, []],
    ['--no-color on a terminal', { env: { CI: '1' }, isTty: true }, ['--no-color']],
  ] as const)('prints no escape sequence with %s', async (_name, options, flags) => {
    for (const rest of [[], ['--hepl'], ['--help']]) {
      const { stdout, stderr } = await runCli([...words, ...flags, ...rest], options);
      expect(stdout + stderr).not.toContain(ESC);
    }
  });

  it('ends with a code of its page, and without a stack, when nothing is there to work on', async () => {
    const { code, stderr } = await runCli(words);
    const { stdout: page } = await runCli([...words, '--help']);
    expect(page.slice(page.indexOf('EXIT CODES'))).toMatch(new RegExp(`^ +${code}  `, 'm'));
    expect(code).not.toBe(70);
    expect(stderr).not.toMatch(/^ +at /m);
  });
});

describe('heddle', () => {
  it('lists every command and group on one screen', async () => {
    const { code, stdout } = await runCli(['--help']);
    expect(code).toBe(0);
    for (const { entries } of SECTIONS)
      for (const { name } of entries) expect(stdout).toMatch(new RegExp(`^  ([\\w-]+, )*${name}( |,|$)`, 'm'));
    expect(stdout.split('\n').length).toBeLessThanOrEqual(40);
    expect(stdout.split('\n').filter((line) => line.length >= 80)).toEqual([]);
  });

  it.each([[[]], [['-h']], [['help']], [['--color=never', '--help']]])('shows the first page for %o', async (argv) => {
    expect((await runCli(argv)).stdout).toBe((await runCli(['--help'])).stdout);
  });

  it('shows the verbs of a group for the group alone', async () => {
    for (const argv of [['local'], ['local', '--help'], ['help', 'local'], ['local', '-h']]) {
      const { code, stdout } = await runCli(argv);
      expect(code).toBe(0);
      expect(stdout).toContain('heddle local COMMAND [FLAGS]');
      expect(stdout).toMatch(/^ {2}curl /m);
    }
  });

  it('prints its version in one line', async () => {
    expect((await runCli(['--version'])).stdout).toMatch(/^heddle \d+\.\d+\.\d+\n$/);
  });

  it.each([
    [['loca'], 'did you mean heddle local?'],
    [['local', 'stauts'], 'did you mean heddle local status?'],
    [['--versio'], 'did you mean --version?'],
    [['qqqqqqqq'], 'heddle --help lists what there is'],
  ])('refuses %o with 64 and "%s"', async (argv, hint) => {
    const { code, stderr } = await runCli(argv);
    expect(code).toBe(64);
    expect(stderr).toContain(hint);
  });

  it('takes global flags in front of the command as behind it', async () => {
    const behind = await runCli(['version', '-o', 'json']);
    expect(await runCli(['-o', 'json', 'version'])).toEqual(behind);
    expect(await runCli(['--output=json', '--color', 'never', 'version'])).toEqual(behind);
    expect(JSON.parse(behind.stdout)).toMatchObject({ apiVersion: 'heddle/v1', kind: 'Version' });
  });

  it('understands boolean flags with a value, as Go programs have them', async () => {
    const plain = await runCli(['version', '--remote=false']);
    expect(await runCli(['version', '--short=true', '--remote=false'])).toEqual(plain);
    expect((await runCli(['version', '--short=false', '--remote=false'])).stdout).toContain(plain.stdout.trim());
  });

  it('understands the words of istioctl: its spelling of flags, and experiments', async () => {
    const plain = await runCli(['version', '--remote=false', '--istio-namespace', 'mesh']);
    expect(plain.code, plain.stderr).toBe(0);
    expect(await runCli(['x', 'version', '--remote=false', '--istioNamespace=mesh'])).toEqual(plain);
    expect(await runCli(['-q', 'experimental', 'version', '--remote=false', '--istioNamespace', 'mesh'])).toEqual(
      plain,
    );
    expect((await runCli(['x', 'versoin'])).stderr).toContain('did you mean heddle version?');
  });
});

describe('colour', () => {
  const failing = ['version', '--hepl'];
  it.each([
    ['--color=always', [...failing, '--color=always'], {}, false, true],
    ['--color=always over NO_COLOR', [...failing, '--color=always'], { NO_COLOR: '1' }, false, true],
    ['--no-color over FORCE_COLOR', [...failing, '--no-color'], { FORCE_COLOR: '1' }, true, false],
    ['NO_COLOR over FORCE_COLOR', failing, { NO_COLOR: '1', FORCE_COLOR: '1' }, true, false],
    ['an empty NO_COLOR', failing, { NO_COLOR: '' }, true, true],
    ['FORCE_COLOR in a pipe', failing, { FORCE_COLOR: '1' }, false, true],
    ['FORCE_COLOR=0 in a pipe', failing, { FORCE_COLOR: '0' }, false, false],
    ['CLICOLOR_FORCE over TERM=dumb', failing, { CLICOLOR_FORCE: '1', TERM: 'dumb' }, true, true],
    ['a terminal', failing, {}, true, true],
  ] as const)('with %s', async (_name, argv, env, isTty, isColoured) => {
    const { stderr } = await runCli(argv, { env, isTty });
    expect(stderr.includes(ESC)).toBe(isColoured);
  });
});
