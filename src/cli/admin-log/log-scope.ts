import { isObject } from '../../model/value.ts';

/** One log scope as ControlZ has it, in its JSON and its spelling. */
export interface LogScope {
  readonly name: string;
  readonly description: string;
  readonly output_level: string;
  /** The least level whose lines come with a stack trace. */
  readonly stack_trace_level: string;
  /** Whether lines name the caller. */
  readonly log_callers: boolean;
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** The scopes in ControlZ's answer to `GET /scopej/`, by name; undefined where it is no list in JSON. */
export const parseScopes = (body: string): readonly LogScope[] | undefined => {
  try {
    const answer: unknown = JSON.parse(body);
    if (!Array.isArray(answer)) return undefined;
    return answer
      .filter(isObject)
      .map((scope) => ({
        name: text(scope.name),
        description: text(scope.description),
        output_level: text(scope.output_level),
        stack_trace_level: text(scope.stack_trace_level),
        log_callers: scope.log_callers === true,
      }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  } catch {
    return undefined;
  }
};
