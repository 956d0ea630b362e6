import { toText } from './bytes.ts';
import { builtins } from './exec/builtins.ts';
import {
  type Budget,
  type ExecutableSet,
  ExecutionError,
  LimitError,
  type Limits,
  type MissingKey,
  type Program,
  type State,
  spend,
  type Value,
} from './exec/state.ts';
import { compile } from './exec/statement.ts';
import { FunctionError, type FunctionTable, type Runtime, type TemplateSet } from './functions.ts';
import type { Tree } from './parse/node.ts';
import { isEmptyBody, ParseError, parse } from './parse/parser.ts';
import type { GoValue } from './value.ts';

export interface TemplateOptions {
  /** Beside Go's own, which they may replace. */
  readonly functions?: FunctionTable;
  /** What a missing key of a map gives: nothing, the zero value, or an error. */
  readonly missingKey?: MissingKey;
}

/** What a rendering ended with: the output, or the message as Go words it. */
export type Rendering = { readonly output: string } | { readonly error: string };

/** Enough for any chart; a template that needs more is a mistake or an attack. */
const DEFAULT_LIMITS: Limits = { output: 10 * 1024 * 1024, work: 100_000_000 };

/** An empty set of templates; `name` is that of the template to be parsed first. */
export const createTemplates = (name: string, options: TemplateOptions = {}): TemplateSet =>
  createSet(name, new Map(), options.functions ?? new Map(), options.missingKey ?? 'default');

/** Adds a text to a set under a name; the message of Go's parser where it is none. */
export const parseTemplate = (templates: TemplateSet, name: string, text: string): string | undefined => {
  try {
    templates.parse(name, text);
    return undefined;
  } catch (error) {
    if (error instanceof FunctionError) return toText(error.message);
    throw error;
  }
};

/** Executes a template of the set on data. Never throws for what templates or data are. */
export const render = (
  templates: TemplateSet,
  name: string,
  data: GoValue,
  limits: Limits = DEFAULT_LIMITS,
): Rendering => {
  const budget: Budget = { limits, output: 0, work: 0, nextCheck: 0, counters: new Map() };
  try {
    return { output: toText(executor(budget)(templates, name, data)) };
  } catch (error) {
    if (error instanceof FunctionError || error instanceof LimitError) return { error: toText(error.message) };
    // The stack or the length of a string.
    if (error instanceof RangeError) return { error: `template: ${name}: the template nests too deeply` };
    throw error;
  }
};

const sets = new WeakMap<TemplateSet, ExecutableSet>();

const createSet = (
  name: string,
  entries: Map<string, Program>,
  functions: FunctionTable,
  missingKey: MissingKey,
): TemplateSet => {
  const hasFunction = (word: string): boolean => functions.has(word) || builtins().has(word);
  const set: ExecutableSet = {
    name,
    functions,
    missingKey,
    has: (wanted) => entries.has(wanted),
    lookup: (wanted) => entries.get(wanted),
    clone: () => createSet(name, new Map(entries), functions, missingKey),
    parse: (as, text) => {
      for (const [defined, tree] of parseAll(as, text, hasFunction)) {
        // A template without content never replaces one.
        if (!isEmptyBody(tree.body) || !entries.has(defined)) entries.set(defined, compileLater(tree));
      }
    },
  };
  sets.set(set, set);
  return set;
};

/** Many templates of a set are never run. */
const compileLater = (tree: Tree): Program => {
  let program: Program | undefined;
  return (state) => {
    program ??= compile(tree);
    program(state);
  };
};

const parseAll = (name: string, text: string, hasFunction: (word: string) => boolean): ReturnType<typeof parse> => {
  try {
    return parse(name, text, hasFunction);
  } catch (error) {
    throw error instanceof ParseError ? new FunctionError(error.message) : error;
  }
};

/** Execution within one budget: of the template rendered, and of those that its functions ask for. */
const executor = (budget: Budget): Runtime['execute'] => {
  const execute: Runtime['execute'] = (templates, name, data) => {
    const set = sets.get(templates);
    const program = set?.lookup(name);
    if (set === undefined || program === undefined) {
      const message = `template: no template ${JSON.stringify(name)} associated with template ${JSON.stringify(templates.name)}`;
      throw new ExecutionError(message);
    }
    const state = initialState(set, name, data ?? undefined, budget, execute);
    program(state);
    return state.output.text;
  };
  return execute;
};

const initialState = (
  set: ExecutableSet,
  name: string,
  dot: Value,
  budget: Budget,
  execute: Runtime['execute'],
): State => ({
  set,
  name,
  budget,
  runtime: { templates: set, execute, spend: (units) => spend(budget, units), counters: budget.counters },
  output: { text: '' },
  node: undefined,
  variables: [{ name: '$', value: dot, through: undefined }],
  dot,
  dotThrough: undefined,
  through: undefined,
  depth: 0,
});
