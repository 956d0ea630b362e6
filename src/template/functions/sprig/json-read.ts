import { toBytes } from '../../bytes.ts';
import { quote } from '../../fmt/quote.ts';
import { FunctionError } from '../../functions.ts';
import { ANY_MAP, ANY_SLICE } from '../../type.ts';
import { GoMap, GoSlice, type GoValue } from '../../value.ts';

const DEEPEST = 5000;
const WORDS: ReadonlyMap<string, readonly [string, GoValue]> = new Map([
  ['t', ['true', true]],
  ['f', ['false', false]],
  ['n', ['null', null]],
]);
const ESCAPED: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ['\\', '\\'],
  ['/', '/'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
]);

const quoteCharacter = (char: string): string => {
  if (char === "'") return "'\\''";
  if (char === '"') return "'\"'";
  const first = String.fromCharCode(toBytes(char)[0] ?? 0);
  return `'${quote(first).slice(1, -1)}'`;
};

/** Whether a character stands for itself inside a string. */
const isOrdinary = (char: string | undefined): boolean =>
  char !== undefined && char >= ' ' && char !== '"' && char !== '\\';

/** A reader of one JSON text; it fails with the words of encoding/json. */
class JsonReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): GoValue {
    const value = this.#value(0);
    this.#space();
    if (this.#at < this.#text.length) this.#fail('after top-level value');
    return value;
  }

  #fail(context: string): never {
    if (this.#at >= this.#text.length) throw new FunctionError('unexpected end of JSON input');
    const char = String.fromCodePoint(this.#text.codePointAt(this.#at) ?? 0);
    throw new FunctionError(`invalid character ${quoteCharacter(char)} ${context}`);
  }

  #space(): void {
    while (' \t\r\n'.includes(this.#text[this.#at] ?? 'x')) this.#at++;
  }

  #take(char: string): boolean {
    const found = this.#text[this.#at] === char;
    if (found) this.#at++;
    return found;
  }

  #value(depth: number): GoValue {
    this.#space();
    if (depth > DEEPEST) throw new FunctionError('exceeded max depth');
    const char = this.#text[this.#at] ?? '';
    if (this.#take('{')) return this.#object(depth);
    if (this.#take('[')) return this.#array(depth);
    if (this.#take('"')) return this.#string();
    if (/[-\d]/.test(char)) return this.#number();
    const word = WORDS.get(char);
    return word === undefined ? this.#fail('looking for beginning of value') : this.#word(...word);
  }

  #word(word: string, value: GoValue): GoValue {
    for (const char of word) if (!this.#take(char)) this.#fail(`in literal ${word} (expecting '${char}')`);
    return value;
  }

  #object(depth: number): GoMap {
    const entries = new Map<string, GoValue>();
    this.#space();
    if (this.#take('}')) return new GoMap(ANY_MAP, entries);
    do {
      this.#space();
      if (!this.#take('"')) this.#fail('looking for beginning of object key string');
      const key = this.#string();
      this.#space();
      if (!this.#take(':')) this.#fail('after object key');
      entries.set(key, this.#value(depth + 1));
      this.#space();
    } while (this.#take(','));
    if (!this.#take('}')) this.#fail('after object key:value pair');
    return new GoMap(ANY_MAP, entries);
  }

  #array(depth: number): GoSlice {
    const items: GoValue[] = [];
    this.#space();
    if (this.#take(']')) return new GoSlice(ANY_SLICE, items);
    do {
      items.push(this.#value(depth + 1));
      this.#space();
    } while (this.#take(','));
    if (!this.#take(']')) this.#fail('after array element');
    return new GoSlice(ANY_SLICE, items);
  }

  #string(): string {
    let text = '';
    for (;;) {
      const start = this.#at;
      while (isOrdinary(this.#text[this.#at])) this.#at++;
      text += this.#text.slice(start, this.#at);
      if (this.#take('"')) return text.replace(/\p{Surrogate}/gu, '\ufffd');
      if (!this.#take('\\')) this.#fail('in string literal');
      text += this.#escape();
    }
  }

  #escape(): string {
    if (this.#take('u')) {
      const start = this.#at;
      for (; this.#at < start + 4; this.#at++) {
        if (!/[0-9a-fA-F]/.test(this.#text[this.#at] ?? '')) this.#fail('in \\u hexadecimal character escape');
      }
      return String.fromCharCode(Number.parseInt(this.#text.slice(start, this.#at), 16));
    }
    const plain = ESCAPED.get(this.#text[this.#at] ?? '');
    if (plain === undefined) this.#fail('in string escape code');
    this.#at++;
    return plain;
  }

  #digits(context: string): void {
    if (!/\d/.test(this.#text[this.#at] ?? '')) this.#fail(context);
    while (/\d/.test(this.#text[this.#at] ?? '')) this.#at++;
  }

  #number(): number {
    const start = this.#at;
    this.#take('-');
    if (!this.#take('0')) this.#digits('in numeric literal');
    if (this.#take('.')) this.#digits('after decimal point in numeric literal');
    if (this.#take('e') || this.#take('E')) {
      if (!this.#take('+')) this.#take('-');
      this.#digits('in exponent of numeric literal');
    }
    const literal = this.#text.slice(start, this.#at);
    const value = Number(literal);
    if (Number.isFinite(value)) return value;
    throw new FunctionError(`json: cannot unmarshal number ${literal} into Go value of type float64`);
  }
}

/** The value that encoding/json decodes a text into: numbers are float64. Throws a FunctionError with its words. */
export const parseJson = (text: string): GoValue => new JsonReader(text).document();
