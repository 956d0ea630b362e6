import { EVENT_ID, type Event, getScalarValue, SCALAR_STYLE } from 'js-yaml';
import { describeDepth, type Finding, Refusal } from './finding.ts';
import type { Limits } from './limits.ts';
import { type Position, setPosition } from './located.ts';
import { createPlain, type Plain } from './plain.ts';
import { keyText, resolvePlain, resolveTagged, type Scalar } from './scalar.ts';
import { NOWHERE, type ScalarEvent, scalarEnd, scalarStart, skipBlanks } from './scalar-span.ts';
import type { SourceText } from './source-text.ts';

type DocumentEvent = Extract<Event, { type: typeof EVENT_ID.DOCUMENT }>;
type CollectionEvent = Extract<Event, { type: typeof EVENT_ID.SEQUENCE | typeof EVENT_ID.MAPPING }>;

interface Anchor {
  readonly value: unknown;
  /** What an alias to it is called as a mapping key; undefined where it cannot be one. */
  readonly key: string | undefined;
  /** Aliases inside the anchored node, expansions included. */
  aliases: number;
  isComplete: boolean;
}

interface Frame {
  readonly container: Plain | unknown[];
  readonly isMapping: boolean;
  /** Where its entries begin on the builder's stacks. */
  readonly keysFrom: number;
  readonly offsetsFrom: number;
  readonly start: number;
  /** Whether it has brackets of its own. */
  readonly isFlow: boolean;
  /** Whether it stands inside brackets, its own or another's. */
  readonly isInFlow: boolean;
  readonly anchor: Anchor | undefined;
  /** The builder's alias count when the container was opened. */
  readonly aliasesBefore: number;
  /** The pending key of a mapping; undefined while a key is expected. */
  key: string | undefined;
  isMerge: boolean;
  /** Keys that came by `<<` and may be written again. */
  merged: Set<string> | undefined;
}

const ANCHOR_NAME = /^[A-Za-z0-9_-]+$/;
const MERGE_TAG = 'tag:yaml.org,2002:merge';
const YAML_TAG_PREFIX = 'tag:yaml.org,2002:';

const expandTag = (raw: string, handles: ReadonlyMap<string, string>): string => {
  if (raw.startsWith('!<')) return raw.slice(2, -1);
  const handleEnd = raw.indexOf('!', 1);
  const handle = handleEnd < 0 ? '!' : raw.slice(0, handleEnd + 1);
  const prefix = handles.get(handle) ?? (handle === '!!' ? YAML_TAG_PREFIX : handle);
  return prefix + raw.slice(handle.length);
};

const isMapping = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A document's value and what was found wrong in it without making it unusable. */
export interface Built {
  readonly value: unknown;
  readonly findings: readonly Finding[];
  /** Index of the event behind the document. */
  readonly next: number;
}

/** Builds the values of documents out of parser events and remembers where everything stands. */
export class Builder {
  readonly #source: SourceText;
  readonly #base: number;
  readonly #text: string;
  readonly #limits: Limits;
  readonly #isJoined: boolean;
  readonly #anchors = new Map<string, Anchor>();
  readonly #handles = new Map<string, string>();
  // Entries of all open containers, one behind the other; a container takes its own off when it is closed. The tops
  // are kept apart because shrinking an array costs more than leaving it.
  readonly #keyStack: string[] = [];
  readonly #offsetStack: number[] = [];
  #keyTop = 0;
  #offsetTop = 0;
  #frames: Frame[] = [];
  #findings: Finding[] = [];
  #root: unknown = null;
  #aliases = 0;
  #keys = 0;
  /** The end of the last node read; what has no text of its own stands here. */
  #cursor = 0;

  /**
   * `text` is what the events' offsets count in; it begins at offset `base` of the source. `isJoined` when the parser saw
   * it without the line breaks inside quotes and brackets.
   */
  constructor(source: SourceText, base: number, text: string, limits: Limits, isJoined = false) {
    this.#isJoined = isJoined;
    this.#source = source;
    this.#base = base;
    this.#text = text;
    this.#limits = limits;
  }

  /** Builds the document that the event at `first` begins. Throws a `Refusal` where it cannot be given a value. */
  build(events: readonly Event[], first: number): Built {
    this.#reset();
    let index = first;
    for (let event = events[index++]; event !== undefined; event = events[index++]) {
      if (event.type === EVENT_ID.SCALAR) this.#scalar(event);
      else if (event.type === EVENT_ID.ALIAS) this.#alias(event.anchorStart, event.anchorEnd);
      else if (event.type === EVENT_ID.DOCUMENT) this.#declare(event);
      else if (event.type !== EVENT_ID.POP) this.#open(event);
      else if (this.#frames.length > 0) this.#close();
      else break;
    }
    return { value: this.#root, findings: this.#findings, next: index };
  }

  #reset(): void {
    this.#anchors.clear();
    this.#handles.clear();
    this.#keyTop = 0;
    this.#offsetTop = 0;
    this.#frames = [];
    this.#findings = [];
    this.#root = null;
    this.#aliases = 0;
    this.#keys = 0;
  }

  #declare(event: DocumentEvent): void {
    for (const directive of event.directives) {
      if (directive.kind === 'tag') this.#handles.set(directive.handle, directive.prefix);
    }
  }

  #open(event: CollectionEvent): void {
    if (this.#frames.length >= this.#limits.depth) {
      const { message, hint } = describeDepth(this.#limits.depth);
      throw this.#limit(message, hint, event.start, event.start + 1);
    }
    const isMapping = event.type === EVENT_ID.MAPPING;
    const container = isMapping ? createPlain() : [];
    const isFlow = this.#text.charCodeAt(event.start) === (isMapping ? 123 : 91);
    this.#frames.push({
      container,
      isMapping,
      keysFrom: this.#keyTop,
      offsetsFrom: this.#offsetTop,
      start: event.start,
      isFlow,
      isInFlow: isFlow || this.#frames.at(-1)?.isInFlow === true,
      anchor: this.#anchor(event.anchorStart, event.anchorEnd, container),
      aliasesBefore: this.#aliases,
      key: undefined,
      isMerge: false,
      merged: undefined,
    });
    this.#cursor = event.start;
  }

  #close(): void {
    const frame = this.#frames.pop();
    if (frame === undefined) return;
    if (frame.isFlow) this.#closeFlow(frame);
    if (frame.anchor !== undefined) {
      frame.anchor.isComplete = true;
      frame.anchor.aliases = this.#aliases - frame.aliasesBefore;
    }
    const position: Position = {
      source: this.#source,
      start: this.#base + frame.start,
      end: this.#base + this.#cursor,
      keys: frame.isMapping ? this.#keyStack.slice(frame.keysFrom, this.#keyTop) : undefined,
      offsets: this.#offsetStack.slice(frame.offsetsFrom, this.#offsetTop),
    };
    this.#keyTop = frame.keysFrom;
    this.#offsetTop = frame.offsetsFrom;
    setPosition(frame.container, position);
    this.#add(frame.container, frame.start, this.#cursor, false);
  }

  /** Moves the cursor behind the bracket that ends a flow collection. */
  #closeFlow(frame: Frame): void {
    let at = skipBlanks(this.#text, Math.max(this.#cursor, frame.start + 1));
    if (this.#text.charCodeAt(at) === 44) at = skipBlanks(this.#text, at + 1);
    const code = this.#text.charCodeAt(at);
    // The mapping of `[{a: b}: c]` begins with a bracket that is its key's, and has none of its own.
    if (code === (frame.isMapping ? 125 : 93)) this.#cursor = at + 1;
  }

  #scalar(event: ScalarEvent): void {
    const text = this.#scalarText(event);
    const start = scalarStart(this.#text, event, this.#cursor);
    const end = scalarEnd(this.#text, event, start);
    const tag = event.tagStart === NOWHERE ? '' : this.#text.slice(event.tagStart, event.tagEnd);
    const isPlain = event.style === SCALAR_STYLE.PLAIN;
    const value = this.#resolve(tag, text, isPlain, start, end);
    const frame = this.#frames.at(-1);
    if (isPlain && frame?.isInFlow === true) this.#refuseInFlow(text, start, end);
    this.#anchor(event.anchorStart, event.anchorEnd, value, keyText(value, text));
    if (frame?.isMapping === true && frame.key === undefined) {
      const isMerge = text === '<<' && (tag === '' ? isPlain : expandTag(tag, this.#handles) === MERGE_TAG);
      this.#key(frame, keyText(value, text), isMerge, start, end);
    } else {
      this.#add(this.#finite(value, text, start, end), start, end, false);
    }
  }

  /** What YAML 1.2 takes for text inside brackets and Kubernetes' parser for an indicator. */
  #refuseInFlow(text: string, start: number, end: number): void {
    if (text.charCodeAt(0) !== 58 && !text.includes('?')) return;
    throw new Refusal({
      code: 'YAML_SYNTAX',
      message: 'inside brackets, text that begins with ":" or has a "?" is refused by Kubernetes',
      hint: 'quote it',
      start,
      end,
    });
  }

  #scalarText(event: ScalarEvent): string {
    // A joined scalar looked to the parser as if it could be taken as it stands.
    const value = getScalarValue(this.#text, this.#isJoined && event.fast ? { ...event, fast: false } : event);
    const isBlock = event.style === SCALAR_STYLE.LITERAL_BLOCK || event.style === SCALAR_STYLE.FOLDED_BLOCK;
    // The parser supplies a line break that the end of the file lacks; Kubernetes' does not.
    const isCutShort = isBlock && event.valueEnd === this.#text.length && !/[\r\n]$/.test(this.#text);
    return isCutShort && value.endsWith('\n') ? value.slice(0, -1) : value;
  }

  #resolve(tag: string, text: string, isPlain: boolean, start: number, end: number): Scalar {
    if (tag === '') return isPlain ? resolvePlain(text) : text;
    if (tag === '!') return text;
    const resolution = resolveTagged(expandTag(tag, this.#handles), text);
    if (!('reason' in resolution)) return resolution.value;
    throw new Refusal({
      code: 'YAML_VALUE',
      message: `the tag ${tag} does not fit this value: ${resolution.reason}`,
      hint: 'remove the tag, or correct the value',
      start,
      end,
    });
  }

  #finite(value: unknown, text: string, start: number, end: number): unknown {
    if (typeof value !== 'number' || Number.isFinite(value)) return value;
    this.#findings.push({
      code: 'YAML_VALUE',
      message: `"${text}" is read as a number that Kubernetes cannot store`,
      hint: 'quote it if text is meant, or write a finite number',
      start,
      end,
    });
    return null;
  }

  #key(frame: Frame, key: string | undefined, isMerge: boolean, start: number, end: number): void {
    if (key === undefined) {
      throw new Refusal({
        code: 'YAML_KEY',
        message: 'a mapping key is empty or null',
        hint: 'give the entry a name, or quote the key if "null" is its name',
        start,
        end,
      });
    }
    this.#countKey(start, end);
    frame.key = key;
    frame.isMerge = isMerge;
    this.#keyStack[this.#keyTop++] = key;
    this.#pushSpan(start, end);
    this.#cursor = end;
    if (!isMerge && key in frame.container && frame.merged?.has(key) !== true) {
      this.#findings.push({
        code: 'YAML_DUPLICATE_KEY',
        message: `the key "${key}" is written twice in this mapping, and the last value wins`,
        hint: 'keep one of the two',
        start,
        end,
      });
    }
  }

  #pushSpan(start: number, end: number): void {
    this.#offsetStack[this.#offsetTop++] = this.#base + start;
    this.#offsetStack[this.#offsetTop++] = this.#base + end;
  }

  #countKey(start: number, end: number): void {
    this.#keys++;
    if (this.#keys <= this.#limits.keys) return;
    throw this.#limit(`the document has more than ${this.#limits.keys} keys`, 'split it into several', start, end);
  }

  #limit(message: string, hint: string, start: number, end: number): Refusal {
    return new Refusal({ code: 'YAML_LIMIT', message, hint, start, end });
  }

  #anchor(start: number, end: number, value: unknown, key?: string): Anchor | undefined {
    if (start === NOWHERE) return undefined;
    this.#checkName(start, end);
    const isComplete = typeof value !== 'object' || value === null;
    const anchor: Anchor = { value, key, aliases: 0, isComplete };
    this.#anchors.set(this.#text.slice(start, end), anchor);
    return anchor;
  }

  /** Other characters end a name for Kubernetes' parser, and would silently become part of the value. */
  #checkName(start: number, end: number): void {
    if (ANCHOR_NAME.test(this.#text.slice(start, end))) return;
    throw new Refusal({
      code: 'YAML_SYNTAX',
      message: 'the name of an anchor has a character that Kubernetes does not accept',
      hint: 'use letters, digits, "-" and "_", or quote the value if it begins with "&" or "*"',
      start: start - 1,
      end,
    });
  }

  #alias(nameStart: number, end: number): void {
    this.#checkName(nameStart, end);
    const name = this.#text.slice(nameStart, end);
    const start = nameStart - 1;
    const anchor = this.#anchors.get(name);
    if (anchor === undefined || !anchor.isComplete) {
      const message =
        anchor === undefined ? `no anchor &${name} stands before this alias` : `the anchor &${name} contains itself`;
      const hint = anchor === undefined ? `define &${name} earlier in the same document` : 'write the value out';
      throw new Refusal({ code: 'YAML_ALIAS', message, hint, start, end });
    }
    this.#aliases += 1 + anchor.aliases;
    if (this.#aliases > this.#limits.aliases) {
      const message = `the document's aliases expand to more than ${this.#limits.aliases}`;
      throw this.#limit(message, 'write repeated values out, or use several documents', start, end);
    }
    const frame = this.#frames.at(-1);
    if (frame?.isMapping !== true || frame.key !== undefined) {
      this.#add(this.#finite(anchor.value, name, start, end), start, end, true);
    } else if (typeof anchor.value === 'object' && anchor.value !== null) {
      throw this.#complexKey(start, end);
    } else {
      this.#key(frame, anchor.key, false, start, end);
    }
  }

  #complexKey(start: number, end: number): Refusal {
    return new Refusal({
      code: 'YAML_KEY',
      message: 'a mapping or a list cannot be a key',
      hint: 'quote the key; a template expression such as {{ name }} must be rendered first',
      start,
      end,
    });
  }

  #add(value: unknown, start: number, end: number, isAlias: boolean): void {
    this.#cursor = end;
    const frame = this.#frames.at(-1);
    if (frame === undefined) {
      // The event that ends the document closes no frame, so this is reached once, for the root.
      this.#root = value;
      return;
    }
    if (!frame.isMapping) {
      (frame.container as unknown[]).push(value);
    } else if (frame.key === undefined) {
      throw this.#complexKey(start, end);
    } else if (frame.isMerge) {
      this.#merge(frame, value, start, end, isAlias);
    } else {
      (frame.container as Plain)[frame.key] = value;
      frame.merged?.delete(frame.key);
    }
    frame.key = undefined;
    frame.isMerge = false;
    this.#pushSpan(start, end);
  }

  #merge(frame: Frame, value: unknown, start: number, end: number, isAlias: boolean): void {
    // An alias to a list of mappings is refused where a list of aliases is not, as Kubernetes' parser does.
    const sources = Array.isArray(value) && !isAlias ? value.toReversed() : [value];
    for (const source of sources) {
      if (!isMapping(source)) {
        throw new Refusal({
          code: 'YAML_MERGE',
          message: 'only a mapping, or a list of mappings, can be merged with <<',
          hint: 'point << at a mapping, or quote the key "<<"',
          start,
          end,
        });
      }
      frame.merged ??= new Set();
      for (const key of Object.keys(source)) {
        this.#countKey(start, end);
        // Later entries win, whether written or merged: an earlier key of the mapping itself is overwritten too.
        (frame.container as Plain)[key] = source[key];
        frame.merged.add(key);
      }
    }
  }
}
