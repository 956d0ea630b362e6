/**
 * Tracks the chunked transfer coding byte by byte (RFC 9112 7.1) and says which ranges to pass on. Extensions and
 * trailer fields are cut out: nothing in the mesh acts on them, and they have served request smuggling.
 */
import { CR, FIELD_VALUE, HEX_DIGIT, LF, SEMICOLON, TOKEN } from './characters.ts';

const SIZE = 0;
const EXTENSION = 1;
const SIZE_LF = 2;
const DATA = 3;
const DATA_CR = 4;
const DATA_LF = 5;
const TRAILER_START = 6;
const TRAILER_NAME = 7;
const TRAILER_VALUE = 8;
const TRAILER_LF = 9;
const END_LF = 10;

/** 2^52: more is no honest chunk. */
const MAX_SIZE_DIGITS = 13;
/** Extensions and trailers of one body together; they carry nothing, so this only bounds what is skipped. */
const MAX_OVERHEAD_BYTES = 16 * 1024;

/** The bytes do not follow the coding. */
export const MALFORMED = -1;

export class ChunkedScanner {
  isDone = false;
  /** Body bytes seen so far, without framing. */
  dataBytes = 0;
  /** Ranges to pass on from the last scan: start and end by turns. */
  readonly ranges: number[] = [];

  private state = SIZE;
  private left = 0;
  private digits = 0;
  private overhead = 0;
  /** Whether ranges include sizes and line ends, so that they are a chunked body again. */
  private keepsFraming = true;

  reset(keepsFraming: boolean): void {
    this.isDone = false;
    this.dataBytes = 0;
    this.ranges.length = 0;
    this.state = SIZE;
    this.left = 0;
    this.digits = 0;
    this.overhead = 0;
    this.keepsFraming = keepsFraming;
  }

  /** Scans `bytes[start..end)`: the index after the last byte that belongs to the body, or MALFORMED. */
  scan(bytes: Uint8Array, start: number, end: number): number {
    this.ranges.length = 0;
    let at = start;
    // Start of the range being collected, -1 while skipping.
    let from = this.keepsFraming && !this.isSkipping() ? start : -1;
    while (at < end) {
      const byte = bytes[at] ?? 0;
      switch (this.state) {
        case SIZE: {
          const digit = HEX_DIGIT[byte] ?? 255;
          if (digit !== 255) {
            this.digits += 1;
            if (this.digits > MAX_SIZE_DIGITS) return MALFORMED;
            this.left = this.left * 16 + digit;
          } else if (this.digits === 0) return MALFORMED;
          else if (byte === CR) this.state = SIZE_LF;
          else if (byte === SEMICOLON) {
            this.state = EXTENSION;
            from = this.close(from, at);
          } else return MALFORMED;
          at += 1;
          break;
        }
        case EXTENSION:
          if (byte === CR) {
            this.state = SIZE_LF;
            if (this.keepsFraming) from = at;
          } else if (FIELD_VALUE[byte] !== 1 || this.isOverspent()) return MALFORMED;
          at += 1;
          break;
        case SIZE_LF:
          if (byte !== LF) return MALFORMED;
          at += 1;
          this.digits = 0;
          if (this.left > 0) this.state = DATA;
          else {
            this.state = TRAILER_START;
            from = this.close(from, at);
          }
          break;
        case DATA: {
          const length = Math.min(this.left, end - at);
          if (!this.keepsFraming) this.close(at, at + length);
          this.dataBytes += length;
          this.left -= length;
          at += length;
          if (this.left === 0) this.state = DATA_CR;
          break;
        }
        case DATA_CR:
          if (byte !== CR) return MALFORMED;
          this.state = DATA_LF;
          at += 1;
          break;
        case DATA_LF:
          if (byte !== LF) return MALFORMED;
          this.state = SIZE;
          at += 1;
          break;
        case TRAILER_START:
          if (byte === CR) {
            this.state = END_LF;
            if (this.keepsFraming) from = at;
          } else if (TOKEN[byte] === 1) this.state = TRAILER_NAME;
          else return MALFORMED;
          at += 1;
          break;
        case TRAILER_NAME:
          if (byte === 0x3a) this.state = TRAILER_VALUE;
          else if (TOKEN[byte] !== 1 || this.isOverspent()) return MALFORMED;
          at += 1;
          break;
        case TRAILER_VALUE:
          if (byte === CR) this.state = TRAILER_LF;
          else if (FIELD_VALUE[byte] !== 1 || this.isOverspent()) return MALFORMED;
          at += 1;
          break;
        case TRAILER_LF:
          if (byte !== LF) return MALFORMED;
          this.state = TRAILER_START;
          at += 1;
          break;
        default:
          if (byte !== LF) return MALFORMED;
          at += 1;
          this.isDone = true;
          this.close(from, at);
          return at;
      }
    }
    this.close(from, at);
    return at;
  }

  private isSkipping(): boolean {
    return this.state === EXTENSION || (this.state >= TRAILER_START && this.state <= TRAILER_LF);
  }

  private close(from: number, to: number): number {
    if (from >= 0 && to > from) this.ranges.push(from, to);
    return -1;
  }

  private isOverspent(): boolean {
    this.overhead += 1;
    return this.overhead > MAX_OVERHEAD_BYTES;
  }
}
