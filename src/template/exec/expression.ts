import type { CommandNode, Node, NumberNode, OperandNode, PipeNode } from '../parse/node.ts';
import { nodeText } from '../parse/node.ts';
import { COMPLEX128, type GoType, INT, isIntKind, isUnsigned, wrapInt } from '../type.ts';
import { GoComplex, GoInt, GoScalar, type GoValue } from '../value.ts';
import { type Builtin, builtins, callValue } from './builtins.ts';
import { type Argument, bind, callMethod, checkCount, convert, failCall, REFLECT } from './call.ts';
import { type CallMethod, readField } from './field.ts';
import {
  assign,
  declare,
  fail,
  MISSING,
  type Piped,
  recall,
  returned,
  type State,
  spend,
  type Value,
} from './state.ts';
import { isTrue } from './truth.ts';
import { canBeNil, zeroOf } from './zero.ts';

/** Evaluates an expression; sets the state's `through`. */
export type Evaluate = (state: State) => Value;

/** Evaluates a command with the value piped into it. */
type Command = (state: State, piped: Piped) => Value;

/** The value of a pipeline, which is not read through an interface any more; its variables are set. */
export const compilePipe = (pipe: PipeNode): Evaluate => {
  const commands = pipe.commands.map(compileCommand);
  const { variables, assigns } = pipe;
  const store = assigns ? assign : declare;
  return (state) => {
    state.node = pipe;
    spend(state.budget, 1);
    let value: Piped = MISSING;
    for (const command of commands) {
      value = command(state, value);
      const { through } = state;
      if (through !== undefined && through.methods === undefined) {
        state.through = undefined;
        // A nil interface is no value.
        value ??= undefined;
      }
    }
    const result = value === MISSING ? undefined : value;
    for (const variable of variables) store(state, variable, result);
    return result;
  };
};

const compileCommand = ({ args: [first, ...rest], ...command }: CommandNode): Command => {
  const node: CommandNode = { ...command, args: [first, ...rest] };
  const args = rest.map(compileArgument);
  switch (first.kind) {
    case 'field':
      return compileField(first, args);
    case 'chain':
      return compileChain(first, args);
    case 'variable':
      return compileVariable(first, args);
    case 'identifier':
      return compileCall(first, node, args);
    case 'pipe': {
      const pipe = compilePipe(first);
      return onlyAlone(first, args, pipe);
    }
    default: {
      const literal = compileLiteral(first);
      return onlyAlone(first, args, literal, first);
    }
  }
};

/** What is no function takes no arguments. */
const onlyAlone =
  (first: OperandNode, args: readonly Argument[], evaluate: Evaluate, at?: Node): Command =>
  (state, piped) => {
    if (at !== undefined) state.node = at;
    if (args.length > 0 || piped !== MISSING) fail(state, `can't give argument to non-function ${nodeText(first)}`);
    return evaluate(state);
  };

const compileLiteral = (node: OperandNode): Evaluate => {
  switch (node.kind) {
    case 'dot':
      return (state) => {
        state.through = state.dotThrough;
        return state.dot;
      };
    case 'nil':
      return (state) => fail(state, 'nil is not a command');
    case 'number':
      return compileNumber(node);
    case 'bool':
    case 'string':
      return constant(node.value);
    default:
      return (state) => fail(state, `can't evaluate command ${JSON.stringify(nodeText(node))}`);
  }
};

const constant =
  (value: Value): Evaluate =>
  (state) => {
    state.through = undefined;
    return value;
  };

/** A number where no type is asked for: its writing tells its type. */
const compileNumber = (node: NumberNode): Evaluate => {
  const { text, complex, float, int } = node;
  if (complex !== undefined) return constant(new GoComplex(COMPLEX128, complex.real, complex.imaginary));
  const isHexInt = /^0[xX]./.test(text) && !/[pP]/.test(text);
  if (float !== undefined && !isHexInt && !text.startsWith("'") && /[.eEpP]/.test(text)) return constant(float);
  if (int !== undefined) return constant(new GoInt(INT, int));
  return (state) => {
    state.node = node;
    return fail(state, `${text} overflows int`);
  };
};

const noCall: CallMethod = () => undefined;

/** Follows names from a receiver; the last one gets the arguments, as it may be a method. */
const compileNames = (node: OperandNode, names: readonly string[], args: readonly Argument[]) => {
  const last = names.length - 1;
  const calls = names.map(
    (name, index): CallMethod =>
      (state, bound, piped) =>
        callMethod(state, name, bound, node, index === last ? args : [], piped),
  );
  return (state: State, receiver: Value, piped: Piped): Value => {
    let value = receiver;
    for (let index = 0; index <= last; index++) {
      const name = names[index] ?? '';
      const call = calls[index] ?? noCall;
      value = readField(state, value, name, call, index === last && args.length > 0, index === last ? piped : MISSING);
    }
    return value;
  };
};

const compileField = (node: OperandNode & { kind: 'field' }, args: readonly Argument[]): Command => {
  const follow = compileNames(node, node.names, args);
  return (state, piped) => {
    state.node = node;
    state.through = state.dotThrough;
    return follow(state, state.dot, piped);
  };
};

const compileVariable = (node: OperandNode & { kind: 'variable' }, args: readonly Argument[]): Command => {
  const [name = '$', ...names] = node.names;
  const follow = compileNames(node, names, args);
  return (state, piped) => {
    state.node = node;
    const value = recall(state, name);
    if (names.length > 0) return follow(state, value, piped);
    if (args.length > 0 || piped !== MISSING) fail(state, `can't give argument to non-function ${name}`);
    return value;
  };
};

const compileChain = (node: OperandNode & { kind: 'chain' }, args: readonly Argument[]): Command => {
  const base = compileArgument(node.base);
  const follow = compileNames(node, node.names, args);
  return (state, piped) => {
    state.node = node;
    return follow(state, base(state, REFLECT), piped);
  };
};

const compileCall = (
  identifier: OperandNode & { kind: 'identifier' },
  node: Node,
  args: readonly Argument[],
): Command => {
  const { name } = identifier;
  const builtin = builtins().get(name);
  return (state, piped) => {
    state.node = identifier;
    const target = state.set.functions.get(name);
    if (target === undefined) {
      if (builtin === undefined) return fail(state, `${JSON.stringify(name)} is not a defined function`);
      return callBuiltin(state, name, builtin, node, args, piped);
    }
    checkCount(state, name, target, args.length, piped);
    const values = bind(state, target, args, piped) as GoValue[];
    spend(state.budget, 4);
    // Here and not in a function of its own: the stack bounds how deep templates may include.
    try {
      return returned(state, target.call(values, state.runtime));
    } catch (error) {
      return failCall(state, name, node, error);
    }
  };
};

const callBuiltin = (
  state: State,
  name: string,
  builtin: Builtin,
  node: Node,
  args: readonly Argument[],
  piped: Piped,
): Value => {
  checkCount(state, name, builtin, args.length, piped);
  if (name === 'and' || name === 'or') return shortCircuit(state, name === 'or', args, piped);
  const boxes = name === 'slice' ? { bits: 0 } : undefined;
  const values = bind(state, builtin, args, piped, boxes);
  spend(state.budget, 1);
  try {
    const result =
      name === 'call'
        ? callValue(calleeName(node, values), values[0], values.slice(1))
        : builtin.call(state, values, boxes?.bits ?? 0);
    return result === undefined ? noValue(state) : returned(state, result);
  } catch (error) {
    return failCall(state, name, node, error);
  }
};

const noValue = (state: State): undefined => {
  state.through = undefined;
  return undefined;
};

const calleeName = (node: Node, values: readonly Value[]): string => {
  const argument = node.kind === 'command' ? node.args[1] : undefined;
  if (argument !== undefined) return nodeText(argument);
  return typeof values[0] === 'string' ? values[0] : '<func Value>';
};

const shortCircuit = (state: State, until: boolean, args: readonly Argument[], piped: Piped): Value => {
  let value: Value;
  for (const arg of args) {
    value = arg(state, REFLECT);
    if (isTrue(value) === until) return value;
  }
  if (piped === MISSING) return value;
  state.through = undefined;
  return piped;
};

/** An operand as an argument, evaluated for the type of its parameter. */
const compileArgument = (node: OperandNode): Argument => {
  switch (node.kind) {
    case 'dot':
      return converted(node, (state) => {
        state.through = state.dotThrough;
        return state.dot;
      });
    case 'nil':
      return (state, type) => {
        state.node = node;
        if (type === REFLECT) return undefined;
        state.through = type.kind === 'interface' ? type : undefined;
        return canBeNil(type) ? zeroOf(type) : fail(state, `cannot assign nil to ${type.name}`);
      };
    case 'field':
      return converted(node, alone(compileField(node, [])));
    case 'variable':
      return converted(node, alone(compileVariable(node, [])));
    case 'chain':
      return converted(node, alone(compileChain(node, [])));
    case 'identifier':
      return converted(node, alone(compileCall(node, node, [])));
    case 'pipe':
      return converted(node, compilePipe(node));
    default:
      return compileConstantArgument(node);
  }
};

const alone =
  (command: Command): Evaluate =>
  (state) =>
    command(state, MISSING);

const converted =
  (node: Node, evaluate: Evaluate): Argument =>
  (state, type) => {
    state.node = node;
    return convert(state, evaluate(state), type);
  };

type ConstantNode = NumberNode | (OperandNode & { kind: 'bool' | 'string' });

/** A constant takes the type of its parameter where it can. */
const compileConstantArgument = (node: ConstantNode): Argument => {
  const untyped = compileLiteral(node);
  return (state, type) => {
    state.node = node;
    state.through = undefined;
    const { kind } = type;
    if (type === REFLECT || kind === 'interface') return untyped(state);
    if (node.kind === 'number' && isIntKind(kind)) return integerOf(state, node, type);
    if (node.kind === 'number' && (kind === 'float64' || kind === 'float32')) {
      if (node.float === undefined) return expected(state, 'float', node);
      return scalar(type, kind === 'float32' ? Math.fround(node.float) : node.float);
    }
    if (node.kind === 'number' && (kind === 'complex128' || kind === 'complex64') && node.complex !== undefined) {
      return new GoComplex(type, node.complex.real, node.complex.imaginary);
    }
    if (node.kind !== 'number' && node.kind === kind) return scalar(type, node.value);
    const wanted = WANTED.get(kind) ?? (isIntKind(kind) ? integerName(type) : undefined);
    if (wanted === undefined) return fail(state, `can't handle ${nodeText(node)} for arg of type ${type.name}`);
    return expected(state, wanted, node);
  };
};

const WANTED = new Map<GoType['kind'], string>([
  ['bool', 'bool'],
  ['string', 'string'],
  ['float32', 'float'],
  ['float64', 'float'],
  ['complex64', 'complex'],
  ['complex128', 'complex'],
]);

const integerName = (type: GoType): string => (isUnsigned(type.kind) ? 'unsigned integer' : 'integer');

const expected = (state: State, what: string, node: Node): never =>
  fail(state, `expected ${what}; found ${nodeText(node)}`);

const integerOf = (state: State, node: NumberNode, type: GoType): Value => {
  const value = isUnsigned(type.kind) ? node.uint : node.int;
  if (value === undefined || !isIntKind(type.kind)) return expected(state, integerName(type), node);
  return new GoInt(type, wrapInt(type.kind, value));
};

const scalar = (type: GoType, value: boolean | string | number): Value =>
  PREDECLARED.has(type.name) ? value : new GoScalar(type, value);

const PREDECLARED = new Set(['bool', 'string', 'float64']);
