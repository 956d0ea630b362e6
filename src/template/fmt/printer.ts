import { compareStrings, fromBytes } from '../bytes.ts';
import { type GoType, isUnsigned } from '../type.ts';
import {
  GoComplex,
  GoFunc,
  GoInt,
  GoMap,
  GoPointer,
  GoScalar,
  GoSlice,
  GoStruct,
  type GoValue,
  typeOf,
} from '../value.ts';
import { type Flags, noFlags } from './flags.ts';
import {
  formatChar,
  formatHex,
  formatInteger,
  formatNumber,
  formatQuoted,
  formatQuotedChar,
  formatString,
  formatUnicode,
  pad,
} from './scalar.ts';

/** Counts what is printed against a limit; throws when it is exceeded. */
export type Spend = (units: number) => void;

/** Where printing stands: the flags in force, and whether String and Error methods are called. */
interface Printer {
  readonly flags: Flags;
  readonly spend: Spend;
  readonly callsMethods: boolean;
}

const unlimited: Spend = () => undefined;

/** A value as `%v` prints it. */
export const printValue = (value: GoValue, spend: Spend = unlimited): string => {
  if (typeof value === 'string') return value;
  return printArg({ flags: noFlags(), spend, callsMethods: true }, value, 'v');
};

/** One argument as a verb prints it. */
export const printVerb = (value: GoValue, verb: string, flags: Flags, spend: Spend): string =>
  printArg({ flags, spend, callsMethods: true }, value, verb);

const printArg = (printer: Printer, value: GoValue, verb: string): string => {
  if (value === null) {
    return verb === 'T' || verb === 'v' ? pad('<nil>', printer.flags) : badVerb(printer, null, verb);
  }
  if (verb === 'T') return formatString(typeName(value), printer.flags);
  if (verb === 'p') return printAddress(printer, value, verb);
  return withMethods(printer, value, verb) ?? printKind(printer, value, verb, 0);
};

const typeName = (value: GoValue): string => typeOf(value)?.name ?? '<nil>';

const badVerb = (printer: Printer, value: GoValue, verb: string): string => {
  if (value === null) return `%!${verb}(<nil>)`;
  const quiet: Printer = { ...printer, callsMethods: false };
  return `%!${verb}(${typeName(value)}=${printKind(quiet, value, 'v', 0)})`;
};

/** What the Error or String method says, where the value has one and the verb takes strings. */
const withMethods = (printer: Printer, value: GoValue, verb: string): string | undefined => {
  if (!printer.callsMethods) return undefined;
  if (verb === 'w') return badVerb(printer, value, verb);
  if (printer.flags.sharpV || !'vsxXq'.includes(verb) || typeof value !== 'object') return undefined;
  const text = textOf(value);
  return text === undefined ? undefined : printText(printer, text, verb);
};

/** The result of a value's Error or String method; undefined where it has none. */
export const textOf = (value: GoValue): string | undefined => {
  const type = typeOf(value);
  if (type === undefined) return undefined;
  for (const name of ['Error', 'String']) {
    const own = type.methods?.get(name);
    const method = own ?? (value instanceof GoPointer ? type.elem?.methodsOfPointer?.get(name) : undefined);
    const inherited = method ?? (value instanceof GoPointer ? type.elem?.methods?.get(name) : undefined);
    if (inherited === undefined || inherited.params.length > 0) continue;
    // A method of the value itself can't be called through a nil pointer: Go prints <nil>.
    if (method === undefined && value instanceof GoPointer && value.target === undefined) return '<nil>';
    const receiver = method === undefined && value instanceof GoPointer ? (value.target ?? null) : value;
    const text = inherited.call(receiver, []);
    if (typeof text === 'string') return text;
  }
  return undefined;
};

const printKind = (printer: Printer, value: GoValue, verb: string, depth: number): string => {
  printer.spend(1);
  if (typeof value === 'string') return printString(printer, value, verb, value);
  if (typeof value === 'number') return printFloat(printer, value, verb, 64, value);
  if (typeof value === 'boolean') return printBool(printer, value, verb, value);
  if (value instanceof GoInt) return printInt(printer, value, verb);
  if (value instanceof GoMap) return printMap(printer, value, verb, depth);
  if (value instanceof GoSlice) return printSlice(printer, value, verb, depth);
  if (value instanceof GoStruct) return printStruct(printer, value, verb, depth);
  if (value instanceof GoScalar) return printScalar(printer, value, verb);
  if (value instanceof GoComplex) return printComplex(printer, value, verb);
  if (value instanceof GoPointer && depth === 0 && isComposite(value.target)) {
    return `&${printNested(printer, value.target, verb, 1)}`;
  }
  return value === null ? badVerb(printer, null, verb) : printAddress(printer, value, verb);
};

const isComposite = (value: GoValue | undefined): value is GoSlice | GoStruct | GoMap =>
  value instanceof GoSlice || value instanceof GoStruct || value instanceof GoMap;

/** An element; `through` is the type of its place, which names a nil interface. */
const printNested = (printer: Printer, value: GoValue, verb: string, depth: number, through?: GoType): string => {
  if (value !== null) return withMethods(printer, value, verb) ?? printKind(printer, value, verb, depth);
  printer.spend(1);
  return printer.flags.sharpV ? `${through?.name ?? 'interface {}'}(nil)` : '<nil>';
};

const printText = (printer: Printer, text: string, verb: string): string => printString(printer, text, verb, text);

const printString = (printer: Printer, text: string, verb: string, whole: GoValue): string => {
  const { flags } = printer;
  printer.spend(text.length + Math.max(flags.width, 0));
  switch (verb) {
    case 'v':
      return flags.sharpV ? formatQuoted(text, flags) : formatString(text, flags);
    case 's':
      return formatString(text, flags);
    case 'q':
      return formatQuoted(text, flags);
    case 'x':
    case 'X':
      return formatHex(text, flags, verb === 'X');
    default:
      return badVerb(printer, whole, verb);
  }
};

const printBool = (printer: Printer, value: boolean, verb: string, whole: GoValue): string =>
  verb === 't' || verb === 'v' ? pad(String(value), printer.flags) : badVerb(printer, whole, verb);

const printScalar = (printer: Printer, scalar: GoScalar, verb: string): string => {
  const { value } = scalar;
  if (typeof value === 'string') return printString(printer, value, verb, scalar);
  if (typeof value === 'boolean') return printBool(printer, value, verb, scalar);
  return printFloat(printer, value, verb, scalar.type.kind === 'float32' ? 32 : 64, scalar);
};

const printFloat = (printer: Printer, value: number, verb: string, bits: 32 | 64, whole: GoValue): string => {
  const { flags } = printer;
  printer.spend(Math.max(flags.width, 0) + Math.max(flags.precision, 0));
  switch (verb) {
    case 'v':
      return formatNumber(value, bits, 'g', -1, flags);
    case 'b':
    case 'g':
    case 'G':
    case 'x':
    case 'X':
      return formatNumber(value, bits, verb, -1, flags);
    case 'e':
    case 'E':
    case 'f':
      return formatNumber(value, bits, verb, 6, flags);
    case 'F':
      return formatNumber(value, bits, 'f', 6, flags);
    default:
      return badVerb(printer, whole, verb);
  }
};

const printComplex = (printer: Printer, value: GoComplex, verb: string): string => {
  if (!'vbgGxXfFeE'.includes(verb)) return badVerb(printer, value, verb);
  const signed: Printer = { ...printer, flags: { ...printer.flags, plus: true } };
  const bits = value.type.kind === 'complex64' ? 32 : 64;
  const real = printFloat(printer, value.real, verb, bits, value);
  return `(${real}${printFloat(signed, value.imaginary, verb, bits, value)}i)`;
};

const printInt = (printer: Printer, int: GoInt, verb: string): string => {
  const { flags } = printer;
  const { value } = int;
  printer.spend(Math.max(flags.width, 0) + Math.max(flags.precision, 0));
  switch (verb) {
    case 'v':
      if (!flags.sharpV || !isUnsigned(int.type.kind)) return formatInteger(value, 10, flags);
      return formatInteger(value, 16, { ...flags, sharp: true });
    case 'd':
      return formatInteger(value, 10, flags);
    case 'b':
      return formatInteger(value, 2, flags);
    case 'o':
      return formatInteger(value, 8, flags);
    case 'O':
      return formatInteger(value, 8, flags, false, '0o');
    case 'x':
    case 'X':
      return formatInteger(value, 16, flags, verb === 'X');
    case 'c':
      return formatChar(value, flags);
    case 'q':
      return formatQuotedChar(value, flags);
    case 'U':
      return formatUnicode(value, flags);
    default:
      return badVerb(printer, int, verb);
  }
};

const printMap = (printer: Printer, map: GoMap, verb: string, depth: number): string => {
  const { sharpV } = printer.flags;
  if (sharpV && map.entries === undefined) return `${map.type.name}(nil)`;
  const parts: string[] = [];
  for (const [key, value] of sortedEntries(map)) {
    const name = printNested(printer, key, verb, depth + 1);
    parts.push(`${name}:${printNested(printer, value, verb, depth + 1, map.type.elem)}`);
  }
  return sharpV ? `${map.type.name}{${parts.join(', ')}}` : `map[${parts.join(' ')}]`;
};

/** The entries in Go's order for printing and ranging, keys with their type. */
export const sortedEntries = (map: GoMap): readonly (readonly [GoValue, GoValue])[] => {
  const key = map.type.key;
  const isNamed = key !== undefined && key.name !== 'string' && key.kind === 'string';
  return [...(map.entries ?? [])]
    .sort(([a], [b]) => compareStrings(a, b))
    .map(([name, value]) => [isNamed ? new GoScalar(key, name) : name, value]);
};

const printSlice = (printer: Printer, slice: GoSlice, verb: string, depth: number): string => {
  const { items, type } = slice;
  if (type.elem?.kind === 'uint8' && 'sqxX'.includes(verb)) return printBytes(printer, items ?? [], verb);
  const { sharpV } = printer.flags;
  if (sharpV && items === undefined) return `${byteSliceName(type, depth)}(nil)`;
  const parts = (items ?? []).map((item) => printItem(printer, item, verb, depth, type));
  return sharpV ? `${byteSliceName(type, depth)}{${parts.join(', ')}}` : `[${parts.join(' ')}]`;
};

/** Only as an argument itself is `[]uint8` printed as the source writes it. */
const byteSliceName = (type: GoType, depth: number): string =>
  depth === 0 && type.name === '[]uint8' ? '[]byte' : type.name;

const printItem = (printer: Printer, item: GoValue, verb: string, depth: number, type: GoType): string =>
  printNested(printer, item, verb, depth + 1, type.elem);

const printBytes = (printer: Printer, items: readonly GoValue[], verb: string): string => {
  const bytes = Uint8Array.from(items, (item) => (item instanceof GoInt ? Number(item.value) : 0));
  printer.spend(bytes.length);
  if (verb === 'x' || verb === 'X') return formatHex(bytes, printer.flags, verb === 'X');
  const text = fromBytes(bytes);
  return verb === 's' ? formatString(text, printer.flags) : formatQuoted(text, printer.flags);
};

const printStruct = (printer: Printer, struct: GoStruct, verb: string, depth: number): string => {
  const { sharpV, plusV } = printer.flags;
  const parts = (struct.type.fields ?? []).map(({ name, type }) => {
    const text = printNested(printer, struct.read(name), verb, depth + 1, type);
    return sharpV || plusV ? `${name}:${text}` : text;
  });
  return sharpV ? `${struct.type.name}{${parts.join(', ')}}` : `{${parts.join(' ')}}`;
};

/** Pointers and functions print an address in Go; ours have none, so that any but nil prints the same made-up one. */
const printAddress = (printer: Printer, value: GoValue, verb: string): string => {
  const isNil = isNilReference(value);
  if (isNil === undefined) return badVerb(printer, value, verb);
  const { flags } = printer;
  const address = isNil ? 0n : 0xc000010000n;
  const hex = (sharp: boolean): string => formatInteger(address, 16, { ...flags, sharp });
  if (verb === 'p') return hex(!flags.sharp);
  if (verb !== 'v')
    return 'bodxX'.includes(verb)
      ? printInt(printer, new GoInt(pointerSized, address), verb)
      : badVerb(printer, value, verb);
  if (flags.sharpV) return `(${typeName(value)})(${isNil ? 'nil' : hex(true)})`;
  return isNil ? pad('<nil>', flags) : hex(!flags.sharp);
};

const pointerSized: GoType = { kind: 'uintptr', name: 'uintptr' };

const isNilReference = (value: GoValue): boolean | undefined => {
  if (value instanceof GoPointer) return value.target === undefined;
  if (value instanceof GoMap) return value.entries === undefined;
  if (value instanceof GoSlice) return value.items === undefined;
  return value instanceof GoFunc ? false : undefined;
};
