import { describe, expect, it } from 'vitest';
import { findingAt } from '../../src/analysis/check.ts';
import { PLAIN } from '../../src/cli/output.ts';
import { FORMATS } from '../../src/cli/report/analysis/formats.ts';
import type { Report } from '../../src/cli/report/analysis/report.ts';
import { loadYaml } from '../../src/yaml/load.ts';
import { readXml } from '../support/xml.ts';

const TEXT = `metadata:
  name: shop
spec:
  gateway: "a<b>&'c"
`;

const span = { file: './k8s/a b.yaml', line: 4, column: 12, endLine: 4, endColumn: 21 };
const other = { file: './k8s/other.yaml', line: 1, column: 1, endLine: 1, endColumn: 9 };

const error = findingAt(
  'IST0101',
  'VirtualService web/shop',
  { kind: 'gateway', name: `a<b>&'c"|\u001b[31m` },
  {
    span,
    labels: [{ span: other, text: 'the nearest one' }],
    effect: '404 for every request',
    hint: 'did you mean "ab"?',
  },
);
const warning = findingAt('IST0138', 'Gateway web/shop', { gateways: 'a, b' }, { span });
const info = findingAt('HED0001', 'Comment', { suppression: 'heddle-ignore X', reason: 'no' }, { span: other });

const report: Report = {
  findings: [error, warning, warning, info],
  suppressed: [{ finding: warning, by: 'comment', reason: 'until spring' }],
  problems: [
    { severity: 'error', code: 'YAML_SYNTAX', message: 'a quote is not closed', span: other },
    { severity: 'warning', code: 'UNKNOWN_FIELD', message: 'unknown field colour', span },
  ],
  sources: [
    { name: './k8s/a b.yaml', text: TEXT },
    { name: './k8s/other.yaml', text: 'metadata: "' },
    { name: 'clean.yaml', text: '' },
  ],
  lineOf: ({ span: { line } }) => line,
  live: [],
  isFailure: ({ level }) => level === 'error',
  version: '1.2.3',
};
const empty: Report = { ...report, findings: [], suppressed: [], problems: [] };

const print = async (format: string, of: Report = report): Promise<string> => {
  const load = FORMATS.get(format);
  if (load === undefined) throw new Error(`no format ${format}`);
  return (await load())(of, { paint: PLAIN, columns: undefined });
};

describe.each([...FORMATS.keys()])('-o %s', (format) => {
  it('ends with a line feed, or is empty, and lets no escape sequence of the input through', async () => {
    for (const text of [await print(format), await print(format, empty)]) {
      expect(text).toMatch(/\n$|^$/);
      expect(text).not.toContain('\u001b');
    }
  });

  it('is the same each time', async () => {
    expect(await print(format)).toBe(await print(format));
  });
});

describe('-o sarif', () => {
  it('has what SARIF 2.1.0 requires: version, runs, a driver with its rules, and results that refer to them', async () => {
    const log = JSON.parse(await print('sarif'));
    expect(log).toMatchObject({ version: '2.1.0', $schema: expect.stringContaining('sarif-2.1.0') });
    const [run, ...more] = log.runs;
    expect(more).toEqual([]);
    const { driver } = run.tool;
    expect(driver).toMatchObject({ name: 'heddle', semanticVersion: '1.2.3' });
    const ids = driver.rules.map((rule: { id: string }) => rule.id);
    expect(ids).toEqual([...new Set(ids)]);
    for (const result of run.results) {
      expect(ids[result.ruleIndex]).toBe(result.ruleId);
      expect(['error', 'warning', 'note', 'none']).toContain(result.level);
      expect(result.message.text).not.toBe('');
      const { artifactLocation, region } = result.locations[0].physicalLocation;
      expect(artifactLocation.uri).toMatch(/^[\w./%-]+$/);
      expect(region.startLine).toBeGreaterThan(0);
      expect(region.startColumn).toBeGreaterThan(0);
      expect(region.endLine * 1000 + region.endColumn).toBeGreaterThan(region.startLine * 1000 + region.startColumn);
      expect(result.partialFingerprints['heddle/v1']).toMatch(/^[0-9a-f]{16}$/);
    }
    expect(run.results[0].locations[0].physicalLocation.artifactLocation).toEqual({
      uri: 'k8s/a%20b.yaml',
      uriBaseId: '%SRCROOT%',
    });
    expect(run.results[0].relatedLocations[0].message.text).toBe('the nearest one');
  });

  it('writes what is suppressed as a result with its suppression, and what is unreadable as a notification', async () => {
    const [run] = JSON.parse(await print('sarif')).runs;
    expect(run.results).toHaveLength(5);
    expect(run.results.map(({ suppressions }: { suppressions?: unknown }) => suppressions)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      [{ kind: 'inSource', justification: 'until spring' }],
    ]);
    expect(run.invocations[0].executionSuccessful).toBe(false);
    expect(run.invocations[0].toolExecutionNotifications.map(({ level }: { level: string }) => level)).toEqual([
      'error',
      'warning',
    ]);
    expect(JSON.parse(await print('sarif', empty)).runs[0]).toMatchObject({
      results: [],
      invocations: [{ executionSuccessful: true }],
    });
  });
});

describe('-o junit', () => {
  it('has a suite per file whose counts are those of its cases', async () => {
    const [root, ...elements] = readXml(await print('junit'));
    expect(root?.path).toBe('testsuites');
    expect(Object.fromEntries(root?.attributes ?? [])).toMatchObject({ tests: '6', failures: '1', errors: '1' });
    const suites = elements.filter(({ path }) => path === 'testsuites/testsuite');
    expect(suites.map(({ attributes }) => attributes.get('name'))).toEqual(report.sources.map(({ name }) => name));
    expect(suites.map(({ attributes }) => attributes.get('tests'))).toEqual(['3', '2', '1']);
    const cases = elements.filter(({ path }) => path === 'testsuites/testsuite/testcase');
    expect(cases).toHaveLength(6);
    for (const { attributes } of cases) expect([...attributes.keys()]).toEqual(['name', 'classname']);
  });

  it('fails what fails the run and lets the rest pass with a word', async () => {
    const elements = readXml(await print('junit'));
    const count = (name: string): number => elements.filter(({ path }) => path.endsWith(`/testcase/${name}`)).length;
    expect([count('failure'), count('error'), count('system-out')]).toEqual([1, 1, 3]);
    const failure = elements.find(({ path }) => path.endsWith('/failure'));
    expect(failure?.attributes.get('message')).toContain(`"a<b>&'c"|\ufffd[31m"`);
    expect(failure?.text).toContain('did you mean "ab"?');
  });
});

describe('-o checkstyle', () => {
  it('has a file element per file and an error element per finding', async () => {
    const elements = readXml(await print('checkstyle'));
    expect(elements.map(({ path }) => path)).toEqual([
      'checkstyle',
      'checkstyle/file',
      'checkstyle/file/error',
      'checkstyle/file/error',
      'checkstyle/file',
      'checkstyle/file/error',
      'checkstyle/file/error',
      'checkstyle/file/error',
    ]);
    for (const { path, attributes } of elements) {
      if (!path.endsWith('error')) continue;
      expect(['error', 'warning', 'info']).toContain(attributes.get('severity'));
      expect(attributes.get('line')).toMatch(/^[1-9]\d*$/);
      expect(attributes.get('source')).toMatch(/^heddle\.\w+$/);
    }
  });
});

describe('-o gitlab', () => {
  it('lists issues with the five required fields and no fingerprint twice', async () => {
    const issues: readonly Record<string, unknown>[] = JSON.parse(await print('gitlab'));
    expect(issues).toHaveLength(5);
    for (const issue of issues) {
      expect(issue).toMatchObject({
        description: expect.stringMatching(/./),
        check_name: expect.stringMatching(/^\w+$/),
        severity: expect.stringMatching(/^(info|minor|major|critical|blocker)$/),
        location: { path: expect.not.stringMatching(/^\.\//), lines: { begin: expect.any(Number) } },
      });
    }
    const fingerprints = issues.map(({ fingerprint }) => fingerprint);
    expect(new Set(fingerprints).size).toBe(issues.length);
  });
});

describe('-o github', () => {
  it('writes one command a line, its properties and its message escaped', async () => {
    const lines = (await print('github')).trimEnd().split('\n');
    expect(lines).toHaveLength(5);
    for (const line of lines)
      expect(line).toMatch(/^::(error|warning|notice) file=[^,:]+,line=\d+,[^:]*title=[^,:]+::./);
    expect(lines[1]).toMatch(/^::error file=k8s\/a b.yaml,line=4,endLine=4,col=12,endColumn=21,title=IST0101::/);
    expect(lines[1]).toContain('%0Adid you mean');
  });
});

describe('-o json', () => {
  it('is one document of kind AnalysisReport with its counts', async () => {
    const document = JSON.parse(await print('json'));
    expect(document).toMatchObject({
      apiVersion: 'heddle/v1',
      kind: 'AnalysisReport',
      summary: { errors: 1, warnings: 2, infos: 1, suppressed: 1, problems: 2, files: 3 },
      suppressed: [{ by: 'comment', reason: 'until spring', finding: { code: 'IST0138' } }],
    });
    expect(document.items[0]).toMatchObject({
      code: 'IST0101',
      level: 'Error',
      origin: 'VirtualService web/shop',
      reference: './k8s/a b.yaml:4',
      span,
      effect: '404 for every request',
    });
  });

  it('says the same as -o yaml', async () => {
    const { documents } = loadYaml({ name: 'out.yaml', text: await print('yaml') });
    expect(JSON.parse(JSON.stringify(documents[0]?.value))).toEqual(JSON.parse(await print('json')));
  });
});

describe('-o json-compat', () => {
  it("is istioctl's array", async () => {
    expect(await print('json-compat', empty)).toBe('[]\n');
    const items: readonly object[] = JSON.parse(await print('json-compat'));
    expect(items).toHaveLength(4);
    for (const item of items) {
      expect(Object.keys(item)).toEqual(['code', 'documentationUrl', 'level', 'message', 'origin', 'reference']);
    }
  });
});

describe('the formats for people', () => {
  it('pretty shows the line, the other place, the effect and what to do', async () => {
    expect(
      await print('pretty', { ...empty, findings: [error] }),
    ).toBe(`error[IST0101] ${error.message.replace('\u001b', '\\u001b')}
 ╭─[./k8s/a b.yaml:4:12]  VirtualService web/shop
 │
2│  name: shop
3│spec:
4│  gateway: "a<b>&'c"
 │           ^^^^^^^^^
 ├─ related  ./k8s/other.yaml:1:1 the nearest one
 ├─ effect   404 for every request
 ├─ fix      did you mean "ab"?
 ╰─ explain  heddle explain IST0101

`);
  });

  it('pretty shows the labelled place of a finding about a whole object', async () => {
    const whole = {
      ...error,
      span: { ...span, line: 1, column: 1 },
      labels: [{ span, text: 'here' }],
      hint: undefined,
    };
    expect(await print('pretty', { ...empty, findings: [whole] })).toContain(`
4│  gateway: "a<b>&'c"
 │           ^^^^^^^^^ here
 ├─ effect   404 for every request
 ╰─ explain  heddle explain IST0101
`);
  });

  it('concise begins with file, line and column', async () => {
    expect((await print('concise')).split('\n')[1]).toBe(
      './k8s/a b.yaml:4:12: warning IST0138 Gateways a, b serve the same certificate: browsers may reuse connections across them and get 404 (Gateway web/shop)',
    );
  });

  it("log is istioctl's line", async () => {
    expect((await print('log')).split('\n')[1]).toMatch(
      /^Warning \[IST0138\] \(Gateway web\/shop \.\/k8s\/a b\.yaml:4\) Gateways a, b/,
    );
  });

  it('markdown keeps the pipes of a message out of its table', async () => {
    const rows = (await print('markdown')).split('\n').filter((line) => /^\| (Error|Warning|Info)/.test(line));
    expect(rows).toHaveLength(4);
    for (const row of rows) expect(row.replaceAll('\\|', '').split('|')).toHaveLength(7);
  });
});
