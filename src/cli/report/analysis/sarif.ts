import type { Edit, Finding, Fix } from '../../../analysis/finding.ts';
import { fingerprintOf } from '../../../analysis/fingerprint.ts';
import { type Code, type Level, MESSAGES } from '../../../analysis/messages.ts';
import type { Suppressed } from '../../../analysis/suppress.ts';
import type { Problem } from '../../../base/problem.ts';
import type { Span } from '../../../base/span.ts';
import { documentationUrl, type Format, repositoryPath } from './report.ts';

const LEVELS: Readonly<Record<Level, string>> = { error: 'error', warning: 'warning', info: 'note' };

/** An absolute path is a URI of its own; a relative one resolves against the root of the checkout. */
const artifactOf = (file: string) => {
  const path = repositoryPath(file);
  const uri = path.split('/').map(encodeURIComponent).join('/');
  if (path.startsWith('/')) return { uri: `file://${uri}` };
  return { uri, ...(path.startsWith('../') ? {} : { uriBaseId: '%SRCROOT%' }) };
};

const regionOf = ({ line, column, endLine, endColumn }: Span) => ({
  startLine: line,
  startColumn: column,
  endLine,
  endColumn,
});

const locationOf = (span: Span) => ({
  physicalLocation: {
    artifactLocation: artifactOf(span.file),
    region: regionOf(span),
  },
});

const isCode = (code: string): code is Code => Object.hasOwn(MESSAGES, code);

const ruleOf = (code: string) => {
  const message = isCode(code) ? MESSAGES[code] : undefined;
  const url = documentationUrl(code);
  return {
    id: code,
    ...(message && { name: message.name, defaultConfiguration: { level: LEVELS[message.level] } }),
    shortDescription: { text: message?.name ?? code },
    ...(url !== undefined && { helpUri: url }),
    help: { text: `heddle explain ${code}` },
  };
};

const replacementOf = ({ span, text }: Edit) => ({
  deletedRegion: regionOf(span),
  ...(text !== '' && { insertedContent: { text } }),
});

/** The changes of a fix by file; what may change the behaviour of a cluster says so, as SARIF has no word for it. */
const fixOf = ({ title, isSafe, edits }: Fix) => {
  const files = [...new Set(edits.map(({ span }) => span.file))];
  return {
    description: { text: isSafe ? title : `${title} (may change what a cluster does)` },
    artifactChanges: files.map((file) => ({
      artifactLocation: artifactOf(file),
      replacements: edits.filter(({ span }) => span.file === file).map(replacementOf),
    })),
  };
};

const resultOf = (finding: Finding, rules: readonly string[], suppression: Suppressed | undefined) => {
  const { code, level, message, origin, span, labels, effect, hint, fix } = finding;
  const text = [`${origin}: ${message}`, effect, hint].filter((line) => line !== undefined).join('\n');
  return {
    ruleId: code,
    ruleIndex: rules.indexOf(code),
    level: LEVELS[level],
    message: { text },
    locations: [{ ...locationOf(span), logicalLocations: [{ fullyQualifiedName: origin, kind: 'resource' }] }],
    ...(labels.length > 0 && {
      relatedLocations: labels.map((label, id) => ({ id, ...locationOf(label.span), message: { text: label.text } })),
    }),
    ...(fix && { fixes: [fixOf(fix)] }),
    partialFingerprints: { 'heddle/v1': fingerprintOf(finding) },
    ...(suppression && {
      suppressions: [
        {
          kind: suppression.by === 'comment' || suppression.by === 'annotation' ? 'inSource' : 'external',
          ...(suppression.reason !== undefined && { justification: suppression.reason }),
        },
      ],
    }),
  };
};

const notificationOf = ({ severity, code, message, span }: Problem) => ({
  descriptor: { id: code },
  level: LEVELS[severity],
  message: { text: message },
  ...(span && { locations: [locationOf(span)] }),
});

/**
 * SARIF 2.1.0. What is suppressed is a result with `suppressions`, which code hosts do not show; what could not be
 * read is a notification of the tool.
 */
export const sarif: Format = ({ findings, suppressed, problems, version }) => {
  const rules = [...new Set([...findings, ...suppressed.map(({ finding }) => finding)].map(({ code }) => code))].sort();
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'heddle', semanticVersion: version, rules: rules.map(ruleOf) } },
        columnKind: 'utf16CodeUnits',
        invocations: [
          {
            executionSuccessful: !problems.some(({ severity }) => severity === 'error'),
            toolExecutionNotifications: problems.map(notificationOf),
          },
        ],
        results: [
          ...findings.map((finding) => resultOf(finding, rules, undefined)),
          ...suppressed.map((one) => resultOf(one.finding, rules, one)),
        ],
      },
    ],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
};
