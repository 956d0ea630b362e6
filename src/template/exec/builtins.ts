import { byteLength, sliceBytes, toBytes } from '../bytes.ts';
import { sprint, sprintf, sprintln } from '../fmt/printf.ts';
import { FunctionError } from '../functions.ts';
import { ANY, type GoType, isIntKind, type Signature, STRING, UINT8, wrapInt } from '../type.ts';
import { GoFunc, GoInt, GoMap, GoPointer, GoScalar, GoSlice, type GoValue, int, typeOf } from '../value.ts';
import { REFLECT } from './call.ts';
import { equalsAny, isLess } from './compare.ts';
import { escapeHtml, escapeJs, escapeQuery } from './escape.ts';
import { follow } from './field.ts';
import { type State, spend, type Value } from './state.ts';
import { isTrue } from './truth.ts';
import { canBeNil, isAssignable, zeroOf } from './zero.ts';

/** A function of the language itself: it also sees whether there is a value at all. */
export interface Builtin extends Signature {
  /** `boxed` has a bit for each argument that was read through an interface. Throws FunctionErrors. */
  readonly call: (state: State, args: readonly Value[], boxed: number) => Value;
}

const takes = (params: readonly GoType[], call: Builtin['call']): Builtin => ({ params, variadic: false, call });

const takesRest = (params: readonly GoType[], call: Builtin['call']): Builtin => ({ params, variadic: true, call });

const printer =
  (print: (args: readonly GoValue[], spend: (units: number) => void) => string): Builtin['call'] =>
  (state, args) => {
    const text = print(args as readonly GoValue[], state.runtime.spend);
    spend(state.budget, text.length / 16);
    return text;
  };

const escaper = (escaped: (text: string) => string): Builtin =>
  takesRest([ANY], (state, args) => {
    const shown = (args as readonly GoValue[]).map(printable);
    const text = escaped(sprint(shown, state.runtime.spend));
    spend(state.budget, text.length / 16);
    return text;
  });

/** What an escaped argument prints: what pointers lead to, and Go's words for nothing. */
const printable = (value: GoValue): GoValue => {
  if (value === null) return '<no value>';
  return value instanceof GoPointer ? (follow(value).value ?? value) : value;
};

/** `and` and `or` are evaluated where they are called, as they need not evaluate all arguments. */
const shortCircuit = takesRest([REFLECT, REFLECT], () => undefined);

/** The functions that every template has, by name. */
export const builtins = (): ReadonlyMap<string, Builtin> => BUILTINS;

const index: Builtin['call'] = (_state, [item, ...indexes]) => {
  if (item === undefined || item === null) throw new FunctionError('index of untyped nil');
  let found: GoValue = item;
  for (const one of indexes) {
    const { value } = follow(found);
    if (value === undefined || value === null) throw new FunctionError('index of nil pointer');
    found = indexOnce(value, one);
  }
  return found;
};

const indexOnce = (item: GoValue, at: Value): GoValue => {
  if (item instanceof GoMap) return entryOf(item, at);
  if (item instanceof GoSlice) {
    const items = item.items ?? [];
    const position = positionOf(at, items.length, false);
    const found = items[position];
    if (found === undefined) throw new FunctionError(`reflect: ${item.type.kind} index out of range`);
    return found;
  }
  const text = textOf(item);
  if (text === undefined) throw new FunctionError(`can't index item of type ${typeOf(item)?.name}`);
  const bytes = toBytes(text);
  const byte = bytes[positionOf(at, bytes.length, false)];
  if (byte === undefined) throw new FunctionError('reflect: string index out of range');
  return new GoInt(UINT8, BigInt(byte));
};

const entryOf = (map: GoMap, at: Value): GoValue => {
  const { key = STRING, elem = ANY } = map.type;
  const name = textOf(prepare(at ?? undefined, key));
  return map.entries?.get(name ?? '') ?? zeroOf(elem);
};

const textOf = (value: GoValue): string | undefined => {
  if (typeof value === 'string') return value;
  return value instanceof GoScalar && typeof value.value === 'string' ? value.value : undefined;
};

/** An argument of `call`, or a key, as a value of the type; integers are converted. */
const prepare = (value: Value, type: GoType): GoValue => {
  if (value === undefined || value === null) {
    if (!canBeNil(type)) throw new FunctionError(`value is nil; should be of type ${type.name}`);
    return zeroOf(type);
  }
  const own = typeOf(value);
  if (own !== undefined && isAssignable(own, type)) return value;
  if (value instanceof GoInt && isIntKind(type.kind)) return new GoInt(type, wrapInt(type.kind, value.value));
  throw new FunctionError(`value has type ${own?.name}; should be ${type.name}`);
};

const positionOf = (at: Value, size: number, boxed: boolean): number => {
  if (boxed) throw new FunctionError('cannot index slice/array with type interface {}');
  if (at === undefined || at === null) throw new FunctionError('cannot index slice/array with nil');
  if (!(at instanceof GoInt)) throw new FunctionError(`cannot index slice/array with type ${typeOf(at)?.name}`);
  const position = Number(BigInt.asIntN(64, at.value));
  if (position < 0 || position > size) {
    throw new FunctionError(`index out of range: ${BigInt.asIntN(64, at.value)}`);
  }
  return position;
};

const slice: Builtin['call'] = (_state, [item, ...indexes], boxed) => {
  if (item === undefined || item === null) throw new FunctionError('slice of untyped nil');
  const { value } = follow(item);
  if (value === undefined || value === null) throw new FunctionError('slice of nil pointer');
  if (indexes.length > 3) throw new FunctionError(`too many slice indexes: ${indexes.length}`);
  const text = textOf(value);
  if (text !== undefined && indexes.length === 3) throw new FunctionError('cannot 3-index slice a string');
  if (text === undefined && !(value instanceof GoSlice)) {
    throw new FunctionError(`can't slice item of type ${typeOf(value)?.name}`);
  }
  const size = value instanceof GoSlice ? (value.items?.length ?? 0) : byteLength(text ?? '');
  const bounds = indexes.map((one, at) => positionOf(one, size, (boxed & (2 << at)) !== 0));
  const [from = 0, to = size, limit] = bounds;
  if (from > to) throw new FunctionError(`invalid slice index: ${from} > ${to}`);
  if (limit !== undefined && to > limit) throw new FunctionError(`invalid slice index: ${to} > ${limit}`);
  if (value instanceof GoSlice) return new GoSlice(value.type, value.items?.slice(from, to));
  const part = sliceBytes(text ?? '', from, to);
  return value instanceof GoScalar ? new GoScalar(value.type, part) : part;
};

const length: Builtin['call'] = (_state, [item]) => {
  if (item === undefined) throw new FunctionError('reflect: call of reflect.Value.Type on zero Value');
  const { value } = follow(item);
  if (value === undefined || value === null) throw new FunctionError('len of nil pointer');
  if (value instanceof GoMap) return int(value.entries?.size ?? 0);
  if (value instanceof GoSlice) return int(value.items?.length ?? 0);
  const text = textOf(value);
  if (text === undefined) throw new FunctionError(`len of type ${typeOf(value)?.name}`);
  return int(byteLength(text));
};

/** Go's `call`; `name` is the expression that gave the function. */
export const callValue = (name: string, target: Value, args: readonly Value[]): GoValue => {
  if (target === undefined || target === null) throw new FunctionError('call of nil');
  if (!(target instanceof GoFunc)) throw new FunctionError(`non-function ${name} of type ${typeOf(target)?.name}`);
  const { params, variadic } = target.type.signature;
  const least = variadic ? params.length - 1 : params.length;
  if (variadic ? args.length < least : args.length !== least) {
    const want = `want ${variadic ? 'at least ' : ''}${least}`;
    throw new FunctionError(`wrong number of args for ${name}: got ${args.length} ${want}`);
  }
  return target.call(
    args.map((arg, at) => {
      try {
        return prepare(arg, params[Math.min(at, params.length - 1)] ?? ANY);
      } catch (error) {
        throw error instanceof FunctionError ? new FunctionError(`arg ${at}: ${error.message}`) : error;
      }
    }),
  );
};

const lessOrEqual = (left: Value, right: Value): boolean => isLess(left, right) || equalsAny(left, [right]);

const BUILTINS: ReadonlyMap<string, Builtin> = new Map<string, Builtin>([
  ['and', shortCircuit],
  ['or', shortCircuit],
  ['call', takesRest([REFLECT, REFLECT], () => undefined)],
  ['html', escaper(escapeHtml)],
  ['js', escaper(escapeJs)],
  ['urlquery', escaper(escapeQuery)],
  ['index', takesRest([REFLECT, REFLECT], index)],
  ['slice', takesRest([REFLECT, REFLECT], slice)],
  ['len', takes([REFLECT], length)],
  ['not', takes([REFLECT], (_state, [value]) => !isTrue(value))],
  ['print', takesRest([ANY], printer(sprint))],
  ['println', takesRest([ANY], printer(sprintln))],
  [
    'printf',
    takesRest(
      [STRING, ANY],
      printer(([format, ...args], count) => sprintf(String(format), args, count)),
    ),
  ],
  ['eq', takesRest([REFLECT, REFLECT], (_state, [left, ...others]) => equalsAny(left, others))],
  ['ne', takes([REFLECT, REFLECT], (_state, [left, right]) => !equalsAny(left, [right]))],
  ['lt', takes([REFLECT, REFLECT], (_state, [left, right]) => isLess(left, right))],
  ['le', takes([REFLECT, REFLECT], (_state, [left, right]) => lessOrEqual(left, right))],
  ['gt', takes([REFLECT, REFLECT], (_state, [left, right]) => !lessOrEqual(left, right))],
  ['ge', takes([REFLECT, REFLECT], (_state, [left, right]) => !isLess(left, right))],
]);
