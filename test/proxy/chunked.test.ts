import { describe, expect, it } from 'vitest';
import { ChunkedScanner, MALFORMED } from '../../src/proxy/http1/chunked.ts';

/** Feeds `text` in pieces of at most `size` bytes; what was passed on, and how much was consumed. */
const run = (text: string, size: number, keepsFraming: boolean) => {
  const bytes = Buffer.from(text, 'latin1');
  const scanner = new ChunkedScanner();
  scanner.reset(keepsFraming);
  let passed = '';
  let at = 0;
  while (at < bytes.length && !scanner.isDone) {
    const end = Math.min(bytes.length, at + size);
    const after = scanner.scan(bytes, at, end);
    if (after === MALFORMED) return { passed: 'malformed', at, data: scanner.dataBytes };
    for (let index = 0; index < scanner.ranges.length; index += 2) {
      passed += bytes.toString('latin1', scanner.ranges[index], scanner.ranges[index + 1]);
    }
    at = after;
  }
  return { passed: scanner.isDone ? passed : `${passed}...`, at, data: scanner.dataBytes };
};

const body = '5\r\nhello\r\n1;name="v"\r\n!\r\nA\r\n0123456789\r\n0;last\r\nX-Trailer: 1\r\nY: 2\r\n\r\n';

describe('the chunked coding', () => {
  it('is the same body however it is cut, without extensions and trailers', () => {
    for (let size = 1; size <= body.length; size += 1) {
      expect(run(body, size, true)).toEqual({
        passed: '5\r\nhello\r\n1\r\n!\r\nA\r\n0123456789\r\n0\r\n\r\n',
        at: body.length,
        data: 16,
      });
      expect(run(body, size, false)).toEqual({ passed: 'hello!0123456789', at: body.length, data: 16 });
    }
  });

  it('ends where it ends, whatever follows', () => {
    expect(run('0\r\n\r\nGET / HTTP/1.1\r\n', 100, true)).toEqual({ passed: '0\r\n\r\n', at: 5, data: 0 });
  });

  it.each([
    ['a size without digits', '\r\n'],
    ['a size that is no hexadecimal number', 'g\r\n'],
    ['a signed size', '+5\r\nhello\r\n'],
    ['a size with a prefix', '0x5\r\nhello\r\n'],
    ['a space before the size', ' 5\r\nhello\r\n'],
    ['a space after the size', '5 \r\nhello\r\n'],
    ['a size of more digits than a number has', '10000000000000005\r\nhello\r\n'],
    ['a bare line feed after the size', '5\nhello\r\n'],
    ['a bare carriage return after the size', '5\rhello\r\n'],
    ['a bare line feed in an extension', '5;a\nhello\r\n'],
    ['a NUL in an extension', '5;\0\r\nhello\r\n'],
    ['more data than the size says', '5\r\nhello!\r\n'],
    ['a bare line feed after the data', '5\r\nhello\n0\r\n\r\n'],
    ['a trailer without a colon', '0\r\nX\r\n\r\n'],
    ['a trailer that is folded', '0\r\n X: 1\r\n\r\n'],
    ['a bare line feed at the end', '0\r\n\n'],
    ['an extension that does not end', `5;${'a'.repeat(20_000)}\r\nhello\r\n`],
    ['trailers that do not end', `0\r\n${'X: aaaaaaaa\r\n'.repeat(2_000)}\r\n`],
  ])('with %s is malformed, however it is cut', (_name, text) => {
    for (const size of [1, 3, text.length]) expect(run(text, size, true).passed).toBe('malformed');
  });
});
