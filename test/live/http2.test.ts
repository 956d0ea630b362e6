import { createHash, randomBytes } from 'node:crypto';
import { createServer as createHttp1, request as requestHttp1 } from 'node:http';
import {
  type ClientHttp2Session,
  connect,
  constants,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo, Server } from 'node:net';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Identity } from '../../src/ca/certificate.ts';
import { createProxy } from '../../src/proxy/create-proxy.ts';
import { frameHeader, headerFrames, PREFACE, settingsFrame } from '../../src/proxy/http2/frames.ts';
import { encodeField } from '../../src/proxy/http2/hpack.ts';
import type { MeshProxy, SocketAddress } from '../../src/proxy/proxy.ts';
import type { AccessRecord } from '../../src/telemetry/access-record.ts';
import type { Cluster, RetryPolicy, Route } from '../../src/traffic/tables.ts';
import {
  APP,
  applicationCluster,
  authority,
  clock,
  cluster,
  endpoint,
  forward,
  inboundPort,
  network,
  RawClient,
  route,
  routeTable,
  spiffe,
  tables,
} from '../proxy/small-mesh.ts';

let issue: (id: string) => Promise<Identity>;
let identity: Identity;
const closers: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  issue = (await authority()).issue;
  identity = await issue(spiffe('gateway'));
});

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const listening = async (server: Server | Http2Server): Promise<SocketAddress> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => new Promise((resolve) => server.close(resolve)));
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
};

type OnStream = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;

const http2Backend = (onStream: OnStream): Promise<SocketAddress> => {
  const server = createServer();
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    onStream(stream, headers);
  });
  return listening(server);
};

interface Hop {
  readonly at: SocketAddress;
  readonly records: AccessRecord[];
  readonly proxy: MeshProxy;
  record(): Promise<AccessRecord>;
}

const gateway = async (
  backend: SocketAddress,
  changes: Partial<Cluster> = {},
  ...routes: readonly Route[]
): Promise<Hop> => {
  const records: AccessRecord[] = [];
  let taken = 0;
  const waiting: (() => void)[] = [];
  const proxy = createProxy({
    tables: tables({
      clusters: [cluster(APP, [endpoint('10.44.1.2', 8080)], changes)],
      routes: routeTable(...(routes.length > 0 ? routes : [route(forward(APP))])),
    }),
    network: network(new Map([['10.44.1.2:8080', backend]])),
    clock,
    random: () => 0.5,
    identity,
    onRecord: (record) => {
      records.push(record);
      for (const wake of waiting.splice(0)) wake();
    },
  });
  closers.push(() => proxy.close(0));
  const at = await proxy.listenGateway(80, { host: '127.0.0.1', port: 0 });
  const record = async (): Promise<AccessRecord> => {
    while (records.length <= taken) await new Promise<void>((resolve) => waiting.push(resolve));
    taken += 1;
    return records[taken - 1] as AccessRecord;
  };
  return { at, records, proxy, record };
};

const session = (at: SocketAddress): ClientHttp2Session => {
  const client = connect(`http://${at.host}:${at.port}`);
  client.on('error', () => {});
  closers.push(async () => client.destroy());
  return client;
};

interface Got {
  readonly headers: IncomingHttpHeaders;
  readonly trailers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly code: number;
}

const get = (client: ClientHttp2Session, headers: OutgoingHttpHeaders, body?: Buffer): Promise<Got> =>
  new Promise((resolve) => {
    const stream = client.request({ ':authority': 'app', ...headers }, { endStream: body === undefined });
    let got: IncomingHttpHeaders = {};
    let trailers: IncomingHttpHeaders = {};
    const chunks: Buffer[] = [];
    stream.on('response', (received) => {
      got = received;
    });
    stream.on('trailers', (received) => {
      trailers = received;
    });
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', () => {});
    stream.on('close', () =>
      resolve({ headers: got, trailers, body: Buffer.concat(chunks), code: stream.rstCode ?? 0 }),
    );
    if (body !== undefined) stream.end(body);
  });

const grpc = { ':method': 'POST', ':path': '/shop.Cart/Add', 'content-type': 'application/grpc', te: 'trailers' };
const message = Buffer.from([0, 0, 0, 0, 1, 7]);
const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

describe('a request in HTTP/2', () => {
  it('reaches a backend of HTTP/1.1 with a chunked body, and its answer comes back whole', async () => {
    const backend = await listening(
      createHttp1((request, response) => {
        const chunks: Buffer[] = [];
        request.on('data', (chunk: Buffer) => chunks.push(chunk));
        request.on('end', () => {
          response.setHeader('x-coding', request.headers['transfer-encoding'] ?? '');
          response.setHeader('x-host', request.headers.host ?? '');
          response.end(digest(Buffer.concat(chunks)));
        });
      }),
    );
    const hop = await gateway(backend);
    const body = randomBytes(3_000_000);
    const got = await get(session(hop.at), { ':method': 'POST', ':path': '/in' }, body);
    expect([got.headers[':status'], got.headers['x-coding'], got.headers['x-host']]).toEqual([200, 'chunked', 'app']);
    expect(got.body.toString()).toBe(digest(body));
    expect(await hop.record()).toMatchObject({ protocol: 'HTTP/2', bytesReceived: 3_000_000, responseCode: 200 });
  });

  it('shares one connection to a backend of HTTP/2, both ways at once and more than its windows hold', async () => {
    const sessions = new Set<unknown>();
    const backend = await http2Backend((stream) => {
      sessions.add(stream.session);
      stream.respond({ ':status': 200 });
      stream.pipe(stream);
    });
    const hop = await gateway(backend, { http: 'http2' });
    const client = session(hop.at);
    const bodies = Array.from({ length: 20 }, () => randomBytes(400_000));
    const all = await Promise.all(bodies.map((body) => get(client, { ':method': 'POST', ':path': '/' }, body)));
    expect(all.map(({ body }) => digest(body))).toEqual(bodies.map(digest));
    expect(sessions.size).toBe(1);
  });

  it('joins the crumbs of its cookie and keeps Host out of the way of :authority', async () => {
    const backend = await http2Backend((stream, headers) => {
      stream.respond({ ':status': 200, 'x-cookie': headers.cookie, 'x-authority': headers[':authority'] });
      stream.end();
    });
    const hop = await gateway(backend, { http: 'same' });
    const { headers } = await get(session(hop.at), { ':path': '/', cookie: ['a=1', 'b=2'] });
    expect([headers['x-cookie'], headers['x-authority']]).toEqual(['a=1; b=2', 'app']);
  });

  it('with too many header fields is answered 431 and leaves the connection in order', async () => {
    const hop = await gateway(await http2Backend((stream) => stream.respond({ ':status': 200 }, { endStream: true })), {
      http: 'http2',
    });
    const client = session(hop.at);
    const many = Object.fromEntries(Array.from({ length: 110 }, (_, at) => [`x-h-${at}`, 'v']));
    expect((await get(client, { ':path': '/', ...many })).headers[':status']).toBe(431);
    expect(await hop.record()).toMatchObject({ flags: 'DPE', details: 'http2.too_many_headers' });
    const big = Object.fromEntries(Array.from({ length: 8 }, (_, at) => [`x-h-${at}`, 'v'.repeat(8_000)]));
    expect((await get(client, { ':path': '/', ...big })).headers[':status']).toBe(431);
    expect((await get(client, { ':path': '/' })).headers[':status']).toBe(200);
  });

  it('given up by its client is given up at the backend, and recorded as DR', async () => {
    let onReset: (code: number) => void = () => {};
    const reset = new Promise<number>((resolve) => {
      onReset = resolve;
    });
    let onArrived: () => void = () => {};
    const arrived = new Promise<void>((resolve) => {
      onArrived = resolve;
    });
    const backend = await http2Backend((stream) => {
      onArrived();
      stream.on('close', () => onReset(stream.rstCode));
    });
    const hop = await gateway(backend, { http: 'http2' });
    const stream = session(hop.at).request({ ':path': '/', ':authority': 'app' });
    stream.on('error', () => {});
    await arrived;
    stream.close(constants.NGHTTP2_CANCEL);
    expect(await reset).toBe(constants.NGHTTP2_CANCEL);
    expect(await hop.record()).toMatchObject({ flags: 'DR', details: 'http2.remote_reset', responseCode: 0 });
  });
});

describe('a request in HTTP/1.1 to a backend of HTTP/2', () => {
  it('loses its chunks on the way and gets an answer framed for it', async () => {
    const backend = await http2Backend((stream, headers) => {
      stream.respond({ ':status': 200, 'x-coding': headers['transfer-encoding'] ?? 'none' });
      stream.pipe(stream);
    });
    const hop = await gateway(backend, { http: 'http2' });
    const body = randomBytes(500_000);
    const answer = await new Promise<{ coding: unknown; body: Buffer }>((resolve, reject) => {
      const request = requestHttp1({ ...hop.at, method: 'POST', headers: { host: 'app' } }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => resolve({ coding: response.headers['x-coding'], body: Buffer.concat(chunks) }));
      });
      request.on('error', reject);
      request.write(body.subarray(0, 1_000));
      request.end(body.subarray(1_000));
    });
    expect(answer.coding).toBe('none');
    expect(digest(answer.body)).toBe(digest(body));
  });

  it('learns that an answer without body is empty', async () => {
    const backend = await http2Backend((stream) => stream.respond({ ':status': 200 }, { endStream: true }));
    const hop = await gateway(backend, { http: 'http2' });
    const client = new RawClient(hop.at);
    client.write('GET / HTTP/1.1\r\nhost: app\r\n\r\n');
    expect(await client.until((text) => text.includes('\r\n\r\n'))).toContain('content-length: 0\r\n');
    client.destroy();
  });
});

describe('a backend that speaks no HTTP/2', () => {
  it('where it should is a protocol error', async () => {
    const hop = await gateway(await listening(createHttp1((_request, response) => response.end())), { http: 'http2' });
    expect((await get(session(hop.at), { ':path': '/' })).headers[':status']).toBe(502);
    expect(await hop.record()).toMatchObject({ flags: 'UPE' });
  });
});

describe('gRPC', () => {
  const retryOn = (...on: readonly string[]): RetryPolicy => ({
    attempts: 2,
    perTryTimeoutMs: 0,
    on: new Set(on),
    statusCodes: new Set(),
    avoidPreviousHosts: false,
    backOffBaseMs: 1,
  });

  it('passes messages and trailers, and its status is in the record', async () => {
    const backend = await http2Backend((stream, headers) => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '5', 'x-te': headers.te ?? '' }));
      stream.end(message);
    });
    const hop = await gateway(backend, { http: 'http2' });
    const got = await get(session(hop.at), grpc, message);
    expect(got.body).toEqual(message);
    expect(got.trailers).toMatchObject({ 'grpc-status': '5', 'x-te': 'trailers' });
    expect(await hop.record()).toMatchObject({ grpcStatus: 5, requestProtocol: 'grpc', responseCode: 200 });
  });

  it('is retried on a status that comes without a message', async () => {
    let count = 0;
    const backend = await http2Backend((stream) => {
      count += 1;
      const status = count < 3 ? '14' : '0';
      stream.respond(
        { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': status },
        { endStream: true },
      );
    });
    const hop = await gateway(backend, { http: 'http2' }, route(forward(APP, { retry: retryOn('unavailable') })));
    const got = await get(session(hop.at), grpc, message);
    expect([got.headers['grpc-status'], count]).toEqual(['0', 3]);
    expect(await hop.record()).toMatchObject({ attempts: 3, grpcStatus: 0 });
  });

  it('goes through the sidecar of its backend over mutual TLS, and both know each other', async () => {
    const application = await http2Backend((stream, headers) => {
      const caller = String(headers['x-forwarded-client-cert']);
      stream.respond({ ':status': 200, 'x-caller': caller }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      stream.end(message);
    });
    const records: AccessRecord[] = [];
    const inbound = createProxy({
      tables: tables({
        mode: 'sidecar',
        account: 'app',
        address: '10.44.1.2',
        clusters: [{ ...applicationCluster, http: 'http2' }],
        inbound: [inboundPort('STRICT')],
      }),
      network: network(new Map([['app 10.44.1.2:8080', application]])),
      clock,
      random: () => 0.5,
      identity: await issue(spiffe('app')),
      onRecord: (record) => void records.push(record),
    });
    closers.push(() => inbound.close(0));
    const at = await inbound.listenInbound(8080, { host: '127.0.0.1', port: 0 });
    const transport = { kind: 'istio-mutual', sni: 'app', spiffeIds: [spiffe('app')] } as const;
    const hop = await gateway(at, { http: 'http2', endpoints: [endpoint('10.44.1.2', 8080, transport)] });
    const got = await get(session(hop.at), grpc, message);
    expect([got.body, got.trailers['grpc-status']]).toEqual([message, '0']);
    expect(got.headers['x-caller']).toContain(`URI=${spiffe('gateway')}`);
    expect(await hop.record()).toMatchObject({ grpcStatus: 0, upstreamPrincipal: spiffe('app') });
    expect(records).toMatchObject([{ protocol: 'HTTP/2', grpcStatus: 0, peerPrincipal: spiffe('gateway') }]);
  });

  it('that takes longer than its caller allows is answered UNAVAILABLE, and its backend was told the time', async () => {
    let told: unknown;
    const backend = await http2Backend((_stream, headers) => {
      told = headers['grpc-timeout'];
    });
    const hop = await gateway(backend, { http: 'http2' }, route(forward(APP, { timeoutMs: 60_000 })));
    const got = await get(session(hop.at), { ...grpc, 'grpc-timeout': '30000u' }, message);
    expect([got.headers['grpc-status'], told]).toEqual(['14', '30m']);
    expect(await hop.record()).toMatchObject({ flags: 'UT', details: 'response_timeout', grpcStatus: 14 });
  });

  it('is answered in its own words where there is no route', async () => {
    const backend = await http2Backend(() => {});
    const hop = await gateway(
      backend,
      {},
      route(forward(APP), { match: { ...route(forward(APP)).match, path: { kind: 'exact', value: '/x' } } }),
    );
    const got = await get(session(hop.at), grpc, message);
    expect([got.headers[':status'], got.headers['grpc-status']]).toEqual([200, '12']);
    expect(got.body.length).toBe(0);
  });

  it('tells a refused stream from a reset one, and retries what it may', async () => {
    const codes = [constants.NGHTTP2_REFUSED_STREAM, constants.NGHTTP2_CANCEL];
    const backend = await http2Backend((stream) => stream.close(codes.shift() ?? constants.NGHTTP2_INTERNAL_ERROR));
    const hop = await gateway(backend, { http: 'http2' }, route(forward(APP, { retry: retryOn('refused-stream') })));
    const got = await get(session(hop.at), { ':path': '/' });
    expect(got.headers[':status']).toBe(503);
    expect(await hop.record()).toMatchObject({
      attempts: 2,
      flags: 'UR',
      details: 'upstream_reset_before_response_started{remote_reset}',
    });
  });
});

describe('a connection in HTTP/2', () => {
  const quiet = (): Promise<SocketAddress> =>
    http2Backend((stream) => stream.respond({ ':status': 200 }, { endStream: true }));
  const hello = PREFACE + settingsFrame();
  const block =
    encodeField(':method', 'GET') +
    encodeField(':scheme', 'http') +
    encodeField(':path', '/') +
    encodeField(':authority', 'app');

  /** The error code of the GOAWAY that ends a connection; -1 without one. */
  const goAwayCode = async (at: SocketAddress, frames: string): Promise<number> => {
    const client = new RawClient(at);
    client.write(hello + frames);
    const received = Buffer.from(await client.closed(), 'latin1');
    for (let at = 0; at + 9 <= received.length; at += 9 + received.readUIntBE(at, 3)) {
      if (received[at + 3] === 7) return received.readUInt32BE(at + 9 + 4);
    }
    return -1;
  };

  it('that is drained finishes its requests and takes no more', async () => {
    let onArrived: (stream: ServerHttp2Stream) => void = () => {};
    const arrived = new Promise<ServerHttp2Stream>((resolve) => {
      onArrived = resolve;
    });
    const hop = await gateway(await http2Backend((stream) => onArrived(stream)), { http: 'http2' });
    const client = session(hop.at);
    const goneAway = new Promise<number>((resolve) => client.on('goaway', resolve));
    const got = get(client, { ':path': '/' });
    const stream = await arrived;
    const closed = hop.proxy.close(5_000);
    expect(await goneAway).toBe(0);
    stream.respond({ ':status': 200 });
    stream.end('late');
    expect((await got).body.toString()).toBe('late');
    await closed;
  });

  it.each([
    [
      'streams begun and given up',
      Array.from(
        { length: 300 },
        (_, at) => `${headerFrames(block, at * 2 + 1, 1) + frameHeader(4, 3, 0, at * 2 + 1)}\0\0\0\x08`,
      ).join(''),
      11,
    ],
    ['pings', `${frameHeader(8, 6, 0, 0)}12345678`.repeat(1_100), 11],
    ['settings', settingsFrame().repeat(1_100), 11],
    [
      'a header block without end',
      frameHeader(0, 1, 0, 1) + (frameHeader(16_000, 9, 0, 1) + '\0'.repeat(16_000)).repeat(20),
      11,
    ],
    [
      'empty data',
      headerFrames(encodeField(':method', 'POST') + block.slice(1), 1, 0) + frameHeader(0, 0, 0, 1).repeat(1_100),
      11,
    ],
    ['a frame beyond the size agreed on', `${frameHeader(16_385, 0, 0, 1)}`, 6],
    ['a header block that breaks the coding', `${frameHeader(1, 1, 5, 1)}\xff`, 9],
    [
      'another frame within a header block',
      `${headerFrames(block, 1, 1).replace('\x01\x05', '\x01\x01') + frameHeader(8, 6, 0, 0)}12345678`,
      1,
    ],
    ['data on a stream that never began', `${frameHeader(1, 0, 0, 1)}x`, 1],
    ['a window beyond its limit', `${frameHeader(4, 8, 0, 0)}\x7f\xff\xff\xff`, 3],
  ])('is ended for %s', async (_what, frames, code) => {
    const hop = await gateway(await quiet(), { http: 'http2' });
    expect(await goAwayCode(hop.at, frames)).toBe(code);
  });

  it.each([
    ['a name in upper case', encodeField('X-A', '1')],
    ['a line end in a value', encodeField('x-a', '1\r\nx-b: 2')],
    ['a header of the connection', encodeField('connection', 'close')],
    ['a pseudo-header after a header', encodeField('x-a', '1') + encodeField(':path', '/two')],
    ['a body that is longer than it says', encodeField('content-length', '0')],
  ])('refuses a request with %s, and nothing else', async (_what, more) => {
    const hop = await gateway(await quiet(), { http: 'http2' });
    const client = new RawClient(hop.at);
    client.write(`${hello + headerFrames(block + more, 1, 0) + frameHeader(1, 0, 1, 1)}x${headerFrames(block, 3, 1)}`);
    const resets = (text: string): boolean => text.includes(`${frameHeader(4, 3, 0, 1)}\0\0\0\x01`);
    const answered = (text: string): boolean =>
      text.includes('\x01\x04\0\0\0\x03\x88') || text.includes('\x01\x05\0\0\0\x03\x88');
    const received = await client.until((text) => resets(text) && answered(text));
    expect([resets(received), answered(received)]).toEqual([true, true]);
    client.destroy();
  });
});
