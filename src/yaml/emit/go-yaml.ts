import { compareKeys } from './key-order.ts';
import { isMultiline } from './scalar-style.ts';
import { Writer } from './writer.ts';

const INDENT = 2;
/** UTF-8 bytes up to which a key stands before its `:` without a `?`. */
const LONGEST_SIMPLE_KEY = 128;

type Place = 'document' | 'item' | 'value';

/** How one of Go's YAML packages lays out what it writes. */
interface Layout {
  readonly width: number;
  readonly indentsLists: boolean;
  readonly number: (value: number) => string;
}

/** An item of a list that was printed at an indentation; what was written is kept from the second time on. */
interface PrintedItem {
  readonly indent: number;
  readonly written: Writer | undefined;
}

/** How items of lists were written, for those that several values share. They must not be changed. */
export type PrintedItems = WeakMap<object, PrintedItem>;

/** What one printing goes by. */
interface Printing {
  readonly layout: Layout;
  readonly printed: PrintedItems | undefined;
}

const isSimpleKey = (key: string): boolean =>
  !isMultiline(key) &&
  (key.length * 3 <= LONGEST_SIMPLE_KEY || new TextEncoder().encode(key).length <= LONGEST_SIMPLE_KEY);

/** A float64 as Go's `%g` with the fewest digits that tell it from others: exponents of two digits or more, from 1e+06 on. */
const formatFloat = (value: number): string => {
  if (Number.isNaN(value)) return '.nan';
  if (!Number.isFinite(value)) return value > 0 ? '.inf' : '-.inf';
  const [mantissa = '', exponent = '0'] = value.toExponential().split('e');
  const power = Number(exponent);
  if (power >= -4 && power < 6) return String(value);
  return `${mantissa}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
};

const formatNumber = (value: number): string => {
  // What json.Marshal writes without exponent and fits 64 bits is read back as an integer.
  if (!Number.isInteger(value) || value < -(2 ** 63) || value >= 2 ** 64) return formatFloat(value);
  return String(value);
};

const entriesOf = (container: object): readonly (readonly [string, unknown])[] => {
  const entries: [string, unknown][] =
    container instanceof Map
      ? Array.from(container, ([key, value]) => [String(key), value])
      : Object.entries(container);
  return entries.filter(([, value]) => value !== undefined).sort(([left], [right]) => compareKeys(left, right));
};

const emitSequence = (writer: Writer, items: readonly unknown[], indent: number, printing: Printing): void => {
  for (const item of items) {
    writer.indent(indent);
    writer.mark('-', true, true);
    emitItem(writer, item, indent, printing);
  }
};

/** Behind the dash of an item, the place is always the same for an indentation. */
const emitItem = (writer: Writer, item: unknown, indent: number, printing: Printing): void => {
  const { printed } = printing;
  if (printed === undefined || typeof item !== 'object' || item === null) {
    emit(writer, item, indent, 'item', printing);
    return;
  }
  const earlier = printed.get(item);
  if (earlier?.indent !== indent) {
    printed.set(item, { indent, written: undefined });
    emit(writer, item, indent, 'item', printing);
    return;
  }
  let { written } = earlier;
  if (written === undefined) {
    written = writer.fork();
    emit(written, item, indent, 'item', printing);
    printed.set(item, { indent, written });
  }
  writer.join(written);
};

const emitMapping = (
  writer: Writer,
  entries: readonly (readonly [string, unknown])[],
  indent: number,
  printing: Printing,
): void => {
  for (const [key, value] of entries) {
    writer.indent(indent);
    if (isSimpleKey(key)) {
      writer.scalar(key, indent + INDENT, true);
      writer.mark(':', false, false);
    } else {
      writer.mark('?', true, true);
      writer.scalar(key, indent + INDENT, false);
      writer.indent(indent);
      writer.mark(':', true, true);
    }
    emit(writer, value, indent, 'value', printing);
  }
};

const emitContainer = (writer: Writer, value: object, indent: number, place: Place, printing: Printing): void => {
  const inner = place === 'document' ? 0 : indent + INDENT;
  if (Array.isArray(value)) {
    // A list may stand below its key without further indentation, unless the key needed a `?`.
    const isBelow = place === 'value' && !writer.indention && !printing.layout.indentsLists;
    if (value.length === 0) writer.word('[]');
    else emitSequence(writer, value, isBelow ? indent : inner, printing);
    return;
  }
  const entries = entriesOf(value);
  if (entries.length === 0) writer.word('{}');
  else emitMapping(writer, entries, inner, printing);
};

const emit = (writer: Writer, value: unknown, indent: number, place: Place, printing: Printing): void => {
  if (typeof value === 'string') writer.scalar(value, indent + INDENT, false);
  else if (typeof value === 'object' && value !== null) emitContainer(writer, value, indent, place, printing);
  else if (value === undefined || value === null) writer.word('null');
  else writer.word(typeof value === 'number' ? printing.layout.number(value) : String(value));
};

const print = (value: unknown, layout: Layout, printed?: PrintedItems): string => {
  const writer = new Writer(layout.width);
  emit(writer, value, 0, 'document', { layout, printed });
  writer.indent(0);
  return writer.text;
};

const VERSION_2: Layout = { width: 80, indentsLists: false, number: formatNumber };
const VERSION_3: Layout = { width: Number.POSITIVE_INFINITY, indentsLists: true, number: formatFloat };

/**
 * The bytes that sigs.k8s.io/yaml 1.6 (go-yaml 2) marshals a JSON-like value to, as text: keys in natural order, lists not
 * indented below their key, folded behind 80 columns, one line feed at the end. Objects and Maps are mappings, a key whose
 * value is undefined is absent, bigints are integers. `printed` makes items quick that were printed with it before.
 */
export const printGoYaml = (value: unknown, printed?: PrintedItems): string => print(value, VERSION_2, printed);

/** The bytes that go-yaml 3 encodes the same values to with an indentation of 2: lists indented, lines of any length. */
export const printGoYaml3 = (value: unknown): string => print(value, VERSION_3);
