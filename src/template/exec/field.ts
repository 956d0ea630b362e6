import { quote } from '../fmt/quote.ts';
import { type GoField, type GoMethod, type GoType, isExported, pointerTo, STRING } from '../type.ts';
import { GoMap, GoPointer, GoStruct, type GoValue, typeOf } from '../value.ts';
import { fail, MISSING, type Piped, type State, type Value } from './state.ts';
import { zeroOf } from './zero.ts';

/** A method bound to its receiver. */
interface BoundMethod {
  readonly method: GoMethod;
  readonly receiver: GoValue;
}

/** Calls a method that a field turned out to be, with whatever arguments stand there. */
export type CallMethod = (state: State, bound: BoundMethod, piped: Piped) => Value;

/**
 * `receiver.name`: a method's result, a struct's field or a map's entry. `state.through` is the receiver's when it is
 * called, and the result's afterwards.
 */
export const readField = (
  state: State,
  receiver: Value,
  name: string,
  callMethod: CallMethod,
  takesArgs: boolean,
  piped: Piped,
): Value => {
  const hasArgs = takesArgs || piped !== MISSING;
  if (receiver === undefined) {
    if (state.set.missingKey === 'error') fail(state, `nil data; no entry for key ${quote(name)}`);
    state.through = undefined;
    return undefined;
  }
  if (receiver instanceof GoMap && receiver.type.methods === undefined) {
    return readEntry(state, receiver, name, hasArgs);
  }
  if (receiver === null) return fail(state, `nil pointer evaluating ${state.through?.name ?? 'interface {}'}.${name}`);
  const { pointer, value } = follow(receiver);
  const bound = findMethod(pointer, value, name);
  if (bound !== undefined) return callMethod(state, bound, piped);
  if (value instanceof GoStruct) return readStructField(state, receiver, value, name, hasArgs);
  if (value instanceof GoMap) return readEntry(state, value, name, hasArgs);
  if (value === undefined && hasField(pointer?.type.elem, name)) {
    return fail(state, `nil pointer evaluating ${staticName(state, receiver)}.${name}`);
  }
  return cannotEvaluate(state, receiver, name);
};

/** The type of the place that the value was read from. */
const staticName = (state: State, value: GoValue): string =>
  state.through?.name ?? typeOf(value)?.name ?? 'interface {}';

const cannotEvaluate = (state: State, receiver: GoValue, name: string): never =>
  fail(state, `can't evaluate field ${name} in type ${staticName(state, receiver)}`);

/** What pointers lead to: undefined behind a nil one. `pointer` is the last of them. */
export const follow = (
  start: GoValue,
): { readonly pointer: GoPointer | undefined; readonly value: GoValue | undefined } => {
  let pointer: GoPointer | undefined;
  let value: GoValue | undefined = start;
  while (value instanceof GoPointer) {
    pointer = value;
    value = value.target;
  }
  return { pointer, value };
};

/** A nil pointer to anything but a struct without such a field is what Go blames. */
const hasField = (type: GoType | undefined, name: string): boolean =>
  type !== undefined && (type.kind !== 'struct' || findField(type, name) !== undefined);

const readEntry = (state: State, map: GoMap, name: string, hasArgs: boolean): Value => {
  const { type, entries } = map;
  if (type.key !== STRING) return cannotEvaluate(state, map, name);
  if (hasArgs) fail(state, `${name} is not a method but has arguments`);
  const elem = type.elem;
  const entry = entries?.get(name);
  if (entry !== undefined) {
    state.through = elem?.kind === 'interface' ? elem : undefined;
    return entry;
  }
  if (state.set.missingKey === 'error') fail(state, `map has no entry for key ${quote(name)}`);
  if (state.set.missingKey === 'default' || elem === undefined) {
    state.through = undefined;
    return undefined;
  }
  state.through = elem.kind === 'interface' ? elem : undefined;
  return zeroOf(elem);
};

const readStructField = (state: State, receiver: GoValue, struct: GoStruct, name: string, hasArgs: boolean): Value => {
  const path = findField(struct.type, name);
  if (path === undefined) return cannotEvaluate(state, receiver, name);
  if (!path.isExported) {
    return fail(state, `${name} is an unexported field of struct type ${staticName(state, receiver)}`);
  }
  if (hasArgs) fail(state, `${name} has arguments but cannot be invoked as function`);
  let value: GoValue = struct;
  for (const field of path.fields) {
    const inner: GoValue | undefined = follow(value).value;
    if (!(inner instanceof GoStruct)) {
      return fail(state, `reflect: indirection through nil pointer to embedded struct field ${field.name}`);
    }
    value = inner.read(field.name);
    state.through = field.type.kind === 'interface' ? field.type : undefined;
  }
  return value;
};

/** The way to a field: itself, or the embedded structs it is promoted from, then itself. */
interface FieldPath {
  readonly fields: readonly GoField[];
  readonly isExported: boolean;
}

/** What was asked of a struct type before. */
interface Shape {
  readonly paths: Map<string, FieldPath | undefined>;
  readonly embedded: readonly GoField[];
}

const shapes = new WeakMap<GoType, Shape>();

const shapeOf = (type: GoType): Shape => {
  let shape = shapes.get(type);
  if (shape === undefined) {
    shape = { paths: new Map(), embedded: (type.fields ?? []).filter((field) => field.embedded === true) };
    shapes.set(type, shape);
  }
  return shape;
};

const findField = (type: GoType, name: string): FieldPath | undefined => {
  const { paths } = shapeOf(type);
  let path = paths.get(name);
  if (path === undefined && !paths.has(name)) {
    path = searchField(type, name);
    paths.set(name, path);
  }
  return path;
};

const searchField = (type: GoType, name: string): FieldPath | undefined => {
  const own = type.fields?.find((field) => field.name === name);
  if (own !== undefined) return { fields: [own], isExported: own.embedded === true || isExported(own) };
  for (const field of shapeOf(type).embedded) {
    const inner = findField(field.type.kind === 'pointer' ? (field.type.elem ?? field.type) : field.type, name);
    if (inner !== undefined) return { ...inner, fields: [field, ...inner.fields] };
  }
  return undefined;
};

const findMethod = (
  pointer: GoPointer | undefined,
  value: GoValue | undefined,
  name: string,
): BoundMethod | undefined => {
  const type = value === undefined ? pointer?.type.elem : typeOf(value);
  if (type === undefined) return undefined;
  const own = value === undefined ? undefined : type.methods?.get(name);
  if (own !== undefined && value !== undefined) return { method: own, receiver: value };
  const ofPointer = type.methodsOfPointer?.get(name);
  if (ofPointer !== undefined) {
    return { method: ofPointer, receiver: pointer ?? new GoPointer(pointerTo(type), value) };
  }
  return value instanceof GoStruct ? promotedMethod(value, name) : undefined;
};

const promotedMethod = (struct: GoStruct, name: string): BoundMethod | undefined => {
  for (const field of shapeOf(struct.type).embedded) {
    const { pointer, value } = follow(struct.read(field.name));
    const bound = findMethod(pointer, value, name);
    if (bound !== undefined) return bound;
  }
  return undefined;
};
