import { dirname } from 'node:path';
import { Fault } from '../../base/fault.ts';
import type { Problem } from '../../base/problem.ts';
import { formatSpan, type Span } from '../../base/span.ts';
import { decodeFields, type Finding } from '../../model/structure.ts';
import { describeValue, isObject } from '../../model/value.ts';
import { loadYaml } from '../../yaml/load.ts';
import { spanOf } from '../../yaml/located.ts';
import type { SourceText } from '../../yaml/source-text.ts';
import { DEFINITION } from './definition.ts';

type LevelName = 'Error' | 'Warning' | 'Info';

interface Thresholds {
  readonly failureThreshold?: LevelName;
  readonly outputThreshold?: LevelName;
}

/** Key `analyze` of `.heddle.yaml`; definition.ts says what each key means. */
export interface AnalyzeConfig extends Thresholds {
  readonly paths?: readonly string[];
  readonly exclude?: readonly string[];
  readonly namespace?: string;
  readonly overrides?: readonly (Thresholds & { readonly paths: readonly string[] })[];
  readonly disabledChecks?: readonly string[];
  readonly suppress?: readonly {
    readonly code: string;
    readonly resource?: string;
    readonly path?: string;
    readonly reason: string;
  }[];
  readonly suppressionReasons?: 'optional' | 'required';
  readonly output?: readonly { readonly format: string; readonly file?: string }[];
  readonly githubAnnotations?: boolean;
  readonly meshConfig?: string;
  readonly meshNetworks?: string;
  readonly baseline?: string;
  readonly ignoreUnknown?: boolean;
}

/** A configuration file that was found and understood. */
export interface Config {
  readonly source: SourceText;
  /** Absolute; what the file's relative paths are relative to. */
  readonly directory: string;
  readonly analyze: AnalyzeConfig;
}

/** Says where each part of a configuration is wrong. */
export const badConfig = (problems: readonly Problem[]): Fault => {
  const [first, ...more] = problems.map(({ message, span, hint }) => {
    const place = span === undefined ? '' : `${formatSpan(span)} `;
    return { line: `${place}${message}`, hint };
  });
  const rest = more.map(({ line, hint }) => `\n  ${line}${hint === undefined ? '' : ` (${hint})`}`);
  return new Fault(`${first?.line ?? 'the configuration is wrong'}${rest.join('')}`, {
    kind: 'config',
    code: 'BAD_CONFIG',
    hint: first?.hint ?? 'correct it, or run without it: --no-config',
  });
};

const problemOf = ({ code, message, hint, place }: Finding, fallback: Span): Problem => ({
  severity: 'error',
  code,
  message,
  span: spanOf(place.container, place.key, place.part) ?? fallback,
  ...(hint !== undefined && { hint }),
});

/** Reads the text of a configuration file at an absolute path; throws a Fault that names each wrong place. */
export const readConfig = (source: SourceText, path: string): Config => {
  const { documents, problems: unreadable } = loadYaml(source);
  const [document, second] = documents;
  const problems = [...unreadable];
  let analyze: AnalyzeConfig = {};
  if (second !== undefined)
    problems.push({
      severity: 'error',
      code: 'SEVERAL_DOCUMENTS',
      message: 'the configuration is one document, not several',
      span: second.span,
    });
  if (document !== undefined && !isObject(document.value))
    problems.push({
      severity: 'error',
      code: 'WRONG_TYPE',
      message: `the configuration must be a mapping, not ${describeValue(document.value)}`,
      span: document.span,
    });
  else if (document !== undefined && isObject(document.value)) {
    const report = (finding: Finding) => problems.push(problemOf(finding, document.span));
    const decoded = decodeFields(document.value, DEFINITION, { definitions: {}, convention: 'crd', report });
    // What the definition refuses has left a problem, and the value is not used.
    analyze = (decoded['analyze'] ?? {}) as AnalyzeConfig;
  }
  if (problems.length > 0) throw badConfig(problems);
  return { source, directory: dirname(path), analyze };
};
