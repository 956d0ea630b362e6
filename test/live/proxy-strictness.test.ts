import { createServer } from 'node:http';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ChunkedScanner, MALFORMED } from '../../src/proxy/http1/chunked.ts';
import { Head } from '../../src/proxy/http1/head.ts';
import { parseRequestHead } from '../../src/proxy/http1/parse-head.ts';
import { RequestView } from '../../src/proxy/http1/request-view.ts';
import type { SocketAddress } from '../../src/proxy/proxy.ts';
import { RawClient } from '../proxy/small-mesh.ts';

// Node's own HTTP parser (llhttp, strict by default) is the second opinion: what is passed on must mean to it what it meant here.
let bodies: string[] = [];
const server = createServer({ insecureHTTPParser: false }, (request, response) => {
  let body = '';
  request.on('data', (chunk: Buffer) => {
    body += chunk.toString('latin1');
  });
  request.on('end', () => {
    bodies.push(`${request.method} ${request.url} ${body}`);
    response.setHeader('connection', 'close');
    response.end();
  });
});
let at: SocketAddress;

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  at = { host: '127.0.0.1', port: typeof address === 'object' && address !== null ? address.port : 0 };
});

afterAll(() => {
  server.close();
  server.closeAllConnections();
});

interface Passed {
  /** Method, target and body as we understand them. */
  readonly message: string;
  /** The bytes that go on to the next hop. */
  readonly text: string;
}

/** What our parser and scanner make of one message; undefined = refused or incomplete. */
const ours = (text: string): Passed | undefined => {
  const bytes = Buffer.from(text, 'latin1');
  const head = new Head();
  const after = parseRequestHead(bytes, 0, bytes.length, head);
  if (after <= 0 || !new RequestView(head).read()) return undefined;
  const start = `${head.method} ${head.target}`;
  const lines = `${start} HTTP/1.1\r\n${head.keptLines()}`;
  if (!head.isChunked) {
    const end = after + Math.max(0, head.contentLength);
    const body = bytes.toString('latin1', after, end);
    return end > bytes.length ? undefined : { message: `${start} ${body}`, text: `${lines}\r\n${body}` };
  }
  const body = scan(bytes, after, false);
  const framed = scan(bytes, after, true);
  if (body === undefined || framed === undefined) return undefined;
  return { message: `${start} ${body}`, text: `${lines}transfer-encoding: chunked\r\n\r\n${framed}` };
};

const scan = (bytes: Buffer, start: number, keepsFraming: boolean): string | undefined => {
  const scanner = new ChunkedScanner();
  scanner.reset(keepsFraming);
  if (scanner.scan(bytes, start, bytes.length) === MALFORMED || !scanner.isDone) return undefined;
  let passed = '';
  for (let index = 0; index < scanner.ranges.length; index += 2) {
    passed += bytes.toString('latin1', scanner.ranges[index], scanner.ranges[index + 1]);
  }
  return passed;
};

const theirs = async (text: string): Promise<string | undefined> => {
  bodies = [];
  const raw = new RawClient(at);
  raw.write(text);
  raw.socket.end();
  await raw.closed();
  return bodies[0];
};

const seeds = [
  'GET /a HTTP/1.1\r\nHost: a\r\nX-A: b\r\n\r\n',
  'POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello',
  'POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1;x=y\r\n!\r\n0\r\nT: 1\r\n\r\n',
];
const splinters = [
  ...[
    '\r',
    '\n',
    '\r\n',
    '\0',
    ' ',
    '\t',
    ':',
    ',',
    ';',
    '0',
    '1',
    'a',
    '\x0b',
    '\x7f',
    '\xff',
    '"',
    '_',
    '-',
    '+',
    '/',
  ],
  ...[
    '\r\n ',
    'Content-Length: 5\r\n',
    'Transfer-Encoding: chunked\r\n',
    'Host: b\r\n',
    'chunked',
    '0x',
    '\r\n\r\n',
    '#',
  ],
];

const mutant = fc
  .tuple(
    fc.constantFrom(...seeds),
    fc.array(fc.tuple(fc.nat(), fc.constantFrom(...splinters), fc.integer({ min: 0, max: 2 })), {
      minLength: 1,
      maxLength: 3,
    }),
  )
  .map(([seed, changes]) => {
    let text = seed;
    for (const [where, splinter, removed] of changes) {
      const position = where % (text.length + 1);
      text = text.slice(0, position) + splinter + text.slice(position + removed);
    }
    return text;
  });

describe('a message that is passed on', () => {
  it('is the same message to the next hop, whatever it looked like', async () => {
    await fc.assert(
      fc.asyncProperty(mutant, async (text) => {
        const mine = ours(text);
        if (mine !== undefined) expect(await theirs(mine.text)).toBe(mine.message);
      }),
      { numRuns: 10_000 },
    );
  });
});
