import { describe, expect, it } from 'vitest';
import { FORMATS } from '../../src/cli/report/analysis/formats.ts';
import { createWorkspace, namespace, policy } from '../support/workspace.ts';

const FILES = {
  'clean.yaml': namespace('clean'),
  'bad.yaml': policy('bad'),
  'warning.yaml': `${policy('lonely', 'web')}---\n${namespace('web')}`,
  'broken.yaml': 'kind: [\n',
  'both.yaml': `${policy('bad')}---\nkind: [\n`,
  'wrong.json': '{"kind": "Other"}',
  'wrong.heddle.yaml': 'analyse: {}\n',
  'mesh.yaml': 'trustDomain: [a]\n',
};

/** Every way an analysis can end: the rest of the command line and its exit code. */
const OUTCOMES: readonly (readonly [what: string, line: string, code: number])[] = [
  ['nothing to say', 'clean.yaml', 0],
  ['findings', 'bad.yaml', 79],
  ['findings below the threshold', 'warning.yaml', 0],
  ['findings at a threshold of its own', 'warning.yaml --failure-threshold Warning', 79],
  ['findings that are not shown', 'bad.yaml --output-threshold Error -n web', 79],
  ['findings that are suppressed', 'bad.yaml -S *=*', 0],
  ['an unreadable document', 'broken.yaml', 65],
  ['an unreadable document that is forgiven', 'broken.yaml --ignore-unknown', 0],
  ['an unreadable document beside findings', 'both.yaml', 79],
  ['a mesh configuration that is refused', 'clean.yaml --mesh-config mesh.yaml', 65],
  ['a missing file', 'cleann.yaml', 64],
  ['an unknown flag', 'clean.yaml --analyser a', 64],
  ['a wrong value', 'clean.yaml --failure-threshold fatal', 64],
  ['an unknown check', 'clean.yaml --analyzer nope', 64],
  ['a missing baseline', 'clean.yaml --baseline nope.json', 64],
  ['flags that contradict', 'clean.yaml --update-baseline --prune-baseline', 64],
  ['a configuration and none', 'clean.yaml --config wrong.heddle.yaml --no-config', 64],
  ['a revision that is none', 'clean.yaml --since -x', 64],
  ['a flag that lacks another', 'clean.yaml --prune-baseline', 64],
  ['a file that is no baseline', 'clean.yaml --baseline wrong.json', 78],
  ['a wrong configuration', 'clean.yaml --config wrong.heddle.yaml', 78],
  ['a cluster', '', 69],
  ['a cluster beside files', 'clean.yaml --use-kube', 69],
  ['a report that cannot be written', 'clean.yaml -o sarif=bad.yaml/x', 73],
];

const lineOf = (line: string, format: string): string => ['analyze', '-o', format, line].join(' ').trimEnd();

describe.each(OUTCOMES)('%s', (_what, line, expected) => {
  it.each([...FORMATS.keys()])('ends with the same code under -o %s, without a stack', async (format) => {
    const { run } = createWorkspace(FILES);
    const { code, stderr } = await run(lineOf(line, format));
    expect(code).toBe(expected);
    expect(stderr).not.toMatch(/^ +at /m);
  });

  it.each(['json', 'json-compat', 'JSON'])('is one JSON document under -o %s', async (format) => {
    const { run } = createWorkspace(FILES);
    const { stdout } = await run(lineOf(line, format));
    const document = JSON.parse(stdout);
    if (expected === 0 || expected === 79) expect(document).not.toHaveProperty('error');
    else if (expected !== 65)
      expect(document).toMatchObject({
        error: { code: expect.stringMatching(/^[A-Z_]+$/), message: expect.any(String) },
      });
  });

  it.each([
    ['NO_COLOR', { env: { NO_COLOR: '1' }, isTty: true }],
    ['TERM=dumb', { env: { TERM: 'dumb' }, isTty: true }],
    ['a pipe', {}],
  ])('has no escape sequence with %s', async (_how, options) => {
    const { run } = createWorkspace(FILES);
    for (const format of ['pretty', 'concise', 'log', 'markdown', 'json']) {
      const { stdout, stderr } = await run(lineOf(line, format), options);
      expect(stdout + stderr).not.toContain('\u001b');
    }
  });
});

describe('a baseline', () => {
  it('is pruned of what is gone, which it tells until then', async () => {
    const { run, write, read } = createWorkspace({ 'k8s/a.yaml': policy('a'), 'k8s/b.yaml': policy('b') });
    await run('analyze k8s --baseline known.json --update-baseline');
    const full = read('known.json');
    write('k8s/a.yaml', namespace('a'));
    write('k8s/c.yaml', policy('c'));
    expect((await run('analyze k8s --baseline known.json')).stderr).toContain(
      '2 findings of the baseline are gone: k8s/a.yaml IST0101, k8s/a.yaml IST0127\n  Try: --prune-baseline',
    );
    expect(read('known.json')).toBe(full);
    expect((await run('analyze k8s --baseline known.json --prune-baseline')).code).toBe(79);
    expect(Object.keys(JSON.parse(read('known.json')).files)).toEqual(['k8s/b.yaml']);
  });

  it('is left alone where the run did not look: other files, namespaces and checks', async () => {
    const { run, read } = createWorkspace({ 'k8s/a.yaml': policy('a'), 'k8s/b.yaml': policy('b') });
    await run('analyze k8s --baseline known.json --update-baseline');
    const full = read('known.json');
    for (const flags of ['k8s/a.yaml', 'k8s -n other', 'k8s --analyzer gateway.SecretAnalyzer'])
      for (const change of ['', ' --prune-baseline', ' --update-baseline']) {
        const { stderr } = await run(`analyze --baseline known.json ${flags}${change}`);
        expect(stderr).not.toContain('gone');
        expect(read('known.json')).toBe(full);
      }
  });

  it('forgets a file that is gone', async () => {
    const { run, read } = createWorkspace({ 'k8s/a.yaml': policy('a'), 'b.yaml': policy('b') });
    await run('analyze k8s b.yaml --baseline k8s/known.json --update-baseline');
    const moved = createWorkspace({ 'b.yaml': policy('b'), 'k8s/known.json': read('k8s/known.json') });
    await moved.run('analyze b.yaml --baseline k8s/known.json --prune-baseline');
    expect(Object.keys(JSON.parse(moved.read('k8s/known.json')).files)).toEqual(['../b.yaml']);
  });
});
