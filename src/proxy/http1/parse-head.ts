/**
 * Strict byte-level parsing of HTTP/1.1 heads: RFC 9112 without any of its leniency. An ambiguous message is refused,
 * never repaired, because the next hop might repair it differently (request smuggling).
 */
import { AUTHORITY, COLON, COMMA, CR, FIELD_VALUE, LF, LOWER, SPACE, TAB, TARGET, TOKEN } from './characters.ts';
import { type Head, type HeadError, MAX_HEAD_BYTES, MAX_HEADERS } from './head.ts';
import { identify, idOf } from './header-names.ts';

/** The head is not complete yet. */
export const INCOMPLETE = 0;
/** The head is refused; `head.error` says why. */
export const REFUSED = -1;

const codecError: HeadError = { status: 400, details: 'http1.codec_error' };
const framingConflict: HeadError = { status: 400, details: 'http1.content_length_and_chunked_not_allowed' };
const unknownCoding: HeadError = { status: 501, details: 'http1.invalid_transfer_encoding' };
const tooLarge: HeadError = { status: 431, details: 'http1.headers_too_large' };
const tooMany: HeadError = { status: 431, details: 'http1.too_many_headers' };
const missingHost: HeadError = { status: 400, details: 'missing_host_header' };

const HOST = idOf('host');
const CONNECTION = idOf('connection');
const CONTENT_LENGTH = idOf('content-length');
const TRANSFER_ENCODING = idOf('transfer-encoding');
const KEEP_ALIVE = idOf('keep-alive');
const PROXY_CONNECTION = idOf('proxy-connection');
const UPGRADE = idOf('upgrade');
const TE = idOf('te');
const TRAILER = idOf('trailer');

const VERSION = Buffer.from('HTTP/1.', 'latin1');
const CHUNKED = Buffer.from('chunked', 'latin1');
const CLOSE = Buffer.from('close', 'latin1');
const KEEP_ALIVE_TOKEN = Buffer.from('keep-alive', 'latin1');
const UPGRADE_TOKEN = Buffer.from('upgrade', 'latin1');
const HTTP_VERSION_BYTES = 8;

/** Envoy's codec knows these methods and refuses others, lower-case spellings among them. */
const METHODS = new Set(
  (
    'ACL BIND CHECKOUT CONNECT COPY DELETE GET HEAD LINK LOCK MERGE MKACTIVITY MKCALENDAR MKCOL MOVE MSEARCH NOTIFY ' +
    'OPTIONS PATCH POST PROPFIND PROPPATCH PURGE PUT REBIND REPORT SEARCH SOURCE SUBSCRIBE TRACE UNBIND UNLINK ' +
    'UNLOCK UNSUBSCRIBE'
  ).split(' '),
);

/**
 * Parses a request head at `bytes[start..end)`. Answers the index after the head, INCOMPLETE, or REFUSED.
 * `head` is overwritten.
 */
export const parseRequestHead = (bytes: Buffer, start: number, end: number, head: Head): number => {
  head.reset();
  let at = start;
  while (at < end && TOKEN[bytes[at] ?? 0] === 1) at += 1;
  if (at >= end) return unfinished(head, end - start);
  if (bytes[at] !== SPACE || at === start) return refuse(head, codecError);
  const methodEnd = at;
  const targetStart = ++at;
  while (at < end && TARGET[bytes[at] ?? 0] === 1) at += 1;
  if (at >= end) return unfinished(head, end - start);
  if (bytes[at] !== SPACE || at === targetStart) return refuse(head, codecError);
  const targetEnd = at++;
  if (at + HTTP_VERSION_BYTES + 2 > end) return unfinished(head, end - start);
  if (!parseVersion(bytes, at, head)) return refuse(head, codecError);
  at += HTTP_VERSION_BYTES;
  if (bytes[at] !== CR || bytes[at + 1] !== LF) return refuse(head, codecError);
  const after = parseFields(bytes, start, at + 2, end, head);
  if (after <= 0) return after;
  head.method = head.text.slice(0, methodEnd - start);
  head.target = head.text.slice(targetStart - start, targetEnd - start);
  return METHODS.has(head.method) ? checkRequest(bytes, start, after, head) : refuse(head, codecError);
};

/** Parses a response head; see parseRequestHead. */
export const parseResponseHead = (bytes: Buffer, start: number, end: number, head: Head): number => {
  head.reset();
  let at = start;
  if (end - start < HTTP_VERSION_BYTES + 6) return unfinished(head, end - start);
  if (!parseVersion(bytes, at, head)) return refuse(head, codecError);
  at += HTTP_VERSION_BYTES;
  if (bytes[at] !== SPACE) return refuse(head, codecError);
  const status = parseDigits(bytes, at + 1, at + 4);
  if (status < 100) return refuse(head, codecError);
  at += 4;
  const reasonStart = at;
  while (at < end && FIELD_VALUE[bytes[at] ?? 0] === 1) at += 1;
  if (at + 1 >= end) return unfinished(head, end - start);
  if (bytes[at] !== CR || bytes[at + 1] !== LF) return refuse(head, codecError);
  // RFC 9112 4: a space separates the reason phrase, even an empty one; some servers leave both out.
  if (at > reasonStart && bytes[reasonStart] !== SPACE) return refuse(head, codecError);
  const reasonEnd = at;
  const after = parseFields(bytes, start, at + 2, end, head);
  if (after <= 0) return after;
  head.status = status;
  head.reason = head.text.slice(Math.min(reasonStart + 1, reasonEnd) - start, reasonEnd - start);
  return after;
};

const refuse = (head: Head, error: HeadError): number => {
  head.error = error;
  return REFUSED;
};

const fail = (head: Head, error: HeadError): false => {
  head.error = error;
  return false;
};

const unfinished = (head: Head, length: number): number =>
  length > MAX_HEAD_BYTES ? refuse(head, tooLarge) : INCOMPLETE;

/** `HTTP/1.0` or `HTTP/1.1` exactly; the caller made sure of the length. */
const parseVersion = (bytes: Buffer, at: number, head: Head): boolean => {
  for (let index = 0; index < VERSION.length; index += 1) if (bytes[at + index] !== VERSION[index]) return false;
  const minor = (bytes[at + VERSION.length] ?? 0) - 0x30;
  head.minor = minor;
  return minor === 0 || minor === 1;
};

/** A decimal number without sign; -1 when a byte is no digit. */
const parseDigits = (bytes: Buffer, start: number, end: number): number => {
  let value = 0;
  for (let at = start; at < end; at += 1) {
    const digit = (bytes[at] ?? 0) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
};

/** The field lines and the empty line after them. Leaves offsets relative to `start` in `head`. */
const parseFields = (bytes: Buffer, start: number, first: number, end: number, head: Head): number => {
  let at = first;
  head.nominated.length = 0;
  head.isClose = head.minor === 0;
  for (;;) {
    if (at + 1 >= end) return unfinished(head, end - start);
    if (bytes[at] === CR) {
      if (bytes[at + 1] !== LF) return refuse(head, codecError);
      at += 2;
      break;
    }
    const nameStart = at;
    while (at < end && TOKEN[bytes[at] ?? 0] === 1) at += 1;
    if (at >= end) return unfinished(head, end - start);
    // A space before the colon and a folded line (RFC 9112 5.1, 5.2) end here too.
    if (bytes[at] !== COLON || at === nameStart) return refuse(head, codecError);
    const nameEnd = at++;
    while (at < end && (bytes[at] === SPACE || bytes[at] === TAB)) at += 1;
    const valueStart = at;
    while (at < end && FIELD_VALUE[bytes[at] ?? 0] === 1) at += 1;
    if (at + 1 >= end) return unfinished(head, end - start);
    if (bytes[at] !== CR || bytes[at + 1] !== LF) return refuse(head, codecError);
    let valueEnd = at;
    while (valueEnd > valueStart && (bytes[valueEnd - 1] === SPACE || bytes[valueEnd - 1] === TAB)) valueEnd -= 1;
    at += 2;
    const line = head.count;
    if (line === MAX_HEADERS) return refuse(head, tooMany);
    const id = identify(bytes, nameStart, nameEnd);
    if (id !== 0 && !readKnown(bytes, id, valueStart, valueEnd, line, head)) return REFUSED;
    head.ids[line] = id;
    head.nameStart[line] = nameStart - start;
    head.nameEnd[line] = nameEnd - start;
    head.valueStart[line] = valueStart - start;
    head.valueEnd[line] = valueEnd - start;
    head.lineEnd[line] = at - start;
    head.count = line + 1;
    if (id !== 0 && head.first[id] === -1) head.first[id] = line;
  }
  if (at - start > MAX_HEAD_BYTES) return refuse(head, tooLarge);
  if (head.isChunked && (head.contentLength >= 0 || head.minor === 0)) return refuse(head, framingConflict);
  head.text = bytes.toString('latin1', start, at);
  for (const name of head.nominated) head.drop(name);
  return at;
};

/** What a known header means for the message; false when it makes the message ambiguous. */
const readKnown = (bytes: Buffer, id: number, start: number, end: number, line: number, head: Head): boolean => {
  switch (id) {
    case HOST:
      return head.first[HOST] === -1 || fail(head, codecError);
    case CONTENT_LENGTH: {
      // RFC 9112 6.3 lets a recipient merge equal repetitions; refusing all of them leaves nothing to disagree on.
      if (head.contentLength >= 0 || start === end || end - start > 15 || hasTabAfter(bytes, end)) {
        return fail(head, codecError);
      }
      head.contentLength = parseDigits(bytes, start, end);
      return head.contentLength >= 0 || fail(head, codecError);
    }
    case TRANSFER_ENCODING:
      if (head.isChunked || !equals(bytes, start, end, CHUNKED) || hasTabAfter(bytes, end)) {
        return fail(head, unknownCoding);
      }
      head.isChunked = true;
      head.isDropped[line] = 1;
      return true;
    case CONNECTION:
      head.isDropped[line] = 1;
      return readConnection(bytes, start, end, head);
    case KEEP_ALIVE:
    case PROXY_CONNECTION:
    case UPGRADE:
    case TE:
    case TRAILER:
      head.isDropped[line] = 1;
      return true;
    default:
      return true;
  }
};

/** White space like this is allowed, and yet some parsers (Node's) refuse it: nobody honest sends it. */
const hasTabAfter = (bytes: Buffer, end: number): boolean => {
  for (let at = end; bytes[at] === SPACE || bytes[at] === TAB; at += 1) if (bytes[at] === TAB) return true;
  return false;
};

const readConnection = (bytes: Buffer, start: number, end: number, head: Head): boolean => {
  let at = start;
  while (at < end) {
    while (at < end && (bytes[at] === SPACE || bytes[at] === TAB || bytes[at] === COMMA)) at += 1;
    const from = at;
    while (at < end && bytes[at] !== COMMA && bytes[at] !== SPACE && bytes[at] !== TAB) at += 1;
    if (at === from) continue;
    if (equals(bytes, from, at, CLOSE)) head.isClose = true;
    else if (equals(bytes, from, at, KEEP_ALIVE_TOKEN)) {
      if (head.minor === 0) head.isClose = false;
    } else if (equals(bytes, from, at, UPGRADE_TOKEN)) head.isUpgrade = true;
    else if (!head.dropNominated(bytes, from, at)) return fail(head, codecError);
  }
  return true;
};

const equals = (bytes: Buffer, start: number, end: number, word: Uint8Array): boolean => {
  if (end - start !== word.length) return false;
  for (let at = 0; at < word.length; at += 1) if (LOWER[bytes[start + at] ?? 0] !== word[at]) return false;
  return true;
};

/** RFC 9112 3.2: exactly one Host, valid; here also for HTTP/1.0, since nothing could be routed without it. */
const checkRequest = (bytes: Buffer, start: number, after: number, head: Head): number => {
  const line = head.first[HOST] ?? -1;
  const from = line < 0 ? 0 : (head.valueStart[line] ?? 0);
  const to = line < 0 ? 0 : (head.valueEnd[line] ?? 0);
  for (let at = start + from; at < start + to; at += 1) {
    if (AUTHORITY[bytes[at] ?? 0] !== 1) return refuse(head, codecError);
  }
  return from === to ? refuse(head, missingHost) : after;
};
