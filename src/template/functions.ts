import type { GoType, Signature } from './type.ts';
import type { GoValue } from './value.ts';

/** What a template may call by name. Each argument has been checked against `params`: nil is null, or typed. */
export interface TemplateFunction extends Signature {
  readonly name: string;
  readonly call: (args: readonly GoValue[], runtime: Runtime) => GoValue;
}

export type FunctionTable = ReadonlyMap<string, TemplateFunction>;

/**
 * What a function returns as its error, or panics with: `template: x:1:2: executing "x" at <f>: error calling f: MESSAGE`.
 * Thrown by functions, caught by the executor.
 */
export class FunctionError extends Error {}

/** Templates that know each other by name; parsing the name again replaces the template. */
export interface TemplateSet {
  /** Of the template that the set was made for. */
  readonly name: string;
  readonly has: (name: string) => boolean;
  /** Adds a template and those it defines. Throws a FunctionError with Go's message where the text does not parse. */
  readonly parse: (name: string, text: string) => void;
  /** An independent set with the same templates, functions and options. */
  readonly clone: () => TemplateSet;
}

/** One rendering, as functions see it. */
export interface Runtime {
  /** The set that the running template belongs to. */
  readonly templates: TemplateSet;
  /** Output of template `name` of a set on data, within the limits of this rendering. Throws the error of its execution. */
  readonly execute: (templates: TemplateSet, name: string, data: GoValue) => string;
  /**
   * Counts work against the limits, one unit for about a byte or an element made; throws when they are exceeded.
   * Whatever can make much from little (repeat, printf widths, seq) calls it before it does the work.
   */
  readonly spend: (units: number) => void;
  /** Counters of the whole rendering by name (nesting of include and tpl), nested executions included. */
  readonly counters: Map<string, number>;
}

type Values<T extends readonly GoType[]> = { -readonly [K in keyof T]: T[K] extends GoType<infer V> ? V : never };

/** A function with a fixed number of parameters; `call` gets the arguments and, last, the runtime. */
export const fixed = <const T extends readonly GoType[]>(
  name: string,
  params: T,
  call: (...args: [...Values<T>, Runtime]) => GoValue,
): TemplateFunction => ({
  name,
  params,
  variadic: false,
  call: (args, runtime) => {
    // Without the spread where that is short: it costs time and stack.
    const direct = call as (...args: readonly unknown[]) => GoValue;
    if (params.length === 1) return direct(args[0], runtime);
    if (params.length === 2) return direct(args[0], args[1], runtime);
    return direct(...args, runtime);
  },
});

/** A function whose further arguments are of type `rest`; `call` gets them as one array after the fixed ones. */
export const variadic = <const T extends readonly GoType[], R extends GoValue>(
  name: string,
  params: T,
  rest: GoType<R>,
  call: (...args: [...Values<T>, readonly R[], Runtime]) => GoValue,
): TemplateFunction => ({
  name,
  params: [...params, rest],
  variadic: true,
  call: (args, runtime) => {
    const direct = call as (...args: readonly unknown[]) => GoValue;
    if (params.length === 0) return direct(args, runtime);
    return direct(...args.slice(0, params.length), args.slice(params.length), runtime);
  },
});

/** Functions by name; a later one replaces an earlier one of the same name. */
export const functionTable = (...lists: readonly (readonly TemplateFunction[])[]): FunctionTable =>
  new Map(lists.flat().map((one) => [one.name, one]));
