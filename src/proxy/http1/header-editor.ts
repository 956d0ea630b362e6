import type { HeaderChange } from '../../traffic/authorizer.ts';
import type { MutableHeaders } from '../../traffic/headers.ts';
import type { Head } from './head.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach a head
const FORBIDDEN = /[\x00-\x08\x0a-\x1f\x7f]/g;
const BEYOND_LATIN1 = /[\u0100-\uffff]/;

/** Makes configured text fit to stand in a head: no line ends, and UTF-8 bytes for what latin1 lacks. */
export const headText = (text: string): string => {
  const clean = text.replace(FORBIDDEN, '');
  return BEYOND_LATIN1.test(clean) ? Buffer.from(clean, 'utf8').toString('latin1') : clean;
};

/** The headers of a received head with changes on top; the received lines themselves are never copied one by one. */
export class HeaderEditor implements MutableHeaders {
  /** Set when the Host is to be another one. */
  host: string | undefined = undefined;
  private readonly head: Head | undefined;
  private readonly names: string[] = [];
  private readonly values: string[] = [];

  constructor(head: Head | undefined) {
    this.head = head;
  }

  reset(): void {
    this.host = undefined;
    this.names.length = 0;
    this.values.length = 0;
  }

  set(name: string, value: string): void {
    if (name === 'host' || name === ':authority') this.host = headText(value);
    else {
      this.remove(name);
      this.append(name, headText(value));
    }
  }

  add(name: string, value: string): void {
    this.append(name, headText(value));
  }

  remove(name: string): void {
    // Host and framing are not the configuration's to take away.
    if (name === 'host' || name === 'content-length' || name === 'transfer-encoding') return;
    this.head?.drop(name);
    for (let at = this.names.length - 1; at >= 0; at -= 1) {
      if (this.names[at] === name) {
        this.names.splice(at, 1);
        this.values.splice(at, 1);
      }
    }
  }

  change({ how, name, value }: HeaderChange): void {
    const held = this.valuesOf(name);
    if ((how === 'add-if-absent' && held.length > 0) || (how === 'set-if-present' && held.length === 0)) return;
    if (how === 'append') this.set(name, [...held, value].join(','));
    else if (how === 'add') this.add(name, value);
    else this.set(name, value);
  }

  /** Adds a line whose value is known to be fit for a head. */
  append(name: string, value: string): void {
    this.names.push(name);
    this.values.push(value);
  }

  /** Every value of a header, received or added. */
  valuesOf(name: string): readonly string[] {
    const added = this.values.filter((_, at) => this.names[at] === name);
    return [...(this.head?.values(name) ?? []), ...added];
  }

  /** All header lines, each with its CRLF. */
  lines(): string {
    let lines = this.head === undefined ? '' : this.head.keptLines();
    for (let at = 0; at < this.names.length; at += 1) lines += `${this.names[at]}: ${this.values[at]}\r\n`;
    return lines;
  }
}
