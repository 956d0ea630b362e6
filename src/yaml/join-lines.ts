/** A text of the same length with quoted texts and bracketed values on one line, or the offset of one that never ends. */
export type Joined = { readonly text: string } | { readonly unclosedAt: number };

const LINE_END = /[\r\n]/;
const BLANK = /[ \t\r\n]/;
const BLANKS: ReadonlySet<string> = new Set([' ', '\t', '\r', '\n']);
/** Inside brackets: what stands before a value, where alone a quote opens a quoted text. */
const BEFORE_VALUE: ReadonlySet<string> = new Set(['', '[', '{', ',', ':', '?']);
const QUOTED = 'quoted';
const BEFORE_COMMENT: ReadonlySet<string> = new Set(['', '[', ']', '{', '}', ',', ':', QUOTED]);
const BLOCK_HEADER = /[|>][-+0-9]*(?=[ \t]*(?:[ \t]#.*)?(?:[\r\n]|$))/y;
const PLAIN = /(?:[^\r\n: \t]|:(?![ \t\r\n]|$)|[ \t]+(?!#|[ \t\r\n]|$))+/y;
const NODE_PROPERTY = /[&!][^ \t\r\n]*/y;

/** Reads just enough of a document to know which line breaks are inside quotes and brackets. */
class Joiner {
  readonly #text: string;
  readonly #characters: string[];
  #at = 0;
  #lineStart = 0;
  /** Column of the last key or dash on the line: what a block text on it must be indented beyond. */
  #parent = -1;

  constructor(text: string) {
    this.#text = text;
    this.#characters = text.split('');
  }

  join(): Joined {
    while (this.#at < this.#text.length) {
      const start = this.#at;
      if (!this.#token()) return { unclosedAt: start };
    }
    return { text: this.#characters.join('') };
  }

  #is(pattern: RegExp, at: number): boolean {
    return at >= this.#text.length || pattern.test(this.#text.charAt(at));
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    return pattern.exec(this.#text)?.[0];
  }

  #skipLine(): void {
    while (!this.#is(LINE_END, this.#at)) this.#at++;
  }

  /** Passes over one token of block context; false when it never ends. */
  #token(): boolean {
    const character = this.#text.charAt(this.#at);
    const column = this.#at - this.#lineStart;
    if (LINE_END.test(character)) {
      this.#lineStart = ++this.#at;
      this.#parent = -1;
    } else if (BLANK.test(character)) this.#at++;
    else if (character === '#' || (character === '%' && column === 0)) this.#skipLine();
    else if (column === 0 && this.#text.startsWith('---', this.#at) && this.#is(BLANK, this.#at + 3)) this.#at += 3;
    else if (/[-?:]/.test(character) && this.#is(BLANK, this.#at + 1)) {
      if (character !== ':') this.#parent = column;
      this.#at++;
    } else if (/[[{]/.test(character)) return this.#brackets();
    else if (/["']/.test(character)) {
      this.#parent = column;
      return this.#quoted();
    } else this.#word(column);
    return true;
  }

  #word(column: number): void {
    const property = this.#match(NODE_PROPERTY);
    const header = this.#match(BLOCK_HEADER);
    if (property !== undefined) this.#at += property.length;
    else if (header !== undefined) this.#blockText(header);
    else {
      this.#parent = column;
      this.#at += Math.max(1, this.#match(PLAIN)?.length ?? 0);
    }
  }

  /** Passes over a block text: its lines are those indented like the first, or blank. */
  #blockText(header: string): void {
    this.#skipLine();
    const explicit = /[0-9]/.exec(header)?.[0];
    let indent = explicit === undefined ? undefined : Math.max(0, this.#parent) + Number(explicit);
    while (this.#at < this.#text.length) {
      let first = this.#at + (this.#text.startsWith('\r\n', this.#at) ? 2 : 1);
      const start = first;
      while (this.#text.charAt(first) === ' ') first++;
      if (!this.#is(LINE_END, first)) {
        indent ??= Math.max(this.#parent + 1, first - start);
        if (first - start < indent) return;
      }
      this.#at = first;
      this.#skipLine();
    }
  }

  #quoted(): boolean {
    const quote = this.#text.charAt(this.#at++);
    for (; this.#at < this.#text.length; this.#at++) {
      const character = this.#text.charAt(this.#at);
      if (quote === '"' && character === '\\' && !this.#is(LINE_END, this.#at + 1)) this.#at++;
      else if (character === quote) {
        this.#at++;
        if (quote === '"' || this.#text.charAt(this.#at) !== quote) return true;
      } else if (character === '\n' || character === '\r') this.#characters[this.#at] = ' ';
    }
    return false;
  }

  #brackets(): boolean {
    let depth = 0;
    let last = '';
    while (this.#at < this.#text.length) {
      const character = this.#text.charAt(this.#at);
      if ((character === '"' || character === "'") && BEFORE_VALUE.has(last)) {
        if (!this.#quoted()) return false;
        last = QUOTED;
        continue;
      }
      if (BLANKS.has(character)) this.#characters[this.#at] = ' ';
      else if (character === '#' && BLANK.test(this.#text.charAt(this.#at - 1))) {
        // A text cannot go on behind a comment; one that seems to is left for the parser to refuse.
        this.#comment(!BEFORE_COMMENT.has(last));
        continue;
      } else {
        last = character;
        if (character === '[' || character === '{') depth++;
        else if (character === ']' || character === '}') depth--;
      }
      this.#at++;
      if (depth === 0) return true;
    }
    return false;
  }

  #comment(isBehindText: boolean): void {
    const start = this.#at;
    this.#skipLine();
    const next = /[^ \t\r\n]/.exec(this.#text.slice(this.#at, this.#at + 1024))?.[0] ?? '';
    if (isBehindText && !/[,\]}:#]/.test(next)) return;
    this.#characters.fill(' ', start, this.#at);
  }
}

/**
 * Kubernetes' parser does not care how the lines inside quotes and brackets are indented, YAML 1.2 does. On one line there
 * is no indentation to care for; values are read from the original text. Used for documents that do not parse as they are.
 */
export const joinLines = (text: string): Joined => new Joiner(text).join();
