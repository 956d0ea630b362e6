import { identify, idOf, KNOWN_NAMES } from './header-names.ts';

/** Envoy's default: 60 KiB for the whole block. */
export const MAX_HEAD_BYTES = 60 * 1024;
/** Envoy's default. */
export const MAX_HEADERS = 100;

/** Why a head is refused, in Envoy's words where Envoy refuses the same. */
export interface HeadError {
  readonly status: number;
  readonly details: string;
}

const CONNECTION_NOMINATED_NEVER = new Set([idOf('host'), idOf('content-length'), idOf('transfer-encoding')]);

/**
 * One parsed request or response head: its text once, and where everything lies in it. One object serves a connection
 * for its whole life, so that parsing allocates nothing but the text. Offsets count from the start of `text`.
 */
export class Head {
  /** The head's bytes as latin1, from its first line to the empty line. */
  text = '';
  error: HeadError | undefined = undefined;

  method = '';
  target = '';
  status = 0;
  reason = '';
  /** The digit after `HTTP/1.`. */
  minor = 1;

  /** -1 = no Content-Length. */
  contentLength = -1;
  isChunked = false;
  /** The peer will not, or may not, use the connection again. */
  isClose = false;
  isUpgrade = false;

  count = 0;
  readonly ids = new Uint8Array(MAX_HEADERS);
  readonly nameStart = new Int32Array(MAX_HEADERS);
  readonly nameEnd = new Int32Array(MAX_HEADERS);
  readonly valueStart = new Int32Array(MAX_HEADERS);
  readonly valueEnd = new Int32Array(MAX_HEADERS);
  /** After the line's CRLF. */
  readonly lineEnd = new Int32Array(MAX_HEADERS);
  /** 1 = the line stays here: hop-by-hop, or replaced by this proxy. */
  readonly isDropped = new Uint8Array(MAX_HEADERS);
  /** First line of each known header, -1 where there is none. */
  readonly first = new Int16Array(KNOWN_NAMES).fill(-1);

  reset(): void {
    this.text = '';
    this.error = undefined;
    this.contentLength = -1;
    this.isChunked = false;
    this.isClose = false;
    this.isUpgrade = false;
    this.minor = 1;
    for (let line = 0; line < this.count; line += 1) {
      this.isDropped[line] = 0;
      this.first[this.ids[line] ?? 0] = -1;
    }
    this.count = 0;
  }

  /** Whether a known header is here and was not dropped. */
  has(id: number): boolean {
    const line = this.first[id] ?? -1;
    return line >= 0 && this.isDropped[line] === 0;
  }

  /** Value of the first line of a known header, '' when absent. */
  value(id: number): string {
    const line = this.first[id] ?? -1;
    return line < 0 ? '' : this.lineValue(line);
  }

  lineValue(line: number): string {
    return this.text.slice(this.valueStart[line], this.valueEnd[line]);
  }

  /** Values of every line of a header that is still here; `name` in lower case. */
  values(name: string): readonly string[] {
    let values: string[] | undefined;
    for (let line = 0; line < this.count; line += 1) {
      if (this.isDropped[line] !== 0 || !this.isNamed(line, name)) continue;
      values ??= [];
      values.push(this.lineValue(line));
    }
    return values ?? NO_VALUES;
  }

  /** Drops every line of a known header. */
  dropKnown(id: number): void {
    const first = this.first[id] ?? -1;
    if (first < 0) return;
    for (let line = first; line < this.count; line += 1) if (this.ids[line] === id) this.isDropped[line] = 1;
  }

  /** Drops every line of a header by its lower-case name; whether there was one. */
  drop(name: string): boolean {
    let found = false;
    for (let line = 0; line < this.count; line += 1) {
      if (this.isDropped[line] === 0 && this.isNamed(line, name)) {
        this.isDropped[line] = 1;
        found = true;
      }
    }
    return found;
  }

  /** The header lines that were not dropped, each with its CRLF, as few slices of the text as possible. */
  keptLines(): string {
    let kept = '';
    let from = -1;
    for (let line = 0; line < this.count; line += 1) {
      if (this.isDropped[line] === 0) {
        if (from < 0) from = this.nameStart[line] ?? 0;
      } else if (from >= 0) {
        kept += this.text.slice(from, this.nameStart[line]);
        from = -1;
      }
    }
    return from < 0 ? kept : kept + this.text.slice(from, this.lineEnd[this.count - 1]);
  }

  /** RFC 9110 7.6.1: what Connection nominates stays on this hop; framing and Host cannot be nominated away. */
  dropNominated(bytes: Buffer, start: number, end: number): boolean {
    const id = identify(bytes, start, end);
    if (CONNECTION_NOMINATED_NEVER.has(id)) return false;
    this.nominated.push(bytes.toString('latin1', start, end).toLowerCase());
    return true;
  }

  /** Names that Connection nominated in this head; applied when the head is complete. */
  readonly nominated: string[] = [];

  private isNamed(line: number, name: string): boolean {
    const start = this.nameStart[line] ?? 0;
    if ((this.nameEnd[line] ?? 0) - start !== name.length) return false;
    for (let at = 0; at < name.length; at += 1) {
      const code = this.text.charCodeAt(start + at);
      if ((code >= 0x41 && code <= 0x5a ? code + 32 : code) !== name.charCodeAt(at)) return false;
    }
    return true;
  }
}

const NO_VALUES: readonly string[] = [];
