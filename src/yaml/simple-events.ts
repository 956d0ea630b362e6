import {
  CHOMPING_MODE,
  COLLECTION_STYLE,
  EVENT_ID,
  type Event,
  SCALAR_STYLE,
  type ScalarEvent,
  type ScalarStyle,
} from 'js-yaml';
import { NOWHERE } from './scalar-span.ts';

// Texts between brackets and quotes stay on their line, have no escapes and are short; so are words, which begin with
// nothing that could be an indicator.
const QUOTED = String.raw`"[^"\\\n]{0,500}"|'[^'\n]{0,500}'`;
const WORD = String.raw`(?:[\w./~+$(<=^;\\]|-(?=[\w-]))(?:[^:#\n ]|:(?=[^ \n])|(?<=[^ ])#| +(?=[^ #\n])){0,500}`;
const FLOW_ITEM = String.raw`[\w./][\w./-]{0,200}|${QUOTED}`;
const FLOW = String.raw`\{\}|\[(?:(?:${FLOW_ITEM})(?:, *(?:${FLOW_ITEM}))*)?\]`;
const VALUE = `${QUOTED}|${FLOW}|${WORD}`;
const TAIL = String.raw`(?: +#[^\n]*)? *\n`;

const MARKER = /--- *\n/y;
const NOTHING = /( *)(?:#[^\n]*)?\n/y;
/** Indentation, dashes, and a key with or without a value, or a value alone. */
const LINE = new RegExp(String.raw`( *)((?:- +)*)(?:([\w./-]+):(?=[ \n])( +)?(${VALUE})?|(${VALUE}))${TAIL}`, 'y');
const FLOW_PART = new RegExp(FLOW_ITEM, 'g');
/** Of what js-yaml refuses or reads in a way of its own, or where a character takes several. */
const UNUSUAL = /[^\n\x20-\x7e]/;
/** Deeper ones are the other parser's to count. */
const MAX_DEPTH = 24;

const POP: Event = { type: EVENT_ID.POP };
const NO_PROPERTIES = { anchorStart: NOWHERE, anchorEnd: NOWHERE, tagStart: NOWHERE, tagEnd: NOWHERE };

const scalar = (valueStart: number, valueEnd: number, style: ScalarStyle): ScalarEvent => ({
  type: EVENT_ID.SCALAR,
  valueStart,
  valueEnd,
  anchorStart: NOWHERE,
  anchorEnd: NOWHERE,
  tagStart: NOWHERE,
  tagEnd: NOWHERE,
  style,
  chomping: CHOMPING_MODE.CLIP,
  indent: -1,
  fast: true,
});

/** Stands for a value that is not written. */
const EMPTY: Event = { ...scalar(NOWHERE, NOWHERE, SCALAR_STYLE.PLAIN), fast: false };

interface OpenBlock {
  readonly column: number;
  readonly isMapping: boolean;
}

/**
 * The events that js-yaml's `parseEvents` gives for documents of block mappings, block sequences and texts of one line,
 * at half its cost; undefined for a text that has anything else, whether js-yaml would read it or not.
 */
export const simpleEvents = (text: string): readonly Event[] | undefined => {
  if (text.endsWith(' ') || UNUSUAL.test(text)) return undefined;
  return new SimpleReader(text.endsWith('\n') ? text : `${text}\n`).read();
};

class SimpleReader {
  readonly #text: string;
  readonly #events: Event[] = [];
  readonly #open: OpenBlock[] = [];
  #at = 0;
  #isInDocument = false;
  /** The document has a value. */
  #hasValue = false;
  /** The last key has no value yet. */
  #isPending = false;

  constructor(text: string) {
    this.#text = text;
  }

  read(): readonly Event[] | undefined {
    while (this.#at < this.#text.length) {
      const nothing = this.#take(NOTHING);
      if (nothing !== undefined) {
        const [line, indent = ''] = nothing;
        // js-yaml takes a comment to the right of a block for the end of a text of several lines.
        if (indent.length < line.length - 1 && indent.length > (this.#open.at(-1)?.column ?? 0)) {
          if (!this.#isPending) return undefined;
        }
      } else if (this.#take(MARKER) !== undefined) {
        this.#endDocument();
        this.#beginDocument(true);
      } else if (!this.#line()) return undefined;
    }
    this.#endDocument();
    return this.#events;
  }

  /** What stands here, behind which reading goes on; undefined where it is something else. */
  #take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) return undefined;
    this.#at = pattern.lastIndex;
    return match;
  }

  #beginDocument(explicitStart: boolean): void {
    this.#events.push({ type: EVENT_ID.DOCUMENT, explicitStart, explicitEnd: false, directives: [] });
    this.#isInDocument = true;
    this.#hasValue = false;
  }

  #endDocument(): void {
    if (!this.#isInDocument) return;
    if (!this.#hasValue) this.#empty();
    this.#closeDownTo(-1);
    this.#events.push(POP);
  }

  #empty(): void {
    this.#events.push(EMPTY);
  }

  /** Closes the blocks to the right of a column. */
  #closeDownTo(column: number): void {
    if (this.#isPending) this.#empty();
    this.#isPending = false;
    for (let top = this.#open.at(-1); top !== undefined && top.column > column; top = this.#open.at(-1)) this.#close();
  }

  #close(): void {
    this.#open.pop();
    this.#events.push(POP);
  }

  #begin(column: number, start: number, isMapping: boolean): void {
    const type = isMapping ? EVENT_ID.MAPPING : EVENT_ID.SEQUENCE;
    this.#events.push({ type, start, ...NO_PROPERTIES, style: COLLECTION_STYLE.BLOCK });
    this.#open.push({ column, isMapping });
  }

  /** Reads a line with content; false for one that is not simple. */
  #line(): boolean {
    const lineStart = this.#at;
    const match = this.#take(LINE);
    if (match === undefined) return false;
    const [, indent = '', dashes = '', key, blanks = '', value, alone] = match;
    // Text without a key or a dash is a document of its own, or goes on with the line before.
    if (dashes === '' && key === undefined) return false;
    if (!this.#isInDocument) this.#beginDocument(false);
    const content = indent.length + dashes.length;
    if (!this.#place(indent.length, lineStart, dashes === '')) return false;
    for (let dash = dashes.indexOf('-', 1); dash > 0; dash = dashes.indexOf('-', dash + 1))
      this.#begin(indent.length + dash, lineStart + indent.length + dash, false);
    if (this.#open.length > MAX_DEPTH) return false;
    const start = lineStart + content;
    if (key === undefined) this.#value(start, alone ?? '');
    else {
      if (dashes !== '') this.#begin(content, start, true);
      const keyEnd = start + key.length;
      this.#events.push(scalar(start, keyEnd, SCALAR_STYLE.PLAIN));
      if (value === undefined) this.#isPending = true;
      else this.#value(keyEnd + 1 + blanks.length, value);
    }
    this.#hasValue = true;
    return true;
  }

  /** Opens or closes blocks until a line's first entry has its own; false where it has none. */
  #place(column: number, lineStart: number, isMapping: boolean): boolean {
    const top = this.#open.at(-1);
    if (top === undefined) {
      if (this.#hasValue) return false;
      this.#begin(column, lineStart + column, isMapping);
      return true;
    }
    // The dashes of a key's sequence may stand right below it.
    if (this.#isPending && (column > top.column || (column === top.column && !isMapping))) {
      this.#isPending = false;
      this.#begin(column, lineStart + column, isMapping);
      return true;
    }
    this.#closeDownTo(column);
    if (isMapping && this.#open.at(-1)?.column === column && this.#open.at(-1)?.isMapping === false) this.#close();
    const own = this.#open.at(-1);
    return own?.column === column && own.isMapping === isMapping;
  }

  #value(start: number, text: string): void {
    switch (text[0]) {
      case '"':
        this.#events.push(scalar(start + 1, start + text.length - 1, SCALAR_STYLE.DOUBLE_QUOTED));
        break;
      case "'":
        this.#events.push(scalar(start + 1, start + text.length - 1, SCALAR_STYLE.SINGLE_QUOTED));
        break;
      case '[':
        this.#events.push({ type: EVENT_ID.SEQUENCE, start, ...NO_PROPERTIES, style: COLLECTION_STYLE.FLOW });
        for (const part of text.matchAll(FLOW_PART)) this.#value(start + part.index, part[0]);
        this.#events.push(POP);
        break;
      case '{':
        this.#events.push({ type: EVENT_ID.MAPPING, start, ...NO_PROPERTIES, style: COLLECTION_STYLE.FLOW }, POP);
        break;
      default:
        this.#events.push(scalar(start, start + text.length, SCALAR_STYLE.PLAIN));
    }
  }
}
