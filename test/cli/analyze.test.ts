import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { FORMATS } from '../../src/cli/report/analysis/formats.ts';
import { runCli } from '../support/cli.ts';

const directory = mkdtempSync(join(tmpdir(), 'heddle-analyze-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const write = (name: string, text: string): string => {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
};

/** Names a namespace that does not exist, and selects workloads that do not either. */
const policy = (name: string, namespace: string): string => `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata:
  name: ${name}
  namespace: ${namespace}
spec:
  rules:
    - from:
        - source:
            namespaces: [missing]
`;

const bad = write('bad.yaml', policy('shop', 'web'));
const clean = write('clean.yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: web}\n');
const broken = write('broken.yaml', 'apiVersion: v1\nkind: [\n');
const both = write('both.yaml', `${policy('shop', 'web')}---\nkind: [\n`);

interface Item {
  readonly code: string;
  readonly origin: string;
}

const codesIn = (stdout: string): readonly string[] =>
  (JSON.parse(stdout) as readonly Item[]).map(({ code, origin }) => `${code} ${origin}`);

describe.each([...FORMATS.keys()])('heddle analyze -o %s', (format) => {
  it('writes the same to a file as into a pipe', async () => {
    const file = join(directory, `report.${format}`);
    const { stdout } = await runCli(['lint', bad, '-o', format, '-o', `${format}=${file}`]);
    expect(stdout).not.toBe('');
    expect(readFileSync(file, 'utf8')).toBe(stdout);
  });
});

describe('thresholds', () => {
  it('fail from the level of --failure-threshold on, in any case', async () => {
    const path = write('unused.yaml', 'apiVersion: v1\nkind: ConfigMap # heddle-ignore IST0101\nmetadata: {name: a}\n');
    expect((await runCli(['analyze', path])).code).toBe(0);
    expect((await runCli(['analyze', path, '--failure-threshold', 'WARNING'])).code).toBe(0);
    expect((await runCli(['analyze', path, '--failure-threshold', 'info'])).code).toBe(79);
  });

  it('count before --output-threshold', async () => {
    const path = write('info.yaml', 'apiVersion: v1\nkind: ConfigMap # heddle-ignore IST0101\nmetadata: {name: a}\n');
    const argv = ['analyze', path, '-o', 'json-compat', '--failure-threshold', 'Info', '--output-threshold', 'Error'];
    expect(await runCli(argv)).toMatchObject({ code: 79, stdout: '[]\n' });
  });

  it('refuse a level there is none of', async () => {
    const { code, stderr } = await runCli(['analyze', bad, '--failure-threshold', 'fatal']);
    expect(code).toBe(64);
    expect(stderr).toContain('--failure-threshold wants Error, Warning or Info, not "fatal"');
  });
});

describe('namespaces', () => {
  const two = write('two.yaml', `${policy('a', 'one')}---\n${policy('b', 'two')}`);

  it('are all looked at unless -n names one; -A names all again', async () => {
    const missing = async (...flags: readonly string[]): Promise<readonly string[]> =>
      codesIn((await runCli(['analyze', two, '-o', 'json-compat', ...flags])).stdout).filter((one) =>
        one.startsWith('IST0101'),
      );
    const all = ['IST0101 AuthorizationPolicy one/a', 'IST0101 AuthorizationPolicy two/b'];
    expect(await missing()).toEqual(all);
    expect(await missing('-n', 'two')).toEqual(all.slice(1));
    expect(await missing('-n', 'two', '-A')).toEqual(all);
    expect(await missing('-n', 'three')).toEqual([]);
  });

  it('decide the exit code too', async () => {
    expect((await runCli(['analyze', two, '-n', 'three'])).code).toBe(0);
  });
});

describe('suppression', () => {
  it('of the command line takes both forms, and counts before the threshold', async () => {
    for (const pattern of [
      'AuthorizationPolicy web/shop',
      'AuthorizationPolicy shop.web',
      'AuthorizationPolicy web/*',
    ]) {
      const argv = ['analyze', bad, '-S', `IST0101=${pattern}`, '--suppress', `IST0127=${pattern}`];
      expect(await runCli(argv)).toMatchObject({ code: 0 });
    }
  });

  it('that is malformed is a usage error with an example', async () => {
    const { code, stderr } = await runCli(['analyze', bad, '-S', 'IST0101']);
    expect(code).toBe(64);
    expect(stderr).toContain('-S "IST0101=VirtualService shop/*"');
  });

  it('of a baseline lets only new findings fail, wherever the old ones have moved', async () => {
    const baseline = join(directory, 'baseline.json');
    const moving = write('moving.yaml', policy('shop', 'web'));
    expect((await runCli(['analyze', moving, '--baseline', baseline])).code).toBe(64);
    expect((await runCli(['analyze', moving, '--baseline', baseline, '--update-baseline'])).code).toBe(0);
    expect(readFileSync(baseline, 'utf8')).toContain('"moving.yaml"');
    write('moving.yaml', `# a new first line\n${policy('shop', 'web')}`);
    expect((await runCli(['analyze', moving, '--baseline', baseline])).code).toBe(0);
    write('moving.yaml', `${policy('shop', 'web')}---\n${policy('other', 'web')}`);
    expect((await runCli(['analyze', moving, '--baseline', baseline])).code).toBe(79);
    write('moving.yaml', '');
    const { code, stderr } = await runCli(['analyze', moving, '--baseline', baseline]);
    expect(code).toBe(0);
    expect(stderr).toMatch(/findings? of the baseline (is|are) gone/);
  });

  it('of a file that is no baseline is a configuration error', async () => {
    const baseline = write('no-baseline.json', '{"kind": "Other"}');
    expect((await runCli(['analyze', bad, '--baseline', baseline])).code).toBe(78);
  });
});

describe('the flags', () => {
  it('--ignore-unknown forgives what cannot be parsed, and nothing else', async () => {
    expect((await runCli(['analyze', broken, '--ignore-unknown'])).code).toBe(0);
    expect((await runCli(['analyze', both, '--ignore-unknown'])).code).toBe(79);
  });

  it('--analyzer runs one check alone, and a name there is none of is an error with the nearest', async () => {
    const argv = ['analyze', bad, '-o', 'json-compat', '--analyzer'];
    const { stdout } = await runCli([...argv, 'auth.AuthorizationPoliciesAnalyzer']);
    expect(codesIn(stdout)).toContain('IST0101 AuthorizationPolicy web/shop');
    expect((await runCli([...argv, 'webhook.Analyzer'])).stdout).toBe('[]\n');
    const { code, stderr } = await runCli([...argv, 'auth.AuthorisationPoliciesAnalyser']);
    expect(code).toBe(64);
    expect(stderr).toContain('did you mean auth.AuthorizationPoliciesAnalyzer?');
  });

  it('--list shows every check with its codes', async () => {
    const { code, stdout } = await runCli(['analyze', '--list']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^NAME +CODES +SUMMARY\n/);
    expect(stdout).toMatch(/\nauth\.AuthorizationPoliciesAnalyzer +IST0101,IST0127/);
    const document = JSON.parse((await runCli(['analyze', '-L', '-o', 'json'])).stdout);
    expect(document).toMatchObject({ apiVersion: 'heddle/v1', kind: 'AnalyzerList' });
    expect(document.items.length).toBe(stdout.trimEnd().split('\n').length - 1);
  });

  it('without paths, or with --use-kube, ask a cluster, and say where none is known', async () => {
    for (const argv of [
      ['analyze'],
      ['analyze', '-A'],
      ['analyze', clean, '--use-kube'],
      ['analyze', clean, '--use-kube=true'],
    ]) {
      const { code, stderr } = await runCli(argv);
      expect(code).toBe(69);
      expect(stderr).toContain('there is no kubeconfig');
    }
    expect((await runCli(['analyze', clean, '--use-kube=false'])).code).toBe(0);
  });

  it('--mesh-config and --meshConfigFile name a file that counts', async () => {
    const wrong = write('mesh.yaml', 'trustDomain: [a]\n');
    for (const flag of ['--mesh-config', '--meshConfigFile']) {
      const { code, stderr } = await runCli(['analyze', clean, flag, wrong]);
      expect(code).toBe(65);
      expect(stderr).toContain('mesh.yaml:1');
    }
    expect((await runCli(['analyze', clean, '--mesh-config', join(directory, 'none.yaml')])).code).toBe(64);
  });

  it('-o takes formats in any case, and refuses a file without a name', async () => {
    expect((await runCli(['analyze', clean, '-o', 'JSON-Compat'])).stdout).toBe('[]\n');
    expect((await runCli(['analyze', clean, '-o', 'sarif='])).code).toBe(64);
    expect((await runCli(['analyze', clean, '-o', `sarif=${clean}/x`])).code).toBe(73);
  });

  it('- reads standard input', async () => {
    const { code, stdout } = await runCli(['analyze', '-', '-o', 'json-compat'], {
      stdin: policy('shop', 'web'),
    });
    expect(code).toBe(79);
    expect(JSON.parse(stdout)[0].reference).toMatch(/^-:\d+$/);
  });
});

describe('the default format', () => {
  it('is pretty on a terminal and the lines of istioctl in a pipe', async () => {
    expect((await runCli(['analyze', bad], { isTty: true })).stdout).toContain('╭─');
    expect((await runCli(['analyze', bad])).stdout).toMatch(/^Error \[IST0101\] \(AuthorizationPolicy web\/shop /);
  });

  it('comes with annotations on standard error in GitHub Actions', async () => {
    const env = { GITHUB_ACTIONS: 'true' };
    const { stdout, stderr } = await runCli(['analyze', bad, '-o', 'json'], { env });
    expect(() => JSON.parse(stdout)).not.toThrow();
    expect(stderr).toContain('::error file=');
    expect((await runCli(['analyze', bad, '-o', 'github'], { env })).stderr).not.toContain('::error');
  });
});

describe('heddle explain', () => {
  it('shows the page of a code, by code or name in any case', async () => {
    const { code, stdout } = await runCli(['explain', 'hed0001']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^HED0001 Info UnusedSuppression\n/);
    expect(stdout).toContain('# Unused suppression');
    expect((await runCli(['explain', 'unusedsuppression'])).stdout).toBe(stdout);
    expect(JSON.parse((await runCli(['explain', 'HED0001', '-o', 'json'])).stdout)).toMatchObject({
      kind: 'CodePage',
      code: 'HED0001',
      level: 'Info',
    });
  });

  it('has a word about codes that no check finds', async () => {
    const { code, stdout } = await runCli(['explain', 'IST0136']);
    expect(code).toBe(0);
    expect(stdout).toContain('AlphaAnnotation');
  });

  it('suggests the nearest code', async () => {
    const { code, stderr } = await runCli(['explain', 'IST01O1']);
    expect(code).toBe(64);
    expect(stderr).toContain('did you mean IST0101?');
  });
});
