import { FunctionError } from '../functions.ts';
import type { Node } from '../parse/node.ts';
import type { GoType, Signature } from '../type.ts';
import { GoPointer, GoStruct, type GoValue, typeOf } from '../value.ts';
import { fail, MISSING, type Piped, returned, type State, spend, type Value } from './state.ts';
import { canBeNil, isAssignable, zeroOf } from './zero.ts';

/** An argument's place, evaluated for the type of the parameter it meets. */
export type Argument = (state: State, type: GoType) => Value;

/** A parameter that takes what is there, also no value: Go's reflect.Value. */
export const REFLECT: GoType = { kind: 'struct', name: 'reflect.Value' };

/** The value as one of the type, or Go's complaint. */
export const convert = (state: State, value: Value, type: GoType): Value => {
  if (type === REFLECT) return value;
  if (value === undefined) {
    return canBeNil(type) ? zeroOf(type) : fail(state, `invalid value; expected ${type.name}`);
  }
  if (type.kind === 'interface') return value;
  const own = typeOf(value);
  if (own === undefined) {
    return fail(state, `wrong type for value; expected ${type.name}; got ${state.through?.name ?? 'interface {}'}`);
  }
  if (isAssignable(own, type)) return value;
  if (value instanceof GoPointer && own.elem !== undefined && isAssignable(own.elem, type)) {
    return value.target ?? fail(state, `dereference of nil pointer of type ${type.name}`);
  }
  if (value instanceof GoStruct && type.kind === 'pointer' && type.elem === own) return new GoPointer(type, value);
  return fail(state, `wrong type for value; expected ${type.name}; got ${own.name}`);
};

/** How many arguments there are against how many there must be, in Go's words. */
export const checkCount = (state: State, name: string, to: Signature, args: number, piped: Piped): void => {
  const count = piped === MISSING ? args : args + 1;
  const wanted = to.params.length;
  if (to.variadic) {
    if (count < wanted - 1) fail(state, `wrong number of args for ${name}: want at least ${wanted - 1} got ${args}`);
  } else if (count !== wanted) {
    fail(state, `wrong number of args for ${name}: want ${wanted} got ${count}`);
  }
};

/** The type of the parameter at a position; of a variadic function the last one repeats. */
const paramAt = ({ params }: Signature, index: number): GoType => params[index] ?? params[params.length - 1] ?? REFLECT;

/** Evaluates the arguments from left to right and checks them; `boxes` gets a bit for each read through an interface. */
export const bind = (
  state: State,
  to: Signature,
  args: readonly Argument[],
  piped: Piped,
  boxes?: { bits: number },
): Value[] => {
  const values: Value[] = [];
  for (let index = 0; index < args.length; index++) {
    values.push(args[index]?.(state, paramAt(to, index)));
    if (boxes !== undefined && state.through !== undefined) boxes.bits |= 1 << index;
  }
  if (piped !== MISSING) {
    state.through = undefined;
    values.push(convert(state, piped, paramAt(to, args.length)));
  }
  return values;
};

/** What was thrown while a function ran: its own error becomes one of the call. */
export const failCall = (state: State, name: string, node: Node, error: unknown): never => {
  if (!(error instanceof FunctionError)) throw error;
  state.node = node;
  return fail(state, `error calling ${name}: ${error.message}`);
};

/** Calls a method, bound to its receiver. */
export const callMethod = (
  state: State,
  name: string,
  target: {
    readonly method: Signature & { readonly call: (receiver: GoValue, args: readonly GoValue[]) => GoValue };
    readonly receiver: GoValue;
  },
  node: Node,
  args: readonly Argument[],
  piped: Piped,
): Value => {
  const { method, receiver } = target;
  checkCount(state, name, method, args.length, piped);
  const values = bind(state, method, args, piped) as GoValue[];
  spend(state.budget, 4);
  try {
    return returned(state, method.call(receiver, values));
  } catch (error) {
    return failCall(state, name, node, error);
  }
};
