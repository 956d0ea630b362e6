import { chooseStyle, type ScalarStyle } from './scalar-style.ts';

const LONE_SURROGATE = /\p{Surrogate}/gu;
const ASCII = /^[\0-\x7f]*$/;
const BREAK = /[\n\u2028\u2029]/;
const DOUBLE_QUOTED_AS_IS = /^[ !#-[\]-~\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]$/;
const NOTHING = /^(?!)/;

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\0', '\\0'],
  ['\x07', '\\a'],
  ['\b', '\\b'],
  ['\t', '\\t'],
  ['\n', '\\n'],
  ['\v', '\\v'],
  ['\f', '\\f'],
  ['\r', '\\r'],
  ['\x1b', '\\e'],
  ['"', '\\"'],
  ['\\', '\\\\'],
  ['\x85', '\\N'],
  ['\xa0', '\\_'],
  ['\u2028', '\\L'],
  ['\u2029', '\\P'],
]);

const escapeCharacter = (char: string): string => {
  const known = ESCAPES.get(char);
  if (known !== undefined) return known;
  const code = char.codePointAt(0) ?? 0;
  const [letter, digits] = code <= 0xff ? ['x', 2] : code <= 0xffff ? ['u', 4] : ['U', 8];
  return `\\${letter}${code.toString(16).toUpperCase().padStart(Number(digits), '0')}`;
};

/** `|`'s indentation and chomping indicators for a text. */
const blockHints = (text: string): string => {
  const indentation = /^[ \n\u2028\u2029]/.test(text) ? '2' : '';
  const last = text.at(-1) ?? '';
  if (!BREAK.test(last)) return `${indentation}-`;
  return text.length === 1 || BREAK.test(text.at(-2) ?? '') ? `${indentation}+` : indentation;
};

/**
 * Text under construction with what libyaml's emitter keeps about the place it has reached: the column, whether white
 * space was written last, and whether the line holds indentation only.
 */
export class Writer {
  text = '';
  /** Column behind which a space becomes a line break. */
  readonly width: number;
  column = 0;
  whitespace = true;
  indention = true;

  constructor(width: number) {
    this.width = width;
  }

  /** An empty one at the place that this one has reached. */
  fork(): Writer {
    const fork = new Writer(this.width);
    fork.column = this.column;
    fork.whitespace = this.whitespace;
    fork.indention = this.indention;
    return fork;
  }

  /** Takes over what a fork has written, from here or from another place of the same kind. */
  join(fork: Writer): void {
    this.text += fork.text;
    this.column = fork.column;
    this.whitespace = fork.whitespace;
    this.indention = fork.indention;
  }

  /** Ends the line where it has content and fills up to the indentation. */
  indent(indent: number): void {
    if (!this.indention || this.column > indent || (this.column === indent && !this.whitespace)) this.lineBreak();
    if (this.column < indent) {
      this.text += ' '.repeat(indent - this.column);
      this.column = indent;
    }
    this.whitespace = true;
    this.indention = true;
  }

  /** Writes `-`, `?`, `:` or another mark, after a space where asked; `keeps` says that it counts as indentation. */
  mark(mark: string, spaced: boolean, keeps: boolean): void {
    this.#put(spaced && !this.whitespace ? ` ${mark}` : mark);
    this.whitespace = false;
    this.indention = this.indention && keeps;
  }

  /** Writes a bare word of one line: a number, `true`, `{}`. */
  word(word: string): void {
    this.#put(this.whitespace ? word : ` ${word}`);
    this.whitespace = false;
    this.indention = false;
  }

  /** Writes a text in the style go-yaml chooses, lines that continue at `indent`; a `key` stays on its line. */
  scalar(text: string, indent: number, key: boolean): void {
    const wellFormed = ASCII.test(text) ? text : text.replace(LONE_SURROGATE, '\ufffd');
    const style = chooseStyle(wellFormed);
    if (style === 'literal') this.#literal(wellFormed, indent);
    else this.#onLines(style, wellFormed, indent, key);
  }

  #onLines(style: Exclude<ScalarStyle, 'literal'>, text: string, indent: number, key: boolean): void {
    if (style === 'plain') {
      if (!this.whitespace) this.#put(' ');
      this.#foldable(text, indent, !key, 0);
    } else {
      const quote = style === 'single' ? "'" : '"';
      this.mark(quote, true, false);
      if (style === 'single') this.#foldable(text.replaceAll("'", "''"), indent, !key, 1);
      else this.#doubleQuoted(text, indent, !key);
      this.#put(quote);
    }
    this.whitespace = false;
    this.indention = false;
  }

  #put(text: string): void {
    this.text += text;
    this.column += text.length;
  }

  lineBreak(): void {
    this.text += '\n';
    this.column = 0;
  }

  /** Plain and single-quoted text; `margin` characters at either end never become a line break. */
  #foldable(text: string, indent: number, folds: boolean, margin: number): void {
    const whole = !folds || this.column + text.length <= this.width || !text.includes(' ');
    if (whole && !BREAK.test(text)) {
      this.#put(text);
      return;
    }
    let broken = false;
    for (let at = 0; at < text.length; at++) {
      const char = text[at] ?? '';
      if (BREAK.test(char)) {
        this.#put(char);
        this.column = 0;
        this.indention = true;
        broken = true;
        continue;
      }
      const single = char === ' ' && text[at - 1] !== ' ' && text[at + 1] !== ' ';
      if (folds && single && this.column > this.width && at >= margin && at < text.length - margin) {
        this.indent(indent);
      } else {
        if (broken && char !== ' ') this.indent(indent);
        this.#put(char);
        if (char === ' ') continue;
        this.indention = false;
      }
      broken = false;
    }
  }

  #doubleQuoted(text: string, indent: number, folds: boolean): void {
    let at = 0;
    let spaces = false;
    // The emitter looks for a byte-order mark at the start, whichever character it is about to write.
    const asIs = text.startsWith('\ufeff') ? NOTHING : DOUBLE_QUOTED_AS_IS;
    for (const char of text) {
      const isSpace = char === ' ' && asIs.test(char);
      if (isSpace && folds && !spaces && this.column > this.width && at > 0 && at < text.length - 1) {
        this.indent(indent);
        if (text[at + 1] === ' ') this.#put('\\');
      } else this.#put(asIs.test(char) ? char : escapeCharacter(char));
      spaces = isSpace;
      at += char.length;
    }
  }

  #literal(text: string, indent: number): void {
    this.mark(`|${blockHints(text)}`, true, false);
    this.lineBreak();
    this.indention = true;
    this.whitespace = true;
    for (const [line] of text.matchAll(/[^\n\u2028\u2029]+|[\n\u2028\u2029]/g)) {
      if (line === '\n') this.lineBreak();
      else if (BREAK.test(line)) {
        this.text += line;
        this.column = 0;
      } else {
        this.indent(indent);
        this.#put(line);
        this.indention = false;
        continue;
      }
      this.indention = true;
    }
  }
}
