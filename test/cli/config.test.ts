import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readConfig } from '../../src/cli/config/config.ts';
import { configSchema } from '../../src/cli/config/json-schema.ts';
import { violations } from '../support/json-schema.ts';
import { codesIn, createWorkspace, namespace, policy } from '../support/workspace.ts';

const published = readFileSync(join(import.meta.dirname, '../../templates/schema/heddle.schema.json'), 'utf8');

const isDecoded = (value: unknown): boolean => {
  try {
    readConfig({ name: '.heddle.yaml', text: JSON.stringify(value) }, '/repository/.heddle.yaml');
    return true;
  } catch {
    return false;
  }
};

const FULL = {
  analyze: {
    paths: ['k8s'],
    exclude: ['k8s/generated/**'],
    namespace: 'shop',
    failureThreshold: 'Warning',
    outputThreshold: 'Info',
    overrides: [{ paths: ['legacy/**'], failureThreshold: 'Error', outputThreshold: 'Error' }],
    disabledChecks: ['gateway.SecretAnalyzer'],
    suppress: [{ code: 'IST0101', resource: 'Gateway shop/*', path: 'k8s', reason: 'a reason' }],
    suppressionReasons: 'required',
    output: [{ format: 'pretty' }, { format: 'sarif', file: 'out.sarif' }],
    githubAnnotations: false,
    meshConfig: 'mesh.yaml',
    meshNetworks: 'networks.yaml',
    baseline: 'known.json',
    ignoreUnknown: true,
  },
};

/** Every value that comes of the full configuration by one mistake: an entry dropped, misnamed, emptied or mistyped. */
const mistakes = (value: unknown): readonly unknown[] => {
  if (Array.isArray(value))
    return [
      [],
      null,
      'text',
      7,
      { a: 1 },
      ...value.flatMap((one, at) => mistakes(one).map((bad) => value.with(at, bad))),
    ];
  if (typeof value !== 'object' || value === null) return ['', 'nonsense', 7, true, null, [], {}, [value]];
  const entries = Object.entries(value);
  return [
    null,
    [],
    'text',
    { ...value, unknown: 1 },
    ...entries.map((_, at) => Object.fromEntries(entries.toSpliced(at, 1))),
    ...entries.flatMap(([key, inner]) => mistakes(inner).map((bad) => ({ ...value, [key]: bad }))),
  ];
};

describe('the JSON Schema of .heddle.yaml', () => {
  it('is published as the definition has it', () => {
    expect(published).toBe(configSchema());
  });

  it('names every key of a full configuration', () => {
    const schema = JSON.parse(published);
    expect(Object.keys(schema.properties.analyze.properties).sort()).toEqual(Object.keys(FULL.analyze).sort());
  });

  it('accepts and refuses what the decoder does', () => {
    const schema = JSON.parse(published);
    // The null document is an empty file, which a schema never sees.
    const values = [FULL, {}, { analyze: {} }, ...mistakes(FULL).filter((value) => value !== null)];
    const verdicts = values.map((value) => ({ value, isValid: violations(value, schema).length === 0 }));
    expect(verdicts.filter(({ isValid }) => isValid).length).toBeGreaterThan(10);
    expect(verdicts.filter(({ isValid }) => !isValid).length).toBeGreaterThan(100);
    expect(verdicts.filter(({ value, isValid }) => isDecoded(value) !== isValid)).toEqual([]);
  });
});

describe('the example of README.md', () => {
  it('is a configuration', () => {
    const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');
    const [, text = ''] = /```yaml\n(# yaml-language-server[^`]*)```/.exec(readme) ?? [];
    expect(readConfig({ name: 'README.md', text }, '/repository/.heddle.yaml').analyze.paths).toEqual(['k8s']);
  });
});

describe('a configuration that is wrong', () => {
  it.each([
    ['analyse: {}\n', '.heddle.yaml:1:1 unknown field "analyse"', 'did you mean "analyze"?'],
    ['analyze:\n  failureThreshold: warning\n', '.heddle.yaml:2:21 analyze.failureThreshold is "warning"', '"Warning"'],
    ['analyze:\n  output: [{format: sraif}]\n', '.heddle.yaml:2:21 analyze.output[0].format', 'did you mean "sarif"?'],
    ['analyze:\n  suppress:\n    - {code: IST0101}\n', '.heddle.yaml:3:8 analyze.suppress[0].reason is missing', ''],
    [
      'analyze:\n  disabledChecks: [gateway.SecretAnalyser]\n',
      '.heddle.yaml:2:20 there is no check',
      'SecretAnalyzer?',
    ],
    ['analyze: [\n', '.heddle.yaml:', ''],
    ['analyze: {}\n---\nanalyze: {}\n', 'one document', ''],
    ['- a\n', 'must be a mapping, not a list', ''],
  ])('%j says where and how', async (text, message, hint) => {
    const { run } = createWorkspace({ '.heddle.yaml': text, 'a.yaml': namespace('a') });
    const { code, stdout, stderr } = await run('analyze -o json a.yaml');
    expect(code).toBe(78);
    const { error } = JSON.parse(stdout);
    expect(error.message).toContain(message);
    expect(error.hint).toContain(hint);
    expect(stderr).not.toMatch(/^ +at /m);
    expect((await run('analyze --no-config a.yaml')).code).toBe(0);
  });

  it('names every wrong place at once', async () => {
    const { run } = createWorkspace({ '.heddle.yaml': 'analyze:\n  paths: k8s\n  ignoreUnknown: "true"\n  nope: 1\n' });
    const { stderr } = await run('analyze');
    for (const place of ['2:10', '3:18', '4:3']) expect(stderr).toContain(`.heddle.yaml:${place} `);
  });

  it('may be empty', async () => {
    const { run } = createWorkspace({ '.heddle.yaml': '# nothing yet\n', 'a.yaml': namespace('a') });
    expect((await run('analyze a.yaml')).code).toBe(0);
  });
});

describe('a configuration is found', () => {
  const files = {
    '.heddle.yaml': 'analyze: {paths: [k8s]}\n',
    'k8s/a.yaml': policy('a'),
    'x/y/z.yaml': namespace('z'),
  };

  it('above the working directory, and its paths are its own', async () => {
    const { run, directory } = createWorkspace(files);
    const { stdout } = await run('analyze -o log', { cwd: join(directory, 'x/y') });
    expect(stdout).toContain('../../k8s/a.yaml:');
  });

  it('up to the root of the repository', async () => {
    const { run, directory, write } = createWorkspace(files);
    write('x/.git', 'gitdir: elsewhere\n');
    expect((await run('analyze', { cwd: join(directory, 'x/y') })).code).toBe(69);
  });

  it('up to the home directory', async () => {
    const { run, directory } = createWorkspace(files);
    const cwd = join(directory, 'x/y');
    expect((await run('analyze', { cwd, env: { HOME: join(directory, 'x') } })).code).toBe(69);
  });

  it('by --config, and not at all with --no-config', async () => {
    const { run, write } = createWorkspace(files);
    write('ci.yaml', 'analyze: {paths: [x]}\n');
    expect((await run('analyze --config ci.yaml')).code).toBe(0);
    expect((await run('analyze')).code).toBe(79);
    expect((await run('analyze --no-config')).code).toBe(69);
    const { code, stderr } = await run('analyze --config cii.yaml');
    expect(code).toBe(64);
    expect(stderr).toContain('did you mean ci.yaml?');
  });
});

describe('a key of the configuration', () => {
  const configured = (lines: string, files: Readonly<Record<string, string>> = {}) =>
    createWorkspace({
      '.heddle.yaml': `analyze:\n${lines}`,
      'k8s/a.yaml': policy('a'),
      'k8s/old/b.yaml': policy('b'),
      ...files,
    });

  it('exclude leaves out of directories, not what is named', async () => {
    const { run } = configured('  exclude: ["**/old"]\n');
    expect(codesIn((await run('analyze k8s -o json-compat')).stdout)).toEqual([
      'IST0101 AuthorizationPolicy web/a',
      'IST0127 AuthorizationPolicy web/a',
    ]);
    expect(codesIn((await run('analyze k8s/**/*.yaml -o json-compat')).stdout)).toHaveLength(2);
    expect(codesIn((await run('analyze k8s/old/b.yaml -o json-compat')).stdout)).toHaveLength(2);
  });

  it('failureThreshold yields to the last override that matches, and all to the flag', async () => {
    const unused = 'kind: ConfigMap # heddle-ignore IST0101\napiVersion: v1\nmetadata: {name: a}\n';
    const { run, write } = createWorkspace({ 'k8s/old/b.yaml': unused });
    const rules = ['failureThreshold: Info', 'overrides: [{paths: [k8s], failureThreshold: Error}]'];
    const codes: number[] = [];
    for (const count of [0, 1, 2]) {
      write(
        '.heddle.yaml',
        `analyze:\n  paths: [k8s]\n${rules
          .slice(0, count)
          .map((rule) => `  ${rule}\n`)
          .join('')}`,
      );
      codes.push((await run('analyze')).code);
    }
    write(
      '.heddle.yaml',
      'analyze: {paths: [k8s], overrides: [{paths: [k8s], failureThreshold: Error}, {paths: [k8s/old], failureThreshold: Info}]}\n',
    );
    codes.push((await run('analyze')).code, (await run('analyze --failure-threshold Error')).code);
    expect(codes).toEqual([0, 79, 0, 79, 0]);
  });

  it('overrides sets thresholds for some files', async () => {
    const { run } = configured(
      '  failureThreshold: Warning\n  outputThreshold: Warning\n  overrides:\n    - paths: ["k8s/**"]\n      outputThreshold: Error\n      failureThreshold: Error\n    - paths: [k8s/old]\n      outputThreshold: Info\n',
    );
    const { code, stdout } = await run('analyze k8s -o json-compat');
    expect(code).toBe(79);
    expect(codesIn(stdout).filter((one) => one.startsWith('IST0127'))).toEqual(['IST0127 AuthorizationPolicy web/b']);
    expect(codesIn((await run('analyze k8s -o json-compat --output-threshold Info')).stdout)).toHaveLength(4);
  });

  it('namespace yields to -n and -A', async () => {
    const { run } = configured('  namespace: other\n');
    expect((await run('analyze k8s')).code).toBe(0);
    expect((await run('analyze k8s -n web')).code).toBe(79);
    expect((await run('analyze k8s -A')).code).toBe(79);
  });

  it('disabledChecks is not run, unless --analyzer names it', async () => {
    const { run } = configured('  disabledChecks: [auth.AuthorizationPoliciesAnalyzer]\n');
    expect((await run('analyze k8s')).code).toBe(0);
    expect((await run('analyze k8s --analyzer auth.AuthorizationPoliciesAnalyzer')).code).toBe(79);
  });

  it('suppress silences by code, object and path, with its reason in the report', async () => {
    const { run } = configured(
      '  suppress:\n    - {code: IST0101, resource: "AuthorizationPolicy web/*", path: k8s/old, reason: going away}\n    - {code: IST0127, reason: fine}\n',
    );
    const { items, suppressed } = JSON.parse((await run('analyze k8s -o json')).stdout);
    expect(items.map(({ origin }: { origin: string }) => origin)).toEqual(['AuthorizationPolicy web/a']);
    expect(suppressed.map(({ by, reason }: { by: string; reason: string }) => `${by}: ${reason}`).sort()).toEqual([
      'config: fine',
      'config: fine',
      'config: going away',
    ]);
  });

  it('suppress that silences nothing is reported where it stands, when everything was looked at', async () => {
    const { run } = configured(
      '  paths: [k8s]\n  suppress:\n    - {code: IST0102, reason: old}\n    - {code: IST9999, reason: wrong}\n',
    );
    const { items } = JSON.parse((await run('analyze -o json')).stdout);
    const unused = items.filter(({ code }: { code: string }) => code === 'HED0001');
    expect(unused.map(({ reference }: { reference: string }) => reference)).toEqual([
      '.heddle.yaml:4',
      '.heddle.yaml:5',
    ]);
    expect((await run('analyze k8s -o json')).stdout).not.toContain('HED0001');
  });

  it('suppressionReasons makes comments without a reason void', async () => {
    const text = policy('a').replace('[missing]', '[missing] # heddle-ignore IST0101');
    const { run, write } = configured('  suppressionReasons: required\n', { 'k8s/a.yaml': text });
    expect((await run('analyze k8s/a.yaml')).code).toBe(79);
    write('k8s/a.yaml', text.replace('ignore IST0101', 'ignore IST0101 -- a reason'));
    expect((await run('analyze k8s/a.yaml')).code).toBe(0);
  });

  it('output writes reports beside the configuration, and yields to -o', async () => {
    const { run, read, directory } = configured(
      '  output: [{format: concise}, {format: sarif, file: out/report.sarif}]\n  paths: [k8s]\n',
    );
    expect((await run('analyze', { cwd: join(directory, 'k8s') })).stdout).toMatch(/^a.yaml:\d+:\d+: error IST0101/);
    expect(JSON.parse(read('out/report.sarif')).version).toBe('2.1.0');
    expect((await run('analyze -o json-compat')).stdout).toMatch(/^\[/);
  });

  it('output in an analyzed directory is no input of the next run', async () => {
    const { run } = configured('  output: [{format: json, file: k8s/report.json}]\n  paths: [k8s]\n');
    const first = await run('analyze');
    expect(await run('analyze')).toEqual(first);
  });

  it('githubAnnotations switches annotations off, and the flag on again', async () => {
    const { run } = configured('  githubAnnotations: false\n');
    const env = { GITHUB_ACTIONS: 'true' };
    expect((await run('analyze k8s', { env })).stderr).not.toContain('::error');
    expect((await run('analyze k8s --github-annotations', { env })).stderr).toContain('::error');
    expect((await run('analyze k8s --no-config', { env })).stderr).toContain('::error');
    expect((await run('analyze k8s --no-config --github-annotations=false', { env })).stderr).not.toContain('::error');
  });

  it('meshConfig and meshNetworks name files beside the configuration', async () => {
    for (const key of ['meshConfig', 'meshNetworks']) {
      const { run, directory } = configured(`  ${key}: mesh.yaml\n`, { 'mesh.yaml': '- no mapping\n' });
      const { stderr } = await run('analyze a.yaml', { cwd: join(directory, 'k8s') });
      expect(stderr).toContain('../mesh.yaml is no mapping');
    }
  });

  it('baseline names a file beside the configuration', async () => {
    const { run, directory, read } = configured('  baseline: known.json\n  paths: [k8s]\n');
    const { code, stderr } = await run('analyze');
    expect(code).toBe(64);
    expect(stderr).toContain('--update-baseline writes it');
    expect((await run('analyze --update-baseline', { cwd: join(directory, 'k8s') })).code).toBe(0);
    expect(read('known.json')).toContain('"k8s/old/b.yaml"');
    expect((await run('analyze')).code).toBe(0);
  });

  it('ignoreUnknown yields to the flag', async () => {
    const { run } = configured('  ignoreUnknown: true\n', { 'broken.yaml': 'kind: [\n' });
    expect((await run('analyze broken.yaml')).code).toBe(0);
    expect((await run('analyze broken.yaml --ignore-unknown=false')).code).toBe(65);
  });
});
