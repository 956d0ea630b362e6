import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Head } from '../../src/proxy/http1/head.ts';
import { INCOMPLETE, parseRequestHead, parseResponseHead, REFUSED } from '../../src/proxy/http1/parse-head.ts';

const parse = (text: string): { after: number; head: Head } => {
  const head = new Head();
  const bytes = Buffer.from(text, 'latin1');
  return { after: parseRequestHead(bytes, 0, bytes.length, head), head };
};

const refused = (text: string): string => {
  const { after, head } = parse(text);
  return after === REFUSED ? `${head.error?.status} ${head.error?.details}` : `answered ${after}`;
};

const get = (lines: string): string => `GET / HTTP/1.1\r\nHost: a\r\n${lines}\r\n`;

describe('a request head', () => {
  it('is read into method, target, framing and header values', () => {
    const text = 'POST /a?b HTTP/1.1\r\nHost:  shop:80 \r\nContent-Length: 12\r\nX-A: 1\r\nx-a:2\t\r\n\r\nbody';
    const { after, head } = parse(text);
    expect(after).toBe(text.length - 4);
    expect([head.method, head.target, head.contentLength, head.isChunked, head.isClose]).toEqual([
      'POST',
      '/a?b',
      12,
      false,
      false,
    ]);
    expect(head.values('host')).toEqual(['shop:80']);
    expect(head.values('x-a')).toEqual(['1', '2']);
    expect(head.keptLines()).toBe('Host:  shop:80 \r\nContent-Length: 12\r\nX-A: 1\r\nx-a:2\t\r\n');
  });

  it('keeps hop-by-hop headers, and what Connection nominates, on its own hop', () => {
    const { head } = parse(
      get(
        'Connection: close, X-Secret\r\nX-Secret: 1\r\nKeep-Alive: 5\r\nTE: trailers\r\nUpgrade: h2c\r\nX-Kept: 2\r\n',
      ),
    );
    expect(head.keptLines()).toBe('Host: a\r\nX-Kept: 2\r\n');
    expect(head.isClose).toBe(true);
  });

  it('of HTTP/1.0 ends the connection unless keep-alive is asked for', () => {
    expect(parse('GET / HTTP/1.0\r\nHost: a\r\n\r\n').head.isClose).toBe(true);
    expect(parse('GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n').head.isClose).toBe(false);
  });

  it('is incomplete at every place it can be cut, and the same when it is whole', () => {
    const whole = Buffer.from(get('X-One: 1\r\nTransfer-Encoding: chunked\r\n'), 'latin1');
    const head = new Head();
    for (let cut = 0; cut < whole.length; cut += 1) {
      expect(parseRequestHead(whole, 0, cut, head)).toBe(INCOMPLETE);
    }
    expect(parseRequestHead(whole, 0, whole.length, head)).toBe(whole.length);
    expect(head.isChunked).toBe(true);
  });

  it('is found wherever it lies in the buffer', () => {
    const head = new Head();
    const bytes = Buffer.from(`xxxx${get('X-A: 1\r\n')}yyyy`, 'latin1');
    expect(parseRequestHead(bytes, 4, bytes.length - 4, head)).toBe(bytes.length - 4);
    expect(head.values('x-a')).toEqual(['1']);
  });

  it('leaves nothing of itself behind in the next one', () => {
    const head = new Head();
    const first = Buffer.from(get('Connection: close\r\nX-Request-Id: 1\r\nContent-Length: 3\r\n'), 'latin1');
    const second = Buffer.from('GET /2 HTTP/1.1\r\nHost: b\r\n\r\n', 'latin1');
    parseRequestHead(first, 0, first.length, head);
    parseRequestHead(second, 0, second.length, head);
    expect([
      head.isClose,
      head.contentLength,
      head.values('x-request-id'),
      head.values('host'),
      head.keptLines(),
    ]).toEqual([false, -1, [], ['b'], 'Host: b\r\n']);
  });
});

describe('a head that could be read in two ways', () => {
  const codec = '400 http1.codec_error';
  const conflict = '400 http1.content_length_and_chunked_not_allowed';
  const coding = '501 http1.invalid_transfer_encoding';
  it.each<[string, string, string]>([
    ['both framings', get('Content-Length: 3\r\nTransfer-Encoding: chunked\r\n'), conflict],
    ['both framings, the other way round', get('Transfer-Encoding: chunked\r\nContent-Length: 3\r\n'), conflict],
    ['two lengths that differ', get('Content-Length: 3\r\nContent-Length: 4\r\n'), codec],
    ['two lengths that agree', get('Content-Length: 3\r\nContent-Length: 3\r\n'), codec],
    ['a list of lengths', get('Content-Length: 3, 3\r\n'), codec],
    ['a signed length', get('Content-Length: +3\r\n'), codec],
    ['a negative length', get('Content-Length: -3\r\n'), codec],
    ['a hexadecimal length', get('Content-Length: 0x3\r\n'), codec],
    ['an empty length', get('Content-Length:\r\n'), codec],
    ['a length of more digits than a number has', get('Content-Length: 99999999999999999999\r\n'), codec],
    ['a length with a space inside', get('Content-Length: 1 2\r\n'), codec],
    ['a length with a tab after it', get('Content-Length: 3 \t\r\n'), codec],
    ['a coding with a tab after it', get('Transfer-Encoding: chunked\t\r\n'), coding],
    ['an unknown coding', get('Transfer-Encoding: gzip\r\n'), coding],
    ['a list of codings', get('Transfer-Encoding: gzip, chunked\r\n'), coding],
    ['a coding with a parameter', get('Transfer-Encoding: chunked;q=1\r\n'), coding],
    ['a coding in quotes', get('Transfer-Encoding: "chunked"\r\n'), coding],
    ['a coding cut by a vertical tab', get('Transfer-Encoding: \x0bchunked\r\n'), codec],
    ['chunked twice', get('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n'), coding],
    ['chunked and identity', get('Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n'), coding],
    ['chunked in HTTP/1.0', 'POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n', conflict],
    ['a space before the colon', get('Transfer-Encoding : chunked\r\n'), codec],
    ['a tab before the colon', get('Content-Length\t: 3\r\n'), codec],
    ['a folded line', get('X-A: 1\r\n Transfer-Encoding: chunked\r\n'), codec],
    ['a folded first line', 'GET / HTTP/1.1\r\n Host: a\r\n\r\n', codec],
    ['a bare line feed after the request line', 'GET / HTTP/1.1\nHost: a\r\n\r\n', codec],
    ['a bare line feed after a header', get('X-A: 1\nX-B: 2\r\n'), codec],
    ['a bare carriage return in a value', get('X-A: 1\rX-B: 2\r\n'), codec],
    ['a NUL in a value', get('X-A: 1\0\r\n'), codec],
    ['a NUL in a name', get('X\0A: 1\r\n'), codec],
    ['a line without a colon', get('X-A\r\n'), codec],
    ['an empty name', get(': 1\r\n'), codec],
    ['a name with a character that is no token', get('X[A]: 1\r\n'), codec],
    ['two hosts', get('Host: b\r\n'), codec],
    ['no host', 'GET / HTTP/1.1\r\nX-A: 1\r\n\r\n', '400 missing_host_header'],
    ['an empty host', 'GET / HTTP/1.1\r\nHost: \r\n\r\n', '400 missing_host_header'],
    ['a host with a path', 'GET / HTTP/1.1\r\nHost: a/b\r\n\r\n', codec],
    ['a host with user information', 'GET / HTTP/1.1\r\nHost: u@a\r\n\r\n', codec],
    ['a line end before the request', '\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n', codec],
    ['HTTP/0.9', 'GET /\r\n', codec],
    ['HTTP/1.2', 'GET / HTTP/1.2\r\nHost: a\r\n\r\n', codec],
    ['HTTP/2 in plain text', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', codec],
    ['a lower-case version', 'GET / http/1.1\r\nHost: a\r\n\r\n', codec],
    ['two spaces', 'GET  / HTTP/1.1\r\nHost: a\r\n\r\n', codec],
    ['a tab for a space', 'GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n', codec],
    ['a space in the target', 'GET /a b HTTP/1.1\r\nHost: a\r\n\r\n', codec],
    ['a byte above ASCII in the target', 'GET /\xfc HTTP/1.1\r\nHost: a\r\n\r\n', codec],
    ['a method in lower case', 'get / HTTP/1.1\r\nHost: a\r\n\r\n', codec],
    ['a method nobody knows', 'GETT / HTTP/1.1\r\nHost: a\r\n\r\n', codec],
    ['Connection that nominates the framing', get('Content-Length: 3\r\nConnection: content-length\r\n'), codec],
    ['Connection that nominates Host', get('Connection: host\r\n'), codec],
    ['101 headers', get('X: 1\r\n'.repeat(100)), '431 http1.too_many_headers'],
    ['61 KiB of headers', get(`X: ${'a'.repeat(61 * 1024)}\r\n`), '431 http1.headers_too_large'],
    ['61 KiB that never end', `GET /${'a'.repeat(61 * 1024)}`, '431 http1.headers_too_large'],
  ])('%s is refused', (_name, text, error) => {
    expect(refused(text)).toBe(error);
  });

  it('100 headers and 50 kB are accepted', () => {
    expect(parse(get('X: 1\r\n'.repeat(99))).after).toBeGreaterThan(0);
    expect(parse(get(`X: ${'a'.repeat(50_000)}\r\n`)).after).toBeGreaterThan(0);
  });

  it('whatever bytes come, the parser answers, and what it accepts holds no control character', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc
        .array(
          fc.constantFrom(
            'GET',
            ' ',
            '/',
            'HTTP/1.1',
            '\r\n',
            '\r',
            '\n',
            ':',
            'Host: a',
            'Content-Length: 1',
            '\0',
            'é',
          ),
          {
            maxLength: 30,
          },
        )
        .map((parts) => Buffer.from(parts.join(''), 'latin1')),
    );
    fc.assert(
      fc.property(bytes, (input) => {
        const head = new Head();
        const after = parseRequestHead(Buffer.from(input), 0, input.length, head);
        expect(after).toBeGreaterThanOrEqual(REFUSED);
        expect(after).toBeLessThanOrEqual(input.length);
        if (after <= 0) return;
        const rest = [...head.text.replaceAll('\r\n', '')];
        expect(rest.every((character) => character === '\t' || (character >= ' ' && character !== '\x7f'))).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('a response head', () => {
  const response = (text: string): { after: number; head: Head } => {
    const head = new Head();
    const bytes = Buffer.from(text, 'latin1');
    return { after: parseResponseHead(bytes, 0, bytes.length, head), head };
  };

  it('is read into status, reason and framing', () => {
    const { head } = response('HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n');
    expect([head.status, head.reason, head.isChunked]).toEqual([404, 'Not Found', true]);
  });

  it('may lack a reason', () => {
    expect(response('HTTP/1.1 200 \r\n\r\n').head.status).toBe(200);
    expect(response('HTTP/1.1 200\r\nA: b\r\n\r\n').head.status).toBe(200);
  });

  it.each([
    'HTTP/1.1 20 OK\r\n\r\n..',
    'HTTP/1.1 2000 OK\r\n\r\n',
    'HTTP/1.1 099 OK\r\n\r\n',
    'HTTP/1.1 200 OK\nA: b\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n',
    'HTTP/2.0 200 OK\r\n\r\n',
    'ICY 200 OK\r\n\r\n....',
  ])('%j is refused', (text) => {
    expect(response(text).after).toBe(REFUSED);
  });
});
