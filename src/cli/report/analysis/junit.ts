import type { Finding } from '../../../analysis/finding.ts';
import { formatSpan } from '../../../base/span.ts';
import { byFile, type Format, levelName, type Report } from './report.ts';
import { XML_HEAD, xmlAttributes, xmlText } from './xml.ts';

interface TestCase {
  readonly outcome: 'passed' | 'failure' | 'error';
  readonly xml: string;
}

const caseOf = (finding: Finding, { isFailure }: Report): TestCase => {
  const { code, level, origin, message, span, effect, hint } = finding;
  const head = `    <testcase${xmlAttributes({ name: `${code} ${origin} ${formatSpan(span)}`, classname: span.file })}>`;
  const text = xmlText([message, effect, hint].filter((line) => line !== undefined).join('\n'));
  if (!isFailure(finding)) {
    return { outcome: 'passed', xml: `${head}<system-out>${levelName(level)}: ${text}</system-out></testcase>\n` };
  }
  const attributes = xmlAttributes({ type: code, message: `${levelName(level)}: ${message}` });
  return { outcome: 'failure', xml: `${head}<failure${attributes}>${text}</failure></testcase>\n` };
};

const casesOf = (file: string, findings: readonly Finding[], report: Report): readonly TestCase[] => {
  const broken = report.problems
    .filter(({ severity, span }) => severity === 'error' && span?.file === file)
    .map(({ code, message, span }): TestCase => {
      const name = `${code} ${span === undefined ? file : formatSpan(span)}`;
      const error = `<error${xmlAttributes({ type: code, message })}/>`;
      return {
        outcome: 'error',
        xml: `    <testcase${xmlAttributes({ name, classname: file })}>${error}</testcase>\n`,
      };
    });
  const cases = [...broken, ...findings.map((finding) => caseOf(finding, report))];
  if (cases.length > 0) return cases;
  return [{ outcome: 'passed', xml: `    <testcase${xmlAttributes({ name: 'no findings', classname: file })}/>\n` }];
};

const countsOf = (cases: readonly TestCase[]) => ({
  tests: cases.length,
  failures: cases.filter(({ outcome }) => outcome === 'failure').length,
  errors: cases.filter(({ outcome }) => outcome === 'error').length,
});

/** JUnit's XML: one suite per file, and per object of a cluster that has findings; findings below the failure threshold pass and speak in `system-out`. */
export const junit: Format = (report) => {
  const files = byFile(report.findings);
  const sources = [...report.sources, ...report.live.filter(({ name }) => files.has(name))];
  const suites = sources.map(({ name }) => ({ name, cases: casesOf(name, files.get(name) ?? [], report) }));
  const body = suites.map(
    ({ name, cases }) =>
      `  <testsuite${xmlAttributes({ name, ...countsOf(cases) })}>\n${cases.map(({ xml }) => xml).join('')}  </testsuite>\n`,
  );
  const total = xmlAttributes({ name: 'heddle analyze', ...countsOf(suites.flatMap(({ cases }) => cases)) });
  return `${XML_HEAD}<testsuites${total}>\n${body.join('')}</testsuites>\n`;
};
