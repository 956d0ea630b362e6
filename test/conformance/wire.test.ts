import { describe, expect, it } from 'vitest';
import { readResponse, writeRequest } from './http1-wire.ts';

const written = (request: Parameters<typeof writeRequest>[0]): string => writeRequest(request, 'ID').toString();
const read = (text: string, method = 'GET', isEnded = false) => readResponse(Buffer.from(text), method, isEnded);

describe('a replayed request', () => {
  it('is written as given, path and all', () => {
    expect(written({ host: 'reviews:80', path: '/a/../b#c', method: 'post', body: 'hé' })).toBe(
      'post /a/../b#c HTTP/1.1\r\nhost: reviews:80\r\nuser-agent: oracle\r\nx-echo-id: ID\r\ncontent-length: 3\r\n\r\nhé',
    );
  });

  it('writes a value with line feeds on several lines and leaves framing to headers that say it', () => {
    const headers = { 'x-a': '1\n2', 'transfer-encoding': 'chunked' };
    expect(written({ host: 'h', path: '/', headers, body: '0\r\n\r\n' })).toBe(
      'GET / HTTP/1.1\r\nhost: h\r\nuser-agent: oracle\r\nx-echo-id: ID\r\nx-a: 1\r\nx-a: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    );
  });

  it('goes without Host when the case names none, and as HTTP/1.0 when asked', () => {
    expect(written({ host: '', path: '/', http10: true })).toBe(
      'GET / HTTP/1.0\r\nuser-agent: oracle\r\nx-echo-id: ID\r\n\r\n',
    );
  });
});

describe('a response', () => {
  it('is complete when its length has come', () => {
    expect(read('HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX-A: 1\r\nx-a: 2\r\n\r\nab').kind).toBe('more');
    expect(read('HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX-A: 1\r\nx-a: 2\r\n\r\nabc')).toEqual({
      kind: 'complete',
      response: { status: 200, headers: { 'content-length': '3', 'x-a': '1,2' }, body: 'abc' },
    });
  });

  it('is put together from chunks, split anywhere', () => {
    const text = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n';
    for (let at = 0; at < text.length; at++) expect(read(text.slice(0, at)).kind).toBe('more');
    expect(read(text)).toMatchObject({ kind: 'complete', response: { body: 'abcd' } });
  });

  it('without length ends with the connection', () => {
    expect(read('HTTP/1.1 200 OK\r\n\r\nabc').kind).toBe('more');
    expect(read('HTTP/1.1 200 OK\r\n\r\nabc', 'GET', true)).toMatchObject({ response: { body: 'abc' } });
  });

  it('to HEAD, and with 204, has no body; interim ones are passed over', () => {
    expect(read('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n', 'HEAD')).toMatchObject({ response: { body: '' } });
    expect(read('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n')).toMatchObject({
      response: { status: 204 },
    });
  });
});
