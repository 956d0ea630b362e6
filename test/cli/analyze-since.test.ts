import { execFileSync } from 'node:child_process';
import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { codesIn, createWorkspace, namespace, policy } from '../support/workspace.ts';

const hasGit = (() => {
  try {
    execFileSync('git', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

/** A repository with one commit of the files. */
const createRepository = (files: Readonly<Record<string, string>>) => {
  const workspace = createWorkspace(files);
  const git = (...args: readonly string[]): void => {
    const identity = ['-c', 'user.name=a', '-c', 'user.email=a@example.com', '-c', 'commit.gpgsign=false'];
    const env = { PATH: process.env['PATH'], HOME: workspace.directory, GIT_CONFIG_NOSYSTEM: '1' };
    execFileSync('git', [...identity, ...args], { cwd: workspace.directory, stdio: 'ignore', env });
  };
  const commit = (message: string): void => {
    git('add', '-A');
    git('commit', '-m', message);
  };
  git('init', '-b', 'main');
  commit('first');
  const fresh = async (flags: string, cwd = workspace.directory) => {
    const { code, stdout } = await workspace.run(`analyze -o json-compat --failure-threshold Info ${flags}`, { cwd });
    return { code, codes: codesIn(stdout) };
  };
  return { ...workspace, git, commit, fresh };
};

const NOTHING = { code: 0, codes: [] };

describe.skipIf(!hasGit)('--since (needs git)', () => {
  it('has nothing to say of what was there, wherever it has moved', async () => {
    const { fresh, write, directory } = createRepository({ 'k8s/a.yaml': policy('a'), 'k8s/b.yaml': policy('b') });
    expect(await fresh('--since HEAD k8s')).toEqual(NOTHING);
    write('k8s/a.yaml', `# a new first line\n${policy('a')}`);
    renameSync(join(directory, 'k8s/b.yaml'), join(directory, 'k8s/c.yaml'));
    expect(await fresh('--since HEAD k8s')).toEqual(NOTHING);
    expect(await fresh('--since HEAD k8s/*.yaml')).toEqual(NOTHING);
    expect(await fresh('--since HEAD ../k8s', join(directory, 'k8s'))).toEqual(NOTHING);
    expect(await fresh(`--since HEAD ${directory}/k8s`)).toEqual(NOTHING);
  });

  it('tells of new files, changed lines and one more of the same', async () => {
    const { fresh, write } = createRepository({ 'k8s/a.yaml': policy('a') });
    write('k8s/new.yaml', policy('new'));
    write('k8s/a.yaml', policy('a', 'gone'));
    expect(await fresh('--since HEAD k8s')).toEqual({
      code: 79,
      codes: [
        'IST0101 AuthorizationPolicy web/a',
        'IST0101 AuthorizationPolicy web/new',
        'IST0127 AuthorizationPolicy web/new',
      ],
    });
  });

  it('tells of what a deletion breaks in a file that did not change', async () => {
    const { fresh, directory } = createRepository({
      'k8s/a.yaml': policy('a', 'shop'),
      'k8s/shop.yaml': namespace('shop'),
    });
    rmSync(join(directory, 'k8s/shop.yaml'));
    expect(await fresh('--since HEAD k8s')).toEqual({ code: 79, codes: ['IST0101 AuthorizationPolicy web/a'] });
  });

  it('tells of a finding whose suppressing comment is gone', async () => {
    const { fresh, write } = createRepository({
      'k8s/a.yaml': policy('a').replace('[missing]', '[missing] # heddle-ignore IST0101'),
    });
    write('k8s/a.yaml', policy('a'));
    expect((await fresh('--since HEAD k8s')).codes).toEqual(['IST0101 AuthorizationPolicy web/a']);
  });

  it('compares with branches, commits and, with REV..., where HEAD left them', async () => {
    const { fresh, write, git, commit } = createRepository({ 'k8s/a.yaml': policy('a') });
    git('switch', '-c', 'topic');
    write('k8s/mine.yaml', policy('mine'));
    commit('mine');
    git('switch', 'main');
    write('k8s/a.yaml', namespace('repaired'));
    commit('repaired');
    git('switch', 'topic');
    const mine = ['IST0101 AuthorizationPolicy web/mine', 'IST0127 AuthorizationPolicy web/mine'];
    expect((await fresh('--since main... k8s')).codes).toEqual(mine);
    expect((await fresh('--since HEAD~1 k8s')).codes).toEqual(mine);
    expect((await fresh('--since main k8s')).codes).toHaveLength(4);
  });

  it('counts what it leaves out as suppressed, after what a baseline knows', async () => {
    const { run, write } = createRepository({ 'k8s/a.yaml': policy('a') });
    await run('analyze k8s --baseline known.json --update-baseline');
    write('k8s/b.yaml', policy('b'));
    const { stdout } = await run('analyze k8s --baseline known.json --since HEAD -o json');
    const { items, suppressed } = JSON.parse(stdout);
    expect(items).toHaveLength(2);
    expect(suppressed.map(({ by }: { by: string }) => by)).toEqual(['baseline', 'baseline']);
  });

  it('keeps links, submodules, excluded files and other kinds of file out of the old tree', async () => {
    const { fresh, write } = createRepository({
      '.heddle.yaml': 'analyze: {exclude: [k8s/generated]}\n',
      'k8s/generated/a.yaml': policy('a'),
      'k8s/.hidden/a.yaml': policy('a'),
      'k8s/a.txt': policy('a'),
      'k8s/z.yaml': namespace('z'),
    });
    write('k8s/a.yaml', policy('a'));
    expect((await fresh('--since HEAD k8s')).codes).toHaveLength(2);
  });

  it.each([
    ['nope', 64, 'UNKNOWN_REVISION'],
    ['nope...', 64, 'UNKNOWN_REVISION'],
    ['--output=stolen', 64, 'UNKNOWN_REVISION'],
    ['HEAD:k8s/a.yaml', 64, 'UNKNOWN_REVISION'],
  ])('refuses %s', async (revision, exitCode, errorCode) => {
    const { run } = createRepository({ 'k8s/a.yaml': policy('a') });
    const { code, stdout, stderr } = await run(`analyze k8s -o json --since=${revision}`);
    expect(code).toBe(exitCode);
    expect(JSON.parse(stdout).error).toMatchObject({ code: errorCode, hint: expect.stringMatching(/./) });
    expect(stderr).toContain(`git knows no revision "${revision}"`);
  });

  it('refuses standard input, and a directory without a repository', async () => {
    const { run } = createRepository({ 'a.yaml': policy('a') });
    expect((await run('analyze --since HEAD -', { stdin: policy('a') })).code).toBe(64);
    const outside = createWorkspace({ 'a.yaml': policy('a') });
    const env = { GIT_CEILING_DIRECTORIES: outside.directory };
    const { code, stderr } = await outside.run('analyze --since HEAD a.yaml', { env });
    expect(code).toBe(64);
    expect(stderr).toContain('needs a git repository');
  });
});

describe('--since without git', () => {
  it('says so', async () => {
    const { run } = createWorkspace({ 'a.yaml': policy('a') });
    const { code, stderr } = await run('analyze --since HEAD a.yaml', { env: { PATH: '/nonexistent' } });
    expect(code).toBe(1);
    expect(stderr).toContain('git is needed');
  });
});
