import { printValue, sortedEntries, textOf } from '../fmt/printer.ts';
import { quote } from '../fmt/quote.ts';
import { type BranchNode, nodeText, type StatementNode, type TemplateNode, type Tree } from '../parse/node.ts';
import { ANY, type GoType } from '../type.ts';
import { GoFunc, GoInt, GoMap, GoPointer, GoSlice, type GoValue, int } from '../value.ts';
import { compilePipe, type Evaluate } from './expression.ts';
import { follow } from './field.ts';
import { assign, fail, type Program, type State, spend, type Value, write } from './state.ts';
import { isTrue } from './truth.ts';

/** How a statement ended. */
type Outcome = undefined | 'break' | 'continue';
type Statement = (state: State) => Outcome;

/** Go's limit for templates that call templates; the stack may end earlier. */
const MAX_DEPTH = 100_000;

/** A template ready to run. */
export const compile = (tree: Tree): Program => compileList(tree.body);

const compileList = (body: readonly StatementNode[]): Statement => {
  const statements = body.map(compileStatement);
  const [only] = statements;
  if (only !== undefined && statements.length === 1) return only;
  return (state) => {
    for (const statement of statements) {
      const outcome = statement(state);
      if (outcome !== undefined) return outcome;
    }
    return undefined;
  };
};

const compileStatement = (node: StatementNode): Statement => {
  switch (node.kind) {
    case 'text':
      return (state) => {
        write(state, node.text);
        return undefined;
      };
    case 'action':
      return compileAction(node);
    case 'template':
      return compileTemplate(node);
    case 'range':
      return compileRange(node);
    case 'if':
    case 'with':
      return compileBranch(node);
    default:
      return () => node.kind;
  }
};

const compileAction = (node: StatementNode & { kind: 'action' }): Statement => {
  const pipe = compilePipe(node.pipe);
  const isSilent = node.pipe.variables.length > 0;
  return (state) => {
    state.node = node;
    const value = pipe(state);
    if (isSilent) return undefined;
    state.node = node;
    write(state, typeof value === 'string' ? value : display(state, value, node));
    return undefined;
  };
};

/** A value as an action prints it. */
const display = (state: State, start: Value, node: StatementNode): string => {
  if (start === undefined) return '<no value>';
  const { pointer, value = start } = follow(start);
  // A pointer's own String method is used although what it leads to is printed.
  if (pointer !== undefined && textOf(pointer) !== undefined) return printValue(pointer, state.runtime.spend);
  if (value instanceof GoFunc) return fail(state, `can't print ${nodeText(node)} of type ${value.type.name}`);
  return printValue(value, state.runtime.spend);
};

const compileBranch = (node: BranchNode): Statement => {
  const pipe = compilePipe(node.pipe);
  const body = compileList(node.body);
  const otherwise = node.otherwise === undefined ? undefined : compileList(node.otherwise);
  const setsDot = node.kind === 'with';
  return (state) => {
    state.node = node;
    const { length } = state.variables;
    const value = pipe(state);
    let outcome: Outcome;
    if (!isTrue(value)) outcome = otherwise?.(state);
    else if (setsDot) outcome = withDot(state, value, state.through, body);
    else outcome = body(state);
    state.variables.length = length;
    return outcome;
  };
};

const withDot = (state: State, value: Value, through: GoType | undefined, body: Statement): Outcome => {
  const { dot, dotThrough } = state;
  state.dot = value;
  state.dotThrough = through;
  const outcome = body(state);
  state.dot = dot;
  state.dotThrough = dotThrough;
  return outcome;
};

const compileTemplate = (node: TemplateNode): Statement => {
  const pipe = node.pipe === undefined ? undefined : compilePipe(node.pipe);
  return (state) => {
    state.node = node;
    const program = state.set.lookup(node.name);
    if (program === undefined) return fail(state, `template ${quote(node.name)} not defined`);
    if (state.depth === MAX_DEPTH) fail(state, `exceeded maximum template depth (${MAX_DEPTH})`);
    const dot = evaluate(state, pipe);
    const { set, budget, runtime, output, depth, through } = state;
    program({
      set,
      budget,
      runtime,
      output,
      name: node.name,
      node: undefined,
      variables: [{ name: '$', value: dot, through }],
      dot,
      dotThrough: through,
      through: undefined,
      depth: depth + 1,
    });
    return undefined;
  };
};

const evaluate = (state: State, pipe: Evaluate | undefined): Value => {
  state.through = undefined;
  return pipe?.(state);
};

/** Runs the body of a range for one element; says whether the loop goes on. */
type Iteration = (state: State, index: Value, element: Value, through: GoType | undefined) => boolean;

const compileRange = (node: BranchNode): Statement => {
  const pipe = compilePipe(node.pipe);
  const iteration = compileIteration(node);
  const otherwise = node.otherwise === undefined ? undefined : compileList(node.otherwise);
  const { variables } = node.pipe;
  return (state) => {
    state.node = node;
    const { length } = state.variables;
    const start = pipe(state);
    const value = start === undefined ? undefined : (follow(start).value ?? start);
    const ran = iterate(state, value, variables.length, iteration);
    const outcome = ran ? undefined : otherwise?.(state);
    state.variables.length = length;
    return outcome;
  };
};

const compileIteration = (node: BranchNode): Iteration => {
  const body = compileList(node.body);
  const { variables, assigns } = node.pipe;
  const [first, second] = variables;
  return (state, index, element, through) => {
    const mark = state.variables.length;
    if (assigns) {
      if (second !== undefined) assignTo(state, second, element, through);
      if (first !== undefined)
        assignTo(
          state,
          first,
          ...(second === undefined ? ([element, through] as const) : ([index, undefined] as const)),
        );
    } else {
      if (first !== undefined) setTop(state, 1, element, through);
      if (second !== undefined) setTop(state, 2, index, undefined);
    }
    spend(state.budget, 1);
    const outcome = withDot(state, element, through, body);
    state.variables.length = mark;
    return outcome !== 'break';
  };
};

const assignTo = (state: State, name: string, value: Value, through: GoType | undefined): void => {
  state.through = through;
  assign(state, name, value);
};

/** Sets the variable that many places below the top: the range declared it. */
const setTop = (state: State, below: number, value: Value, through: GoType | undefined): void => {
  const variable = state.variables[state.variables.length - below];
  if (variable === undefined) return;
  variable.value = value;
  variable.through = through;
};

/** Whether there was anything to range over. */
const iterate = (state: State, value: Value, variables: number, iteration: Iteration): boolean => {
  if (value === undefined) return false;
  if (value instanceof GoSlice) return overSlice(state, value, iteration);
  if (value instanceof GoMap) return overMap(state, value, iteration);
  if (value instanceof GoInt) {
    if (variables > 1) fail(state, `can't use ${value.value} to iterate over more than one variable`);
    return overInt(state, value, iteration);
  }
  if (value instanceof GoFunc) return overFunc(state, value, variables, iteration);
  return cannotIterate(state, value);
};

const cannotIterate = (state: State, value: GoValue): never =>
  fail(
    state,
    `range can't iterate over ${value instanceof GoPointer ? '<nil>' : printValue(value, state.runtime.spend)}`,
  );

const interfaceOf = (type: GoType | undefined): GoType | undefined => (type?.kind === 'interface' ? type : undefined);

const overSlice = (state: State, slice: GoSlice, iteration: Iteration): boolean => {
  const through = interfaceOf(slice.type.elem);
  const items = slice.items ?? [];
  for (let index = 0; index < items.length; index++) {
    if (!iteration(state, int(index), items[index] ?? null, through)) break;
  }
  return items.length > 0;
};

const overMap = (state: State, map: GoMap, iteration: Iteration): boolean => {
  const through = interfaceOf(map.type.elem);
  const entries = sortedEntries(map);
  spend(state.budget, entries.length);
  for (const [key, element] of entries) {
    if (!iteration(state, key, element, through)) break;
  }
  return entries.length > 0;
};

const overInt = (state: State, { type, value }: GoInt, iteration: Iteration): boolean => {
  for (let count = 0n; count < value; count++) {
    if (!iteration(state, undefined, new GoInt(type, count), undefined)) break;
  }
  return value > 0n;
};

/** A function that hands one or two values at a time to the function it is given, until that says to stop. */
const overFunc = (state: State, target: GoFunc, variables: number, iteration: Iteration): boolean => {
  const yields = target.type.signature.params[0]?.signature?.params;
  const isIterator = target.type.signature.params.length === 1 && (yields?.length === 1 || yields?.length === 2);
  if (!isIterator || yields === undefined) return cannotIterate(state, target);
  if (yields.length === 1 && variables > 1) {
    fail(state, `can't use ${printValue(target)} iterate over more than one variable`);
  }
  let ran = false;
  const type = { kind: 'func', name: 'func', signature: { params: yields, variadic: false } } as const;
  const receive = new GoFunc(type, ([first = null, second = null]) => {
    ran = true;
    const through = (place: GoType | undefined): GoType | undefined => interfaceOf(place ?? ANY);
    // With one variable, a pair gives its first.
    return yields.length === 2 && variables > 1
      ? iteration(state, first, second, through(yields[1]))
      : iteration(state, undefined, first, through(yields[0]));
  });
  target.call([receive]);
  return ran;
};
