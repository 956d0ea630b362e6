/** CEL over finished requests: the filters of access logs and the tags of metrics. */
import { Environment } from '@marcbachmann/cel-js';
import type { AccessRecord } from '../../telemetry/access-record.ts';
import { compileRegex } from '../regex.ts';
import { attributesOf, type DurationOf, ROOTS } from './attributes.ts';

/** A compiled expression. */
export interface RecordExpression {
  /** Undefined where a part of it is absent or of another type. */
  readonly evaluate: (record: AccessRecord) => unknown;
  /** Why it can never have a value: a name that no request has, operands of the wrong type. */
  readonly doubt: string | undefined;
  readonly usesHeaders: boolean;
}

/** CEL finds a match anywhere in the text; RE2 keeps the time linear. */
export const findsMatch = (text: string, pattern: string): boolean => {
  const regex = compileRegex(`(?s:.*)(?:${pattern})(?s:.*)`);
  if ('refused' in regex) throw new Error(regex.refused);
  return regex.test(text);
};

const createEnvironment = (): Environment => {
  const environment = new Environment({ homogeneousAggregateLiterals: false });
  for (const root of ROOTS) environment.registerVariable(root, 'dyn');
  // The evaluator's own `matches` takes JavaScript's regexes, which can be made to run for ever.
  return environment.registerFunction('string.findsMatch(string): bool', findsMatch);
};

/** Made at the first expression; `durationOf` is one itself, because the evaluator keeps its type of durations to itself. */
interface Shared {
  readonly environment: Environment;
  readonly durationOf: DurationOf;
}

let shared: Shared | undefined;

const createShared = (): Shared => {
  const toDuration = new Environment().registerVariable('text', 'string').parse('duration(text)');
  return { environment: createEnvironment(), durationOf: (milliseconds) => toDuration({ text: `${milliseconds}ms` }) };
};

const firstLine = (error: unknown): string =>
  // A frame of the text follows it.
  error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : String(error);

/** Compiles an expression of Envoy's attributes; `refused` says why a text is none. */
export const compileExpression = (text: string): RecordExpression | { readonly refused: string } => {
  shared ??= createShared();
  const { environment, durationOf } = shared;
  try {
    const program = environment.parse(text.replaceAll('.matches(', '.findsMatch('));
    const checked = program.check();
    const roots = ROOTS.filter((root) => new RegExp(`\\b${root}\\b`).test(text));
    return {
      evaluate: (record) => evaluate(program, attributesOf(record, roots, durationOf)),
      doubt: checked.valid ? undefined : firstLine(checked.error),
      usesHeaders: /\b(?:headers|referer)\b/.test(text),
    };
  } catch (error) {
    return { refused: firstLine(error) };
  }
};

const evaluate = (program: (context: Record<string, unknown>) => unknown, attributes: Record<string, unknown>) => {
  try {
    return program(attributes);
  } catch {
    // The evaluator throws for what CEL calls an error value: a key or an attribute that is not there.
    return undefined;
  }
};
