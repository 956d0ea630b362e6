import { CR, LF, SPACE, TARGET, TOKEN } from '../http1/characters.ts';
import { PREFACE } from '../http2/frames.ts';

/** Envoy's HTTP inspector reads this much for a request line. */
const MAX_LINE_BYTES = 64 * 1024;
const PREFACE_BYTES = Buffer.from(PREFACE, 'latin1');
const VERSION = Buffer.from('HTTP/1.1', 'latin1');

/**
 * What a connection's first bytes begin: HTTP/2's preface, an HTTP/1.1 request line, anything else, or not enough to tell. Stricter than
 * serving is, as with Envoy: a request that its inspector does not know passes as TCP (HTTP/1.0 is one).
 */
export const sniffHttp = (bytes: Buffer): 'http' | 'http2' | 'other' | 'more' => {
  const preface = sniffPreface(bytes);
  if (preface !== 'other') return preface;
  const end = bytes.length;
  let at = 0;
  while (at < end && TOKEN[bytes[at] ?? 0] === 1) at += 1;
  if (at === end) return unfinished(end);
  if (at === 0 || bytes[at] !== SPACE) return 'other';
  const target = ++at;
  while (at < end && TARGET[bytes[at] ?? 0] === 1) at += 1;
  if (at === end) return unfinished(end);
  if (at === target || bytes[at] !== SPACE) return 'other';
  at += 1;
  for (const expected of [...VERSION, CR, LF]) {
    if (at === end) return unfinished(end);
    if (bytes[at] !== expected) return 'other';
    at += 1;
  }
  return 'http';
};

/** Whether a connection is HTTP/2, where that is the only question. */
export const sniffPreface = (bytes: Buffer): 'http2' | 'other' | 'more' => {
  const length = Math.min(bytes.length, PREFACE_BYTES.length);
  if (bytes.compare(PREFACE_BYTES, 0, length, 0, length) !== 0) return 'other';
  return length === PREFACE_BYTES.length ? 'http2' : 'more';
};

const unfinished = (length: number): 'other' | 'more' => (length > MAX_LINE_BYTES ? 'other' : 'more');
