import { suggest } from '../../base/distance.ts';
import { Fault } from '../../base/fault.ts';
import type { LogScope } from './log-scope.ts';

/** The levels of a log scope of istiod, the quietest first. */
export const SCOPE_LEVELS = ['none', 'error', 'warn', 'info', 'debug'] as const;

const DEFAULT_LEVEL = 'info';
const DEFAULT_STACK_TRACE_LEVEL = 'none';

/** The levels of one kind that are wanted: those of scopes by name, or one for every scope. */
type Wanted = ReadonlyMap<string, string> | string;

/** What is to change; an empty map changes nothing. */
export interface LevelChanges {
  readonly output: Wanted;
  readonly stackTrace: Wanted;
}

/** The flags that say what is to change. */
interface LevelFlags {
  readonly level: string | undefined;
  readonly stackTraceLevel: string | undefined;
  readonly reset: boolean;
  readonly logReset: boolean;
  readonly stackTraceReset: boolean;
}

const usage = (message: string, hint?: string): Fault =>
  new Fault(message, { kind: 'usage', code: 'BAD_FLAG_VALUE', ...(hint === undefined ? {} : { hint }) });

const readPair = (flag: string, pair: string): readonly [scope: string, level: string] => {
  const [, scope = '', level = ''] = /^([^:]+):(.*)$/s.exec(pair) ?? [];
  if (scope === '') throw usage(`${flag} wants SCOPE:LEVEL,..., not "${pair}"`, `such as ${flag} ads:debug`);
  if (SCOPE_LEVELS.some((known) => known === level)) return [scope, level];
  const near = suggest(level, SCOPE_LEVELS);
  throw usage(
    `"${level}" is no log level of istiod: it is one of ${SCOPE_LEVELS.join(', ')}`,
    near === undefined ? undefined : `did you mean ${scope}:${near}?`,
  );
};

const wanted = (flag: string, levels: string | undefined, fallback: string | undefined): Wanted => {
  if (levels === undefined) return fallback ?? new Map();
  if (fallback !== undefined) throw usage(`${flag} and a reset of the same levels exclude each other`);
  return new Map(levels.split(',').map((pair) => readPair(flag, pair)));
};

/** Reads the flags; throws a usage Fault where they contradict each other or name no level. */
export const readChanges = (flags: LevelFlags): LevelChanges => ({
  output: wanted('--level', flags.level, flags.reset || flags.logReset ? DEFAULT_LEVEL : undefined),
  stackTrace: wanted(
    '--stack-trace-level',
    flags.stackTraceLevel,
    flags.reset || flags.stackTraceReset ? DEFAULT_STACK_TRACE_LEVEL : undefined,
  ),
});

const levelIn = (levels: Wanted, scope: string): string | undefined =>
  typeof levels === 'string' ? levels : levels.get(scope);

const namesIn = (levels: Wanted): readonly string[] => (typeof levels === 'string' ? [] : [...levels.keys()]);

/**
 * The scopes that are to be set, whole: ControlZ takes a missing `log_callers` for false. Throws a Fault that names a scope
 * istiod does not have.
 */
export const changedScopes = (scopes: readonly LogScope[], changes: LevelChanges): readonly LogScope[] => {
  const names = scopes.map(({ name }) => name);
  const unknown = [...namesIn(changes.output), ...namesIn(changes.stackTrace)].find((name) => !names.includes(name));
  if (unknown !== undefined) {
    const near = suggest(unknown, names);
    throw new Fault(`istiod has no log scope "${unknown}"`, {
      kind: 'failure',
      code: 'UNKNOWN_SCOPE',
      hint: near === undefined ? 'heddle admin log lists them' : `did you mean ${near}?`,
    });
  }
  return scopes.flatMap((scope) => {
    const output = levelIn(changes.output, scope.name) ?? scope.output_level;
    const stackTrace = levelIn(changes.stackTrace, scope.name) ?? scope.stack_trace_level;
    if (output === scope.output_level && stackTrace === scope.stack_trace_level) return [];
    return [{ ...scope, output_level: output, stack_trace_level: stackTrace }];
  });
};
