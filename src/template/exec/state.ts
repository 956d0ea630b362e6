import { byteLength } from '../bytes.ts';
import { quote } from '../fmt/quote.ts';
import { FunctionError, type FunctionTable, type Runtime, type TemplateSet } from '../functions.ts';
import { type Node, nodeText, type Source } from '../parse/node.ts';
import { ANY, type GoType } from '../type.ts';
import type { GoValue } from '../value.ts';

/** What an expression evaluates to: undefined is no value at all, as a missing key gives it, which is not nil. */
export type Value = GoValue | undefined;

/** Stands for the absence of a piped argument. */
export const MISSING: unique symbol = Symbol('no argument');
export type Piped = Value | typeof MISSING;

/** Go's `template: NAME:LINE:COLUMN: executing "NAME" at <EXPRESSION>: MESSAGE`; in a function, the caller names it too. */
export class ExecutionError extends FunctionError {}

/** A limit of the rendering was exceeded: never caught by the engine. */
export class LimitError extends Error {}

export interface Limits {
  /** Bytes written, counting what includes write. */
  readonly output: number;
  /** Units of work: about one for each node evaluated and each byte or element made. */
  readonly work: number;
  /** Whether time is up; asked every few thousand units. */
  readonly expired?: () => boolean;
}

export type MissingKey = 'default' | 'zero' | 'error';

/** What the executor needs of a set. */
export interface ExecutableSet extends TemplateSet {
  readonly functions: FunctionTable;
  readonly missingKey: MissingKey;
  readonly lookup: (name: string) => Program | undefined;
}

/** A template compiled: writes its output to the state. */
export type Program = (state: State) => void;

/** What a whole rendering shares, nested executions included. */
export interface Budget {
  readonly limits: Limits;
  output: number;
  work: number;
  nextCheck: number;
  readonly counters: Map<string, number>;
}

interface Variable {
  readonly name: string;
  value: Value;
  /** See State.through. */
  through: GoType | undefined;
}

/** One execution of a template. */
export interface State {
  readonly set: ExecutableSet;
  /** Of the running template. */
  readonly name: string;
  readonly budget: Budget;
  readonly runtime: Runtime;
  /** Shared with the templates that `template` calls. */
  readonly output: { text: string };
  /** What is under evaluation, for errors. */
  node: Node | undefined;
  readonly variables: Variable[];
  dot: Value;
  dotThrough: GoType | undefined;
  /**
   * The interface type through which the value evaluated last was read: Go names it, not the value's own type, where
   * a field can't be found. Every evaluation sets it; a null was always read through one.
   */
  through: GoType | undefined;
  readonly depth: number;
}

const CHECK_EVERY = 4096;

/** Counts work and throws a LimitError when there was too much of it or time is up. */
export const spend = (budget: Budget, units: number): void => {
  budget.work += units;
  if (budget.work < budget.nextCheck) return;
  const { work, expired } = budget.limits;
  if (budget.work > work) throw new LimitError('the template does too much work');
  budget.nextCheck = Math.min(budget.work + CHECK_EVERY, work);
  if (expired?.() === true) throw new LimitError('the template takes too long');
};

/** Appends to the output. */
export const write = (state: State, text: string): void => {
  const { budget } = state;
  budget.output += text.length;
  if (budget.output > budget.limits.output) throw new LimitError('the template writes too much');
  spend(budget, 1 + text.length / 16);
  state.output.text += text;
};

/** `NAME:LINE:COLUMN`; columns are counted from 0, and from 1 behind the first line, as in Go. */
const placeOf = (source: Source, at: number): string => {
  const before = source.text.slice(0, at);
  const line = before.split('\n').length;
  const column = byteLength(before.slice(before.lastIndexOf('\n') + 1));
  return `${source.name}:${line}:${column}`;
};

/** Ends the execution with Go's error for the node under evaluation. */
export const fail = (state: State, message: string): never => {
  const { node, name } = state;
  if (node === undefined) throw new ExecutionError(`template: ${name}: ${message}`);
  const place = placeOf(node.source, node.at);
  throw new ExecutionError(`template: ${place}: executing ${quote(name)} at <${nodeText(node)}>: ${message}`);
};

/** Sets a variable that was declared, the innermost of the name. */
export const assign = (state: State, name: string, value: Value): void => {
  const variable = find(state, name);
  variable.value = value;
  variable.through = state.through;
};

export const declare = (state: State, name: string, value: Value): void => {
  state.variables.push({ name, value, through: state.through });
};

/** The variable's value; sets `through`. */
export const recall = (state: State, name: string): Value => {
  const variable = find(state, name);
  state.through = variable.through;
  return variable.value;
};

const find = (state: State, name: string): Variable => {
  const { variables } = state;
  for (let index = variables.length - 1; index >= 0; index--) {
    const variable = variables[index];
    if (variable?.name === name) return variable;
  }
  return fail(state, `undefined variable: ${name}`);
};

/** What a function returned: a nil result came through an interface. */
export const returned = (state: State, value: GoValue): GoValue => {
  state.through = value === null ? ANY : undefined;
  return value;
};
