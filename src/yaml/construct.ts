import { EVENT_ID, type Event, getScalarValue, SCALAR_STYLE } from 'js-yaml';
import type { Limits } from './limits.ts';
import { type Position, setPosition } from './located.ts';
import { createPlain, type Plain } from './plain.ts';
import { keyText, resolvePlain, resolveTagged, type Scalar } from './scalar.ts';
import type { SourceText } from './source-text.ts';

type ScalarEvent = Extract<Event, { type: typeof EVENT_ID.SCALAR }>;
type CollectionEvent = Extract<Event, { type: typeof EVENT_ID.SEQUENCE | typeof EVENT_ID.MAPPING }>;

/** Something found while building values; offsets count from the start of the document's text. */
export interface Finding {
  readonly code:
    | 'YAML_SYNTAX'
    | 'YAML_DUPLICATE_KEY'
    | 'YAML_LIMIT'
    | 'YAML_ALIAS'
    | 'YAML_VALUE'
    | 'YAML_KEY'
    | 'YAML_MERGE';
  readonly message: string;
  readonly hint: string;
  readonly start: number;
  readonly end: number;
}

/** Ends the construction of a document that cannot be given a value. */
export class Refusal extends Error {
  readonly finding: Finding;

  constructor(finding: Finding) {
    super(finding.message);
    this.finding = finding;
  }
}

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
  readonly keys: string[] | undefined;
  readonly offsets: number[];
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

const NOWHERE = -1;
const MERGE_TAG = 'tag:yaml.org,2002:merge';
const YAML_TAG_PREFIX = 'tag:yaml.org,2002:';

const isBlank = (code: number): boolean => code === 32 || code === 9 || code === 10 || code === 13;

/** The offset of the first character at or after `from` that is neither blank nor in a comment. */
const skipBlanks = (text: string, from: number): number => {
  let at = from;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 35 && (at === 0 || isBlank(text.charCodeAt(at - 1)))) {
      while (at < text.length && text.charCodeAt(at) !== 10 && text.charCodeAt(at) !== 13) at++;
    } else if (!isBlank(code)) {
      break;
    }
  }
  return at;
};

const expandTag = (raw: string, handles: ReadonlyMap<string, string>): string => {
  if (raw.startsWith('!<')) return raw.slice(2, -1);
  const handleEnd = raw.indexOf('!', 1);
  const handle = handleEnd < 0 ? '!' : raw.slice(0, handleEnd + 1);
  const prefix = handles.get(handle) ?? (handle === '!!' ? YAML_TAG_PREFIX : handle);
  return prefix + raw.slice(handle.length);
};

const isMapping = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Builds one document's value out of parser events and remembers where everything stands. */
export class Builder {
  readonly #source: SourceText;
  readonly #base: number;
  readonly #text: string;
  readonly #limits: Limits;
  readonly #findings: Finding[] = [];
  readonly #anchors = new Map<string, Anchor>();
  readonly #handles = new Map<string, string>();
  readonly #frames: Frame[] = [];
  #root: unknown = null;
  #aliases = 0;
  #keys = 0;
  /** The end of the last node read; what has no text of its own stands here. */
  #cursor = 0;

  /** `text` is the document's own text, which begins at offset `base` of the source. */
  constructor(source: SourceText, base: number, text: string, limits: Limits) {
    this.#source = source;
    this.#base = base;
    this.#text = text;
    this.#limits = limits;
  }

  /** The document's value and what was found wrong in it without making it unusable. Throws `Refusal` for the rest. */
  build(events: readonly Event[]): { readonly value: unknown; readonly findings: readonly Finding[] } {
    for (const event of events) {
      switch (event.type) {
        case EVENT_ID.DOCUMENT:
          for (const directive of event.directives) {
            if (directive.kind === 'tag') this.#handles.set(directive.handle, directive.prefix);
          }
          break;
        case EVENT_ID.SCALAR:
          this.#scalar(event);
          break;
        case EVENT_ID.ALIAS:
          this.#alias(event.anchorStart, event.anchorEnd);
          break;
        case EVENT_ID.POP:
          this.#close();
          break;
        default:
          this.#open(event);
      }
    }
    return { value: this.#root, findings: this.#findings };
  }

  #open(event: CollectionEvent): void {
    const container = event.type === EVENT_ID.MAPPING ? createPlain() : [];
    const isFlow = this.#opensFlow(event);
    this.#frames.push({
      container,
      keys: event.type === EVENT_ID.MAPPING ? [] : undefined,
      offsets: [],
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

  #opensFlow(event: CollectionEvent): boolean {
    const code = this.#text.charCodeAt(event.start);
    return event.type === EVENT_ID.MAPPING ? code === 123 : code === 91;
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
      keys: frame.keys,
      offsets: frame.offsets,
    };
    setPosition(frame.container, position);
    this.#add(frame.container, frame.start, this.#cursor, false);
  }

  /** Moves the cursor behind the bracket that ends a flow collection. */
  #closeFlow(frame: Frame): void {
    let at = skipBlanks(this.#text, Math.max(this.#cursor, frame.start + 1));
    if (this.#text.charCodeAt(at) === 44) at = skipBlanks(this.#text, at + 1);
    const code = this.#text.charCodeAt(at);
    // The mapping of `[{a: b}: c]` begins with a bracket that is its key's, and has none of its own.
    if (code === (frame.keys === undefined ? 93 : 125)) this.#cursor = at + 1;
  }

  #scalar(event: ScalarEvent): void {
    const text = getScalarValue(this.#text, event);
    const start = this.#scalarStart(event);
    const end = this.#scalarEnd(event, start);
    const tag = event.tagStart === NOWHERE ? '' : this.#text.slice(event.tagStart, event.tagEnd);
    const isPlain = event.style === SCALAR_STYLE.PLAIN;
    const value = this.#resolve(tag, text, isPlain, start, end);
    const frame = this.#frames.at(-1);
    if (isPlain && frame?.isInFlow === true) this.#refuseInFlow(text, start, end);
    this.#anchor(event.anchorStart, event.anchorEnd, value, keyText(value, text));
    if (frame?.keys !== undefined && frame.key === undefined) {
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

  #scalarStart(event: ScalarEvent): number {
    const { valueStart, style } = event;
    if (valueStart === NOWHERE) {
      if (event.tagStart !== NOWHERE) return event.tagStart;
      if (event.anchorStart !== NOWHERE) return event.anchorStart - 1;
      const at = skipBlanks(this.#text, this.#cursor);
      const code = this.#text.charCodeAt(at);
      return code === 58 || code === 45 || code === 63 ? at + 1 : this.#cursor;
    }
    if (style === SCALAR_STYLE.PLAIN) return valueStart;
    if (style === SCALAR_STYLE.SINGLE_QUOTED || style === SCALAR_STYLE.DOUBLE_QUOTED) return valueStart - 1;
    // The header of a block scalar, | or >, is the first such character behind the key, the tag and the anchor.
    let at = Math.max(this.#cursor, event.tagEnd, event.anchorEnd);
    for (; at < valueStart; at++) {
      at = skipBlanks(this.#text, at);
      const code = this.#text.charCodeAt(at);
      if (code === 124 || code === 62) return at;
    }
    return valueStart;
  }

  #scalarEnd(event: ScalarEvent, start: number): number {
    switch (event.style) {
      case SCALAR_STYLE.PLAIN:
        if (event.valueStart !== NOWHERE) return event.valueEnd;
        return Math.max(start, event.tagEnd, event.anchorEnd);
      case SCALAR_STYLE.SINGLE_QUOTED:
      case SCALAR_STYLE.DOUBLE_QUOTED:
        return event.valueEnd + 1;
      default: {
        let end = event.valueEnd;
        while (end > start + 1 && isBlank(this.#text.charCodeAt(end - 1))) end--;
        return end;
      }
    }
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
    frame.keys?.push(key);
    frame.offsets.push(this.#base + start, this.#base + end);
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
    const isComplete = typeof value !== 'object' || value === null;
    const anchor: Anchor = { value, key, aliases: 0, isComplete };
    this.#anchors.set(this.#text.slice(start, end), anchor);
    return anchor;
  }

  #alias(nameStart: number, end: number): void {
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
    if (frame?.keys === undefined || frame.key !== undefined) {
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
    if (frame.keys === undefined) {
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
    frame.offsets.push(this.#base + start, this.#base + end);
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
