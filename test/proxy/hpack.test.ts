import { describe, expect, it } from 'vitest';
import { encodeField, HpackDecoder } from '../../src/proxy/http2/hpack.ts';
import { decodeHuffman } from '../../src/proxy/http2/huffman.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

describe('HPACK', () => {
  it('decodes the requests of RFC 7541 C.4, whose later blocks refer to earlier ones', () => {
    const decoder = new HpackDecoder(1_000_000);
    const common = [':method', 'GET', ':scheme', 'http', ':path', '/', ':authority', 'www.example.com'];
    expect(decoder.decode(hex('8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff'))).toEqual(common);
    expect(decoder.decode(hex('8286 84be 5886 a8eb 1064 9cbf'))).toEqual([...common, 'cache-control', 'no-cache']);
    expect(decoder.decode(hex('8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf'))).toEqual([
      ':method',
      'GET',
      ':scheme',
      'https',
      ':path',
      '/index.html',
      ':authority',
      'www.example.com',
      'custom-key',
      'custom-value',
    ]);
  });

  it('takes back what it encodes, whatever the bytes', () => {
    const all = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).join('');
    const fields = [':status', '200', 'content-type', 'application/grpc', 'x-long', all.repeat(20), 'x-empty', ''];
    let block = '';
    for (let at = 0; at < fields.length; at += 2) block += encodeField(fields[at] ?? '', fields[at + 1] ?? '');
    expect(new HpackDecoder(1_000_000).decode(Buffer.from(block, 'latin1'))).toEqual(fields);
  });

  it('drops what is beyond the size of a list, and keeps its table in step', () => {
    const decoder = new HpackDecoder(100);
    const added = `\x40\x03x-a\x02${'12'}`;
    const [first = '', ...rest] = decoder.decode(Buffer.from(added.repeat(10), 'latin1')) ?? [];
    expect(first).toBe('x-a');
    expect(rest.length).toBeLessThan(8);
    expect(decoder.decode(Buffer.from('\xbe\xc7', 'latin1'))).toEqual(['x-a', '12', 'x-a', '12']);
  });

  it.each([
    ['an index of nothing', '80'],
    ['an index beyond the table', 'be'],
    ['a string beyond the block', '00 05 61'],
    ['an integer without end', 'ff ff ff ff ff ff'],
    ['a table larger than agreed on', '3f e2 1f'],
    ['a change of size after a field', '82 20'],
  ])('refuses %s', (_what, block) => {
    expect(new HpackDecoder(1_000).decode(hex(block))).toBeUndefined();
  });

  it.each([
    ['padding of zeros', '18'],
    ['a whole byte of padding', '1fff'],
    ['the end-of-string symbol', 'ffffffff'],
  ])('refuses a coded string with %s', (_what, text) => {
    expect(decodeHuffman(hex(text), 0, text.length / 2)).toBeUndefined();
  });
});
