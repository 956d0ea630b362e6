import { escapeControls } from '../../telemetry/access-log.ts';
import type { Coverage, CoverageItem } from '../../traffic/explain/coverage.ts';
import { pretty as prettyExplanation } from '../explain/pretty.ts';
import { type Paint, PLAIN } from '../output.ts';
import { annotation } from '../report/analysis/github.ts';
import { XML_HEAD, xmlAttributes, xmlText } from '../report/analysis/xml.ts';
import type { CaseResult } from './run-tests.ts';

/** What a run says, whatever the format. */
export interface TestReport {
  readonly results: readonly CaseResult[];
  /** Undefined where it was not asked for. */
  readonly coverage: Coverage | undefined;
  readonly failUnder: number | undefined;
}

const sourceOf = ({ span }: { readonly span: CoverageItem['span'] }): string => `${span.file}:${span.line}`;
export const isFailed = ({ mismatches, refusal }: CaseResult): boolean =>
  refusal !== undefined || mismatches.length > 0;

/** Whether coverage was demanded and is not reached. */
export const isUncovered = ({ coverage, failUnder }: TestReport): boolean =>
  coverage !== undefined && failUnder !== undefined && coverage.percent < failUnder;

const reasons = ({ mismatches, refusal }: CaseResult): readonly string[] => [
  ...(refusal === undefined ? [] : [`${refusal.message}; ${refusal.hint}`]),
  ...mismatches.map(({ field, expected, actual }) => `${field}: expected ${expected}, actual ${actual}`),
];

const traceOf = ({ asked, explanation }: CaseResult, paint: Paint): string =>
  explanation === undefined || asked === undefined
    ? ''
    : prettyExplanation({ request: asked, ...explanation, flips: [], notes: [] }, paint).trimEnd();

const indented = (text: string, by: string): string => text.replace(/^(?=.)/gm, by);

const coverageText = ({ items, uncovered, percent }: Coverage): string =>
  `coverage ${percent} %: ${items.length - uncovered.length} of ${items.length} rules, destinations and policies`;

const belowText = ({ coverage, failUnder }: TestReport): string =>
  `coverage ${coverage?.percent} % is below ${failUnder} %`;

const uncoveredText = (item: CoverageItem): string => `${sourceOf(item)}  ${item.resource}  ${item.kind} ${item.name}`;

/** For people: failures with their traces, then the sums. */
export const pretty = (report: TestReport, paint: Paint): string => {
  const { results, coverage } = report;
  const failures = results.filter(isFailed);
  const blocks = failures.map((result) => {
    const { test } = result;
    const trace = traceOf(result, paint);
    return [
      `${paint.red('✗')} ${paint.bold(escapeControls(test.name))}  ${paint.dim(sourceOf(test))}`,
      ...reasons(result).map((line) => `    ${escapeControls(line)}`),
      ...(trace === '' ? [] : ['', indented(trace, '    ')]),
      '',
    ].join('\n');
  });
  const count = `${results.length} ${results.length === 1 ? 'test' : 'tests'}: ${results.length - failures.length} passed`;
  const lines = [
    ...blocks,
    failures.length === 0 ? paint.green(count) : `${count}, ${paint.red(`${failures.length} failed`)}`,
    ...(coverage === undefined ? [] : [coverageText(coverage)]),
    ...(coverage?.uncovered ?? []).map(
      (item) => `  ${paint.yellow('uncovered')} ${escapeControls(uncoveredText(item))}`,
    ),
    ...(isUncovered(report) ? [paint.red(belowText(report))] : []),
  ];
  return `${lines.join('\n')}\n`;
};

/** What `-o json` prints. */
export const documentOf = (report: TestReport) => {
  const { results, coverage, failUnder } = report;
  const failed = results.filter(isFailed).length;
  return {
    kind: 'TestReport',
    summary: { tests: results.length, passed: results.length - failed, failed },
    tests: results.map((result) => ({
      name: result.test.name,
      source: sourceOf(result.test),
      outcome: isFailed(result) ? 'failed' : 'passed',
      ...(result.asked && { request: result.asked }),
      ...(result.requests !== undefined && { requests: result.requests }),
      mismatches: result.mismatches,
      ...(result.refusal && { error: result.refusal }),
      ...(result.explanation && { result: result.explanation.result }),
      ...(isFailed(result) && result.explanation && { steps: result.explanation.steps }),
    })),
    ...(coverage && {
      coverage: {
        percent: coverage.percent,
        total: coverage.items.length,
        covered: coverage.items.length - coverage.uncovered.length,
        ...(failUnder !== undefined && { failUnder }),
        uncovered: coverage.uncovered.map((item) => ({
          kind: item.kind,
          resource: item.resource,
          name: item.name,
          source: sourceOf(item),
        })),
      },
    }),
  };
};

/** JUnit's XML: one suite per file, and one for demanded coverage. */
export const junit = (report: TestReport): string => {
  const files = [...new Set(report.results.map(({ test }) => test.span.file))];
  const byFile = files.map((name) => [name, report.results.filter(({ test }) => test.span.file === name)] as const);
  const suites = byFile.map(([name, results]) => ({
    name,
    tests: results.length,
    failures: results.filter(isFailed).length,
    xml: results.map((result) => {
      const head = xmlAttributes({ name: result.test.name, classname: name, file: name, line: result.test.span.line });
      if (!isFailed(result)) return `    <testcase${head}/>\n`;
      const lines = reasons(result);
      const body = xmlText([...lines, '', traceOf(result, PLAIN)].join('\n'));
      return `    <testcase${head}><failure${xmlAttributes({ message: lines.join('; ') })}>${body}</failure></testcase>\n`;
    }),
  }));
  if (report.failUnder !== undefined && report.coverage !== undefined) {
    const failure = isUncovered(report)
      ? `<failure${xmlAttributes({ message: belowText(report) })}>${xmlText(report.coverage.uncovered.map(uncoveredText).join('\n'))}</failure>`
      : '';
    const head = xmlAttributes({ name: `at least ${report.failUnder} %`, classname: 'coverage' });
    const xml = [`    <testcase${head}>${failure}</testcase>\n`];
    suites.push({ name: 'coverage', tests: 1, failures: failure === '' ? 0 : 1, xml });
  }
  const sum = (key: 'tests' | 'failures'): number => suites.reduce((total, suite) => total + suite[key], 0);
  const total = xmlAttributes({ name: 'heddle test', tests: sum('tests'), failures: sum('failures') });
  const body = suites.map(
    ({ xml, ...counts }) => `  <testsuite${xmlAttributes(counts)}>\n${xml.join('')}  </testsuite>\n`,
  );
  return `${XML_HEAD}<testsuites${total}>\n${body.join('')}</testsuites>\n`;
};

/** TAP 14; why a test failed is in its YAML block, as comments cannot be read back. */
export const tap = (report: TestReport): string => {
  const quoted = (text: string): string => JSON.stringify(text);
  const named = (text: string): string => escapeControls(text).replace(/[\\#]/g, '\\$&');
  const lines = report.results.map((result, at) => {
    const name = named(result.test.name);
    if (!isFailed(result)) return `ok ${at + 1} - ${name}\n`;
    const why = reasons(result).map((line) => `    - ${quoted(line)}\n`);
    const trace = traceOf(result, PLAIN);
    const told = trace === '' ? '' : `  trace: ${quoted(trace)}\n`;
    return `not ok ${at + 1} - ${name}\n  ---\n  at: ${quoted(sourceOf(result.test))}\n  failures:\n${why.join('')}${told}  ...\n`;
  });
  if (report.failUnder !== undefined) {
    const verdict = isUncovered(report) ? 'not ok' : 'ok';
    lines.push(
      `${verdict} ${lines.length + 1} - coverage ${report.coverage?.percent} %, at least ${report.failUnder} %\n`,
    );
  }
  const notes = (report.coverage?.uncovered ?? []).map(
    (item) => `# uncovered ${escapeControls(uncoveredText(item))}\n`,
  );
  return `TAP version 14\n1..${lines.length}\n${lines.join('')}${notes.join('')}`;
};

/** Annotations of GitHub Actions: errors at tests, and notices at what no test reaches. */
export const github = (report: TestReport): string =>
  [
    ...report.results.filter(isFailed).map((result) => {
      const text = [...reasons(result), '', traceOf(result, PLAIN)].join('\n').trimEnd();
      return annotation('error', result.test.name, text, result.test.span);
    }),
    ...(report.coverage?.uncovered ?? []).map((item) =>
      annotation('info', 'not tested', `${item.resource}: no test reaches ${item.kind} ${item.name}`, item.span),
    ),
    ...(isUncovered(report) ? [annotation('error', 'coverage', belowText(report), undefined)] : []),
  ].join('');
