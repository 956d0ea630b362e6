import { describe, expect, it } from 'vitest';
import type { CliOptions } from '../support/cli.ts';
import { createWorkspace, namespace, policy, type Workspace } from '../support/workspace.ts';

/** A watched command line; `until` resolves as soon as what it has written passes the test. */
const watchIn = ({ run }: Workspace, line: string, options: CliOptions = {}) => {
  const controller = new AbortController();
  const written = { stdout: '', stderr: '' };
  let check = (): void => undefined;
  const onWrite = (stream: 'stdout' | 'stderr', text: string): void => {
    written[stream] += text;
    check();
  };
  const ended = run(line, { ...options, signal: controller.signal, onWrite });
  const until = (passes: (now: typeof written) => boolean): Promise<void> =>
    new Promise((resolve) => {
      check = () => {
        if (passes(written)) resolve();
      };
      check();
    });
  return {
    until,
    end: () => {
      controller.abort('SIGINT');
      return ended;
    },
  };
};

const count = (text: string, what: string): number => text.split(what).length - 1;
const runs =
  (wanted: number) =>
  ({ stderr }: { readonly stderr: string }): boolean =>
    count(stderr, ' in 1 file') >= wanted;

describe('--watch', () => {
  it('runs again after a change, one summary a run, and ends with 130', async () => {
    const workspace = createWorkspace({ 'k8s/a.yaml': policy('a') });
    const { until, end } = watchIn(workspace, 'analyze --watch k8s');
    await until(runs(1));
    workspace.write('k8s/a.yaml', namespace('a'));
    await until(runs(2));
    const { code, stdout, stderr } = await end();
    expect(code).toBe(130);
    expect(stdout).toMatch(/^Error \[IST0101\] .*\nWarning \[IST0127\] .*\n$/);
    expect(stderr).toBe('✖ 1 error, 1 warning in 1 file\n✔ no findings in 1 file\n');
    expect(stdout + stderr).not.toContain('\u001b');
  });

  it('goes on when an input goes missing, and when the configuration is wrong for a while', async () => {
    const workspace = createWorkspace({ '.heddle.yaml': 'analyze: {paths: [k8s]}\n', 'k8s/a.yaml': policy('a') });
    const { until, end } = watchIn(workspace, 'analyze --watch');
    await until(runs(1));
    workspace.write('.heddle.yaml', 'analyze: {path: [k8s]}\n');
    await until(({ stderr }) => stderr.includes('unknown field "analyze.path"'));
    workspace.write('.heddle.yaml', 'analyze: {paths: [other]}\n');
    await until(({ stderr }) => stderr.includes('no such file or directory: other'));
    workspace.write('other/b.yaml', namespace('b'));
    await until(({ stderr }) => stderr.endsWith('✔ no findings in 1 file\n'));
    expect((await end()).code).toBe(130);
  });

  it('prints one line a run with -o json, failures too', async () => {
    const workspace = createWorkspace({ '.heddle.yaml': '', 'k8s/a.yaml': policy('a') });
    const { until, end } = watchIn(workspace, 'analyze --watch -o json k8s');
    await until(({ stdout }) => count(stdout, '\n') >= 1);
    workspace.write('k8s/a.yaml', namespace('a'));
    await until(({ stdout }) => count(stdout, '\n') >= 2);
    workspace.write('.heddle.yaml', 'nope: 1\n');
    await until(({ stdout }) => count(stdout, '\n') >= 3);
    const documents = (await end()).stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(documents.map(({ items, error }) => items?.length ?? error.code)).toEqual([2, 0, 'BAD_CONFIG']);
  });

  it('replaces a report in a file, which is no input even where inputs are', async () => {
    const workspace = createWorkspace({ 'k8s/a.yaml': policy('a') });
    const { until, end } = watchIn(workspace, 'analyze --watch -o log -o json=k8s/report.json k8s');
    await until(runs(1));
    expect(JSON.parse(workspace.read('k8s/report.json')).items).toHaveLength(2);
    workspace.write('k8s/a.yaml', namespace('a'));
    await until(runs(2));
    expect(JSON.parse(workspace.read('k8s/report.json')).items).toHaveLength(0);
    expect(count((await end()).stderr, 'in 1 file')).toBe(2);
  });

  it.each([
    ['a terminal', {}, true],
    ['a terminal of somebody who wants no escape sequences', { NO_COLOR: '1' }, false],
    ['a dumb terminal', { TERM: 'dumb' }, false],
  ])('on %s clears the screen: %o %s', async (_what, env, clears) => {
    const workspace = createWorkspace({ 'a.yaml': namespace('a') });
    const { until, end } = watchIn(workspace, 'analyze -w a.yaml', { isTty: true, env });
    await until(({ stderr }) => stderr.includes('until Ctrl-C'));
    const { stdout, stderr } = await end();
    expect(stdout.includes('\u001b[2J')).toBe(clears);
    if (!clears) expect(stdout + stderr).not.toContain('\u001b');
  });

  it.each([
    ['analyze --watch -', 'standard input'],
    ['analyze --watch -o sarif a.yaml', '-o sarif=FILE'],
    ['analyze --watch --baseline b.json --update-baseline a.yaml', 'does not change a baseline'],
    ['analyze --watch nope.yaml', 'no such file'],
  ])('%s is a usage error at once', async (line, words) => {
    const { run } = createWorkspace({ 'a.yaml': policy('a') });
    const { code, stderr } = await run(line);
    expect(code).toBe(64);
    expect(stderr).toContain(words);
  });
});
