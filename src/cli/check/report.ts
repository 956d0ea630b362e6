import type { CheckResult, Trouble } from '../../cluster/check/check.ts';
import type { Paint } from '../output.ts';
import { faultDocument } from '../report/fault.ts';
import type { Checked } from './take.ts';

const COUNTED = ['ok', 'warning', 'error', 'unknown'] as const;

const count = (results: readonly CheckResult[]) =>
  Object.fromEntries(COUNTED.map((each) => [each, results.filter(({ status }) => status === each).length]));

/** The report for machines. */
export const checkDocument = ({ context, server, kubernetes, results }: Checked) => ({
  kind: 'CheckReport',
  context,
  server,
  kubernetes,
  summary: count(results),
  items: results.map(({ check: { id, category, title, docs }, status, troubles, unseen }) => ({
    id,
    category,
    title,
    status,
    ...(troubles.length > 0 && { troubles }),
    ...(unseen.length > 0 && { unseen: unseen.map((fault) => faultDocument(fault).error) }),
    documentationUrl: docs,
  })),
});

const markOf = (status: CheckResult['status'], { green, yellow, red }: Paint): string =>
  ({ ok: green('✔'), warning: yellow('⚠'), error: red('✘'), unknown: yellow('?') })[status];

const troubleLines = ({ severity, message, hint }: Trouble, { red, yellow, dim }: Paint): readonly string[] => [
  `    ${severity === 'error' ? red('error:') : yellow('warning:')} ${message}`,
  ...(hint === undefined ? [] : [dim(`      Try: ${hint}`)]),
];

const resultLines = ({ check, status, troubles, unseen }: CheckResult, paint: Paint): readonly string[] => [
  `  ${markOf(status, paint)} ${check.title}`,
  ...troubles.flatMap((trouble) => troubleLines(trouble, paint)),
  ...unseen.map(({ message }) => `    not known: ${message}`),
  ...(troubles.length > 0 ? [paint.dim(`      Otherwise ${check.why}: ${check.docs}`)] : []),
];

const conclusion = (results: readonly CheckResult[], paint: Paint): string => {
  const { ok = 0, warning = 0, error = 0, unknown = 0 } = count(results);
  const words = [
    ...(error > 0 ? [paint.red(`${error} failed`)] : []),
    ...(warning > 0 ? [paint.yellow(`${warning} with warnings`)] : []),
    ...(unknown > 0 ? [paint.yellow(`${unknown} not known`)] : []),
    `${ok} passed`,
  ];
  return `${results.length} checks: ${words.join(', ')}`;
};

/** Everything for people, by category. */
export const checkText = ({ server, context, kubernetes, results }: Checked, paint: Paint): string => {
  const categories = [...new Set(results.map(({ check }) => check.category))];
  const where = context === '' ? server : `${server} (context "${context}")`;
  return [
    `${where}, Kubernetes ${kubernetes}`,
    ...categories.flatMap((category) => [
      '',
      paint.bold(category),
      ...results.filter(({ check }) => check.category === category).flatMap((result) => resultLines(result, paint)),
    ]),
    '',
    conclusion(results, paint),
    '',
  ].join('\n');
};

/** One line for each thing that is wrong: nothing where nothing is. */
export const shortText = ({ results }: Checked): string =>
  results
    .flatMap(({ check: { id }, troubles, unseen }) => [
      ...troubles.map(({ severity, message }) => `${severity} ${id}: ${message}\n`),
      ...unseen.map(({ message }) => `unknown ${id}: ${message}\n`),
    ])
    .join('');
