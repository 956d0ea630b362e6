import { describe, expect, it } from 'vitest';
import { findingAt } from '../../src/analysis/check.ts';
import type { Finding } from '../../src/analysis/finding.ts';
import type { Suppressed } from '../../src/analysis/suppress.ts';
import { PLAIN } from '../../src/cli/output.ts';
import { FORMATS } from '../../src/cli/report/analysis/formats.ts';
import type { Report } from '../../src/cli/report/analysis/report.ts';
import { type JsonSchema, violations } from '../support/json-schema.ts';
import { SARIF_SCHEMA } from '../support/sarif-schema.ts';
import { readXml } from '../support/xml.ts';

const spanIn = (file: string) => ({ file, line: 2, column: 3, endLine: 2, endColumn: 9 });

/** A finding that has everything a finding can have, its texts made to break out of any syntax. */
const whole = (file: string, code: 'IST0101' | 'IST0138' = 'IST0101'): Finding => {
  const span = spanIn(file);
  const place = {
    span,
    labels: [
      { span, text: 'here "<&>' },
      { span: spanIn('other.yaml'), text: 'and %3A, there' },
    ],
    effect: ']]> --> "503"',
    hint: 'do ::this::',
    fix: { title: 'rename', isSafe: false, edits: [{ span, text: 'a"b' }] },
  };
  return code === 'IST0101'
    ? findingAt(code, 'Gateway a/b', { kind: 'host', name: '<a href="x">&amp;\u0007' }, place)
    : findingAt(code, 'Gateway a/b', { gateways: 'a, b' }, place);
};

const KINDS: readonly Suppressed['by'][] = ['comment', 'annotation', 'flag', 'config', 'baseline', 'since'];
const FILES = ['k8s/a.yaml', './k8s/b c#é%.yaml', '/absolute/d.yaml', '../e.yaml', '-', 'C:\\k8s\\f.yaml'];

const full: Report = {
  findings: [...FILES.map((file) => whole(file)), whole('k8s/a.yaml', 'IST0138'), whole('k8s/a.yaml', 'IST0138')],
  suppressed: KINDS.map((by, at) => ({
    finding: whole('k8s/a.yaml'),
    by,
    reason: at % 2 === 0 ? 'a reason' : undefined,
  })),
  problems: [
    { severity: 'error', code: 'YAML_SYNTAX', message: 'a "quote"', span: spanIn('k8s/a.yaml') },
    { severity: 'warning', code: 'UNKNOWN_FIELD', message: 'unknown', span: spanIn('k8s/a.yaml'), resource: 'Pod a/b' },
    { severity: 'info', code: 'STALE_BASELINE', message: 'gone' },
  ],
  sources: FILES.map((name) => ({ name, text: 'a: 1\nb: 2345678\n' })),
  lineOf: () => 1,
  live: [],
  isFailure: ({ code }) => code === 'IST0101',
  version: '1.2.3',
};
const empty: Report = { ...full, findings: [], suppressed: [], problems: [] };

const print = async (format: string, report: Report): Promise<string> => {
  const load = FORMATS.get(format);
  if (load === undefined) throw new Error(`no format ${format}`);
  return (await load())(report, { paint: PLAIN, columns: undefined });
};

/** The subset of CodeClimate's issues that GitLab reads, by its documentation of code quality reports. */
const GITLAB_SCHEMA: JsonSchema = {
  type: 'array',
  items: {
    type: 'object',
    required: ['description', 'check_name', 'fingerprint', 'severity', 'location'],
    additionalProperties: false,
    properties: {
      description: { type: 'string', minLength: 1 },
      check_name: { type: 'string', minLength: 1 },
      fingerprint: { type: 'string', minLength: 1 },
      severity: { type: 'string', enum: ['info', 'minor', 'major', 'critical', 'blocker'] },
      location: {
        type: 'object',
        required: ['path', 'lines'],
        additionalProperties: false,
        properties: {
          path: { type: 'string', pattern: '^(?!\\./)' },
          lines: {
            type: 'object',
            required: ['begin'],
            additionalProperties: false,
            properties: { begin: { type: 'integer', minimum: 1 }, end: { type: 'integer', minimum: 1 } },
          },
        },
      },
    },
  },
};

const COUNT = /^\d+$/;
const ANY = /^/;

type Grammar = Readonly<Record<string, Readonly<Record<string, RegExp>>>>;

/** JUnit's elements as its readers agree on them (Jenkins, GitLab, GitHub): each with its attributes, all of them required. */
const JUNIT: Grammar = {
  testsuites: { name: ANY, tests: COUNT, failures: COUNT, errors: COUNT },
  'testsuites/testsuite': { name: ANY, tests: COUNT, failures: COUNT, errors: COUNT },
  'testsuites/testsuite/testcase': { name: ANY, classname: ANY },
  'testsuites/testsuite/testcase/failure': { type: ANY, message: ANY },
  'testsuites/testsuite/testcase/error': { type: ANY, message: ANY },
  'testsuites/testsuite/testcase/system-out': {},
};

/** The elements that Checkstyle's XMLLogger writes. */
const CHECKSTYLE: Grammar = {
  checkstyle: { version: /^[\d.]+$/ },
  'checkstyle/file': { name: ANY },
  'checkstyle/file/error': {
    line: /^[1-9]\d*$/,
    column: /^[1-9]\d*$/,
    severity: /^(ignore|info|warning|error)$/,
    message: ANY,
    source: /^heddle\.\w+$/,
  },
};

const breaches = (text: string, grammar: Grammar): readonly string[] =>
  readXml(text).flatMap(({ path, attributes }) => {
    const wanted = grammar[path];
    if (wanted === undefined) return [`unknown element ${path}`];
    const names = Object.keys(wanted);
    const unknown = [...attributes.keys()].filter((name) => !names.includes(name));
    const wrong = names.filter((name) => !wanted[name]?.test(attributes.get(name) ?? '\u0000'));
    const missing = names.filter((name) => !attributes.has(name));
    return [...unknown, ...wrong, ...missing].map((name) => `${path} @${name}`);
  });

describe.each([
  ['full', full],
  ['empty', empty],
])('a %s report', (_name, report) => {
  it('is SARIF by its schema', async () => {
    expect(violations(JSON.parse(await print('sarif', report)), SARIF_SCHEMA)).toEqual([]);
  });

  it('is a code quality report of GitLab by its schema', async () => {
    expect(violations(JSON.parse(await print('gitlab', report)), GITLAB_SCHEMA)).toEqual([]);
  });

  it('is JUnit by its grammar', async () => {
    expect(breaches(await print('junit', report), JUNIT)).toEqual([]);
  });

  it('is Checkstyle by its grammar', async () => {
    expect(breaches(await print('checkstyle', report), CHECKSTYLE)).toEqual([]);
  });
});

describe('the schemas', () => {
  it('refuse what is none of theirs', async () => {
    const log = JSON.parse(await print('sarif', full));
    log.runs[0].results[0].locations[0].physicalLocation.region.startLine = 0;
    log.runs[0].results[1].levels = 'error';
    delete log.runs[0].tool.driver.name;
    expect(violations(log, SARIF_SCHEMA)).toEqual([
      '$.runs[0].tool.driver lacks name',
      '$.runs[0].results[0].locations[0].physicalLocation.region.startLine is too small',
      '$.runs[0].results[1] has levels',
    ]);
    expect(violations([{ description: 'a' }], GITLAB_SCHEMA)).toHaveLength(4);
    const junit = (await print('junit', full)).replace('classname=', 'class=');
    expect(breaches(junit, JUNIT).length).toBeGreaterThan(0);
  });
});
