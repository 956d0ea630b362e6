/** Header compression for HTTP/2 (RFC 7541). All strings are latin1: a character is a byte. */
import { decodeHuffman } from './huffman.ts';

// biome-ignore format: RFC 7541 appendix A, by index from 1
const STATIC: readonly (readonly [name: string, value: string])[] = [
  [':authority', ''], [':method', 'GET'], [':method', 'POST'], [':path', '/'], [':path', '/index.html'],
  [':scheme', 'http'], [':scheme', 'https'], [':status', '200'], [':status', '204'], [':status', '206'],
  [':status', '304'], [':status', '400'], [':status', '404'], [':status', '500'], ['accept-charset', ''],
  ['accept-encoding', 'gzip, deflate'], ['accept-language', ''], ['accept-ranges', ''], ['accept', ''],
  ['access-control-allow-origin', ''], ['age', ''], ['allow', ''], ['authorization', ''], ['cache-control', ''],
  ['content-disposition', ''], ['content-encoding', ''], ['content-language', ''], ['content-length', ''],
  ['content-location', ''], ['content-range', ''], ['content-type', ''], ['cookie', ''], ['date', ''], ['etag', ''],
  ['expect', ''], ['expires', ''], ['from', ''], ['host', ''], ['if-match', ''], ['if-modified-since', ''],
  ['if-none-match', ''], ['if-range', ''], ['if-unmodified-since', ''], ['last-modified', ''], ['link', ''],
  ['location', ''], ['max-forwards', ''], ['proxy-authenticate', ''], ['proxy-authorization', ''], ['range', ''],
  ['referer', ''], ['refresh', ''], ['retry-after', ''], ['server', ''], ['set-cookie', ''],
  ['strict-transport-security', ''], ['transfer-encoding', ''], ['user-agent', ''], ['vary', ''], ['via', ''],
  ['www-authenticate', ''],
];
/** RFC 7541 4.1: what an entry counts beyond its characters. */
const ENTRY_OVERHEAD = 32;
const TABLE_BYTES = 4096;
/** Beyond any length a header block of ours may have. */
const MAX_INTEGER = 0x0f_ff_ff;

/** Names and values in turn. */
export type Fields = readonly string[];

/** Decodes the header blocks of one connection, in order. */
export class HpackDecoder {
  private readonly maxListBytes: number;
  private readonly names: string[] = [];
  private readonly values: string[] = [];
  private tableBytes = 0;
  private tableLimit = TABLE_BYTES;
  private at = 0;
  private isBroken = false;

  /** What is beyond `maxListBytes` of one block is decoded and dropped. */
  constructor(maxListBytes: number) {
    this.maxListBytes = maxListBytes;
  }

  /** Undefined when the block breaks the coding: the connection cannot go on. */
  decode(bytes: Uint8Array): Fields | undefined {
    const fields: string[] = [];
    let listBytes = 0;
    this.at = 0;
    this.isBroken = false;
    while (this.at < bytes.length && !this.isBroken) {
      const first = bytes[this.at] ?? 0;
      if ((first & 0xe0) === 0x20) {
        // RFC 7541 4.2: changes of size come first.
        if (fields.length > 0) return undefined;
        this.resize(this.integer(bytes, 5));
        continue;
      }
      const [name, value] = this.field(bytes, first);
      listBytes += name.length + value.length + ENTRY_OVERHEAD;
      if (listBytes - name.length - value.length - ENTRY_OVERHEAD <= this.maxListBytes) fields.push(name, value);
    }
    return this.isBroken ? undefined : fields;
  }

  private field(bytes: Uint8Array, first: number): readonly [name: string, value: string] {
    if ((first & 0x80) !== 0) return this.entry(this.integer(bytes, 7));
    const isIndexed = (first & 0x40) !== 0;
    const index = this.integer(bytes, isIndexed ? 6 : 4);
    const name = index === 0 ? this.text(bytes) : this.entry(index)[0];
    const value = this.text(bytes);
    if (isIndexed && !this.isBroken) this.insert(name, value);
    return [name, value];
  }

  private entry(index: number): readonly [name: string, value: string] {
    const known = STATIC[index - 1];
    if (known !== undefined) return known;
    const at = this.names.length - (index - STATIC.length);
    const name = this.names[at];
    if (index === 0 || name === undefined) this.isBroken = true;
    return [name ?? '', this.values[at] ?? ''];
  }

  private insert(name: string, value: string): void {
    this.tableBytes += name.length + value.length + ENTRY_OVERHEAD;
    this.names.push(name);
    this.values.push(value);
    this.evict();
  }

  private resize(limit: number): void {
    if (limit > TABLE_BYTES) this.isBroken = true;
    else {
      this.tableLimit = limit;
      this.evict();
    }
  }

  private evict(): void {
    while (this.tableBytes > this.tableLimit) {
      this.tableBytes -= (this.names.shift() ?? '').length + (this.values.shift() ?? '').length + ENTRY_OVERHEAD;
    }
  }

  private integer(bytes: Uint8Array, prefix: number): number {
    const mask = (1 << prefix) - 1;
    let value = (bytes[this.at] ?? 0) & mask;
    this.at += 1;
    if (value < mask) return value;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[this.at];
      this.at += 1;
      if (byte === undefined || shift > 21) break;
      value += (byte & 0x7f) << shift;
      if ((byte & 0x80) === 0 && value <= MAX_INTEGER) return value;
    }
    this.isBroken = true;
    return 0;
  }

  private text(bytes: Uint8Array): string {
    const isCoded = ((bytes[this.at] ?? 0) & 0x80) !== 0;
    const length = this.integer(bytes, 7);
    const start = this.at;
    this.at += length;
    if (this.at > bytes.length) this.isBroken = true;
    if (this.isBroken) return '';
    const text = isCoded
      ? decodeHuffman(bytes, start, this.at)
      : Buffer.from(bytes.buffer, bytes.byteOffset + start, length).toString('latin1');
    if (text === undefined) this.isBroken = true;
    return text ?? '';
  }
}

const NAME_INDEX = new Map<string, number>();
const FIELD_INDEX = new Map<string, number>();
STATIC.forEach(([name, value], at) => {
  if (!NAME_INDEX.has(name)) NAME_INDEX.set(name, at + 1);
  if (value !== '') FIELD_INDEX.set(`${name} ${value}`, at + 1);
});

const integerText = (value: number, prefix: number, flags: number): string => {
  const mask = (1 << prefix) - 1;
  if (value < mask) return String.fromCharCode(flags | value);
  let text = String.fromCharCode(flags | mask);
  let rest = value - mask;
  for (; rest >= 0x80; rest >>>= 7) text += String.fromCharCode((rest & 0x7f) | 0x80);
  return text + String.fromCharCode(rest);
};

const stringText = (text: string): string => integerText(text.length, 7, 0) + text;

/** One field of a header block. Nothing is put into the peer's table, so that no state is to be kept in step. */
export const encodeField = (name: string, value: string): string => {
  const whole = FIELD_INDEX.get(`${name} ${value}`);
  if (whole !== undefined) return integerText(whole, 7, 0x80);
  const index = NAME_INDEX.get(name);
  return index === undefined
    ? `\0${stringText(name)}${stringText(value)}`
    : integerText(index, 4, 0) + stringText(value);
};
