/**
 * Header lists of HTTP/2 as the heads the rest of the proxy knows, and back. A list that would not come out of such a
 * head as it went in is malformed: nothing of it may become a line of its own (RFC 9113 8.2.1, 10.3).
 */
import { encodeField, type Fields } from './hpack.ts';

const NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
const BAD_VALUE = /[\0\r\n]|^[ \t]|[ \t]$/;
const STATUS = /^[1-9]\d\d$/;
/** RFC 9113 8.2.2: what HTTP/1.1 says of a connection has no place here. */
const CONNECTION_NAMES = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade']);
/** What this side leaves out: the same, and Host, which :authority is. */
const UNSENT_NAMES = new Set([...CONNECTION_NAMES, 'host']);
const REQUEST_PSEUDO = new Set([':method', ':scheme', ':authority', ':path']);
const RESPONSE_PSEUDO = new Set([':status']);
const TRAILERS_PSEUDO: ReadonlySet<string> = new Set();

interface Parts {
  readonly pseudo: ReadonlyMap<string, string>;
  readonly host: string | undefined;
  readonly lines: string;
}

/** Undefined when the list is malformed. */
const partsOf = (fields: Fields, allowed: ReadonlySet<string>): Parts | undefined => {
  const pseudo = new Map<string, string>();
  let host: string | undefined;
  let cookies = '';
  let lines = '';
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const name = fields[at] ?? '';
    const value = fields[at + 1] ?? '';
    if (BAD_VALUE.test(value)) return undefined;
    if (name.startsWith(':')) {
      if (lines !== '' || !allowed.has(name) || pseudo.has(name)) return undefined;
      pseudo.set(name, value);
    } else if (!NAME.test(name) || CONNECTION_NAMES.has(name) || (name === 'te' && value !== 'trailers')) {
      return undefined;
    } else if (name === 'cookie') cookies += cookies === '' ? value : `; ${value}`;
    else if (name === 'host') {
      if (host !== undefined) return undefined;
      host = value;
    } else lines += `${name}: ${value}\r\n`;
  }
  // RFC 9113 8.2.3: a cookie may come in crumbs.
  return { pseudo, host, lines: cookies === '' ? lines : `${lines}cookie: ${cookies}\r\n` };
};

export interface RequestText {
  readonly text: string;
  readonly scheme: string;
}

/** The head of a request as HTTP/1.1 would write it; undefined when the list is malformed. */
export const requestText = (fields: Fields): RequestText | undefined => {
  const parts = partsOf(fields, REQUEST_PSEUDO);
  const method = parts?.pseudo.get(':method') ?? '';
  if (parts === undefined || method === '') return undefined;
  const { pseudo, lines } = parts;
  const authority = pseudo.get(':authority') ?? parts.host;
  const host = authority === undefined ? '' : `host: ${authority}\r\n`;
  const scheme = pseudo.get(':scheme') ?? '';
  const path = pseudo.get(':path') ?? '';
  if (method === 'CONNECT') {
    if (scheme !== '' || path !== '') return undefined;
    return { text: `CONNECT ${authority ?? ''} HTTP/1.1\r\n${host}${lines}\r\n`, scheme };
  }
  if (scheme === '' || path === '' || path.includes(' ')) return undefined;
  return { text: `${method} ${path} HTTP/1.1\r\n${host}${lines}\r\n`, scheme };
};

/** The head of a response as HTTP/1.1 would write it; undefined when the list is malformed. */
export const responseText = (fields: Fields): string | undefined => {
  const parts = partsOf(fields, RESPONSE_PSEUDO);
  const status = parts?.pseudo.get(':status') ?? '';
  return parts === undefined || !STATUS.test(status) ? undefined : `HTTP/1.1 ${status} \r\n${parts.lines}\r\n`;
};

/** Header lines of trailers; undefined when the list is malformed. */
export const trailerLines = (fields: Fields): string | undefined => partsOf(fields, TRAILERS_PSEUDO)?.lines;

/** The header block of complete header lines. */
export const blockOfLines = (lines: string, from = 0): string => {
  let block = '';
  for (let at = from; at < lines.length; ) {
    const end = lines.indexOf('\r\n', at);
    const colon = lines.indexOf(':', at);
    if (end < 0 || colon < 0 || colon > end) break;
    const name = lines.slice(at, colon).toLowerCase();
    if (!UNSENT_NAMES.has(name)) block += encodeField(name, lines.slice(colon + 1, end).trim());
    at = end + 2;
  }
  return block;
};

export interface RequestBlock {
  readonly block: string;
  /** No body follows. */
  readonly isEnd: boolean;
  /** A body of unknown length follows. */
  readonly isChunked: boolean;
}

/** The header block of a complete request head. */
export const blockOfRequest = (head: string): RequestBlock => {
  const firstEnd = head.indexOf('\r\n');
  const [method = '', target = ''] = head.slice(0, firstEnd).split(' ');
  const given = (name: string): string | undefined => {
    const at = head.indexOf(`\r\n${name}: `);
    return at < 0 ? undefined : head.slice(at + name.length + 4, head.indexOf('\r\n', at + 2));
  };
  const isChunked = head.includes('\r\ntransfer-encoding: chunked\r\n', firstEnd);
  const length = /\r\ncontent-length:[ \t]*(\d+)/i.exec(head)?.[1];
  const host = /\r\nhost:[ \t]*([^\r]*)/i.exec(head)?.[1] ?? '';
  const pseudo =
    encodeField(':method', method) +
    encodeField(':scheme', given('x-forwarded-proto') === 'https' ? 'https' : 'http') +
    encodeField(':authority', host) +
    encodeField(':path', target);
  return {
    block: pseudo + blockOfLines(head, firstEnd + 2),
    isEnd: !isChunked && (length === undefined || Number(length) === 0),
    isChunked,
  };
};
