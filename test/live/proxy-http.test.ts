import { createHash, randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Identity } from '../../src/ca/certificate.ts';
import { createProxy } from '../../src/proxy/create-proxy.ts';
import type { MeshProxy, SocketAddress } from '../../src/proxy/proxy.ts';
import type { AccessRecord } from '../../src/telemetry/access-record.ts';
import type { Route } from '../../src/traffic/tables.ts';
import {
  APP,
  authority,
  clock,
  cluster,
  endpoint,
  forward,
  network,
  RawClient,
  responsesIn,
  route,
  routeTable,
  spiffe,
  tables,
  tcpServer,
} from '../proxy/small-mesh.ts';

let identity: Identity;
const closers: (() => Promise<void>)[] = [];

beforeAll(async () => {
  identity = await (await authority()).issue(spiffe('gateway'));
});

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

interface Hop {
  readonly at: SocketAddress;
  readonly records: AccessRecord[];
  readonly proxy: MeshProxy;
  /** The next record; resolves at once when it is there already. */
  record(): Promise<AccessRecord>;
}

/** A gateway on a free port in front of one backend, by default with one route to it. */
const gateway = async (backend: SocketAddress, ...routes: readonly Route[]): Promise<Hop> => {
  const records: AccessRecord[] = [];
  const waiting: (() => void)[] = [];
  const proxy = createProxy({
    tables: tables({
      clusters: [cluster(APP, [endpoint('10.44.1.2', 8080)], { connectTimeoutMs: 500 })],
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
    for (;;) {
      const next = records.shift();
      if (next !== undefined) return next;
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
  };
  return { at, records, proxy, record };
};

const backendOf = async (onSocket: (socket: Socket) => void) => {
  const backend = await tcpServer(onSocket);
  closers.push(backend.close);
  return backend;
};

/** A backend that answers every request head with the same bytes. */
const answering = (text: string) =>
  backendOf((socket) => {
    let received = '';
    socket.on('data', (bytes: Buffer) => {
      received += bytes.toString('latin1');
      while (received.includes('\r\n\r\n')) {
        received = received.slice(received.indexOf('\r\n\r\n') + 4);
        socket.write(text);
      }
    });
  });

/** Node's own server as the backend: answers with what it got. */
const echo = async (): Promise<SocketAddress> => {
  const server: Server = createServer((request, response) => {
    const hash = createHash('sha256');
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      hash.update(chunk);
      bytes += chunk.length;
    });
    request.on('end', () => {
      const answer = JSON.stringify({ url: request.url, headers: request.headers, bytes, hash: hash.digest('hex') });
      response.setHeader('content-length', Buffer.byteLength(answer));
      response.end(answer);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  const address = server.address();
  return { host: '127.0.0.1', port: typeof address === 'object' && address !== null ? address.port : 0 };
};

const client = (at: SocketAddress): RawClient => {
  const raw = new RawClient(at);
  closers.push(async () => raw.destroy());
  return raw;
};

/** Sends bytes, answers the first response. */
const send = async (at: SocketAddress, text: string): Promise<{ head: string; body: string }> => {
  const raw = client(at);
  raw.write(text);
  const [response] = responsesIn(await raw.until((received) => responsesIn(received).length > 0));
  return response ?? { head: raw.received, body: '' };
};

const GET = 'GET / HTTP/1.1\r\nhost: a\r\n\r\n';

describe('a request through a gateway', () => {
  it('arrives with what Istio adds, and without what a client may not say', async () => {
    const hop = await gateway(await echo());
    const { head, body } = await send(
      hop.at,
      'GET /x/../y?q HTTP/1.1\r\nHost: shop\r\nX-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Proto: https\r\nX-Envoy-Retry-On: 5xx\r\n' +
        'X-Forwarded-Client-Cert: By=me\r\nX-Request-Id: abc\r\nConnection: x-hop\r\nX-Hop: 1\r\nX-Mine: 2\r\n\r\n',
    );
    const { url, headers } = JSON.parse(body);
    expect(url).toBe('/y?q');
    expect(headers).toEqual({
      host: 'shop',
      'x-mine': '2',
      'x-request-id': 'abc',
      'x-forwarded-for': '1.2.3.4,10.44.1.9',
      'x-forwarded-proto': 'http',
      'x-envoy-external-address': '10.44.1.9',
      'x-envoy-attempt-count': '1',
      'x-envoy-decorator-operation': 'app.default.svc.cluster.local:80/*',
    });
    expect(head).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(head).toMatch(/^server: istio-envoy\r?$/m);
    expect(head).toMatch(/^x-envoy-upstream-service-time: \d+\r?$/m);
    const record = await hop.record();
    expect(record).toMatchObject({ responseCode: 200, flags: '-', details: 'via_upstream', path: '/y?q', attempts: 1 });
    expect(record).toMatchObject({ upstreamHost: '10.44.1.2:8080', upstreamCluster: APP, bytesSent: body.length });
  });

  it('is refused with 400 and flag DPE when it is ambiguous, and the connection closed', async () => {
    const hop = await gateway(await echo());
    const raw = client(hop.at);
    raw.write('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n');
    const [response] = responsesIn(await raw.closed());
    expect(response?.head).toMatch(/^HTTP\/1\.1 400 .*connection: close/s);
    expect(response?.body).toBe('Bad Request');
    expect(await hop.record()).toMatchObject({
      responseCode: 400,
      flags: 'DPE',
      details: 'http1.content_length_and_chunked_not_allowed',
    });
  });

  it('is answered 404 NR without a route, 503 NC without its cluster', async () => {
    const backend = await echo();
    const hop = await gateway(backend, route(forward('outbound|80||nowhere')));
    expect((await send(hop.at, GET)).head).toMatch(/^HTTP\/1\.1 503 /);
    expect(await hop.record()).toMatchObject({ flags: 'NC', details: 'cluster_not_found', attempts: 0 });
    hop.proxy.replaceTables(tables({ routes: routeTable() }));
    const response = await send(hop.at, GET);
    expect(response.head).toMatch(/^HTTP\/1\.1 404 Not Found\r\ncontent-length: 0\r\n/);
    expect(await hop.record()).toMatchObject({ flags: 'NR', details: 'route_not_found', upstreamCluster: '' });
  });

  it('keeps every byte of its body, whatever the size and the framing, in both directions', async () => {
    const hop = await gateway(await echo());
    const raw = client(hop.at);
    let expected = 0;
    for (const size of [0, 1, 2047, 2048, 2049, 65_535, 65_537, 1_000_000, 5_000_000]) {
      const body = randomBytes(size);
      const hash = createHash('sha256').update(body).digest('hex');
      for (const framing of ['length', 'chunked']) {
        raw.received = '';
        raw.write(`POST /${size} HTTP/1.1\r\nhost: a\r\n`);
        if (framing === 'length') {
          raw.write(`content-length: ${size}\r\n\r\n`);
          raw.socket.write(body);
        } else {
          raw.write('transfer-encoding: chunked\r\n\r\n');
          for (let at = 0; at < size; at += 40_000) {
            const piece = body.subarray(at, at + 40_000);
            raw.write(`${piece.length.toString(16)};ext\r\n`);
            raw.socket.write(piece);
            raw.write('\r\n');
          }
          raw.write('0\r\nx-trailer: 1\r\n\r\n');
        }
        const [response] = responsesIn(await raw.until((received) => responsesIn(received).length > 0));
        expect(JSON.parse(response?.body ?? '{}')).toMatchObject({ bytes: size, hash });
        expected += 1;
      }
    }
    expect(hop.records.map(({ bytesReceived }) => bytesReceived).slice(-2)).toEqual([5_000_000, 5_000_000]);
    expect(hop.records).toHaveLength(expected);
  });

  it('may be cut at every byte, pipelined with the next one', async () => {
    const hop = await gateway(await echo());
    const two =
      'POST /1 HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n' +
      'POST /2 HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\nde';
    for (let cut = 1; cut < two.length; cut += 1) {
      const raw = client(hop.at);
      raw.write(two.slice(0, cut));
      await new Promise((resolve) => setImmediate(resolve));
      raw.write(two.slice(cut));
      const both = responsesIn(await raw.until((received) => responsesIn(received).length > 1));
      expect(both.map(({ body }) => JSON.parse(body))).toMatchObject([
        { url: '/1', bytes: 3 },
        { url: '/2', bytes: 2 },
      ]);
      raw.destroy();
    }
  });

  it('waits its turn in a long pipeline', async () => {
    const hop = await gateway(await echo());
    const raw = client(hop.at);
    raw.write(Array.from({ length: 300 }, (_, at) => `GET /${at} HTTP/1.1\r\nhost: a\r\n\r\n`).join(''));
    const all = responsesIn(await raw.until((received) => responsesIn(received).length === 300));
    expect(all.map(({ body }) => JSON.parse(body).url)).toEqual(Array.from({ length: 300 }, (_, at) => `/${at}`));
  });

  it('of HTTP/1.0 is answered without chunks, and the connection closed', async () => {
    const backend = await answering('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n');
    const hop = await gateway(backend.at);
    const raw = client(hop.at);
    raw.write('GET / HTTP/1.0\r\nhost: a\r\n\r\n');
    const text = await raw.closed();
    expect(text).not.toContain('chunked');
    expect(text).toMatch(/\r\n\r\nabc$/);
  });

  it('with Expect: 100-continue is asked for its body', async () => {
    const hop = await gateway(await echo());
    const raw = client(hop.at);
    raw.write('POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 3\r\n\r\n');
    await raw.until((received) => received.includes('100 Continue\r\n\r\n'));
    raw.received = '';
    raw.write('abc');
    const [response] = responsesIn(await raw.until((received) => responsesIn(received).length > 0));
    const { bytes, headers } = JSON.parse(response?.body ?? '{}');
    expect([bytes, headers.expect]).toEqual([3, undefined]);
  });

  it('to upgrade the connection to anything but WebSocket is answered 403', async () => {
    const hop = await gateway(await echo());
    const upgrade = 'GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: irc\r\n\r\n';
    expect((await send(hop.at, upgrade)).head).toMatch(/^HTTP\/1\.1 403 /);
  });
});

describe('a response', () => {
  it('to HEAD, or with 204 or 304, has no body whatever its headers say', async () => {
    for (const [method, status] of [
      ['HEAD', '200 OK'],
      ['GET', '304 Not Modified'],
    ]) {
      const backend = await answering(`HTTP/1.1 ${status}\r\ncontent-length: 5\r\n\r\n`);
      const hop = await gateway(backend.at);
      const raw = client(hop.at);
      raw.write(`${method} /1 HTTP/1.1\r\nhost: a\r\n\r\n${method} /2 HTTP/1.1\r\nhost: a\r\n\r\n`);
      await raw.until((received) => (received.match(/\r\n\r\n/g) ?? []).length === 2);
      expect(raw.received.match(/content-length: 5/g)).toHaveLength(2);
      expect(backend.connections.size).toBe(1);
    }
  });

  it('that ends with its connection reaches an HTTP/1.1 client in chunks', async () => {
    const backend = await backendOf((socket) => {
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\n\r\nuntil the end'));
    });
    const hop = await gateway(backend.at);
    const raw = client(hop.at);
    raw.write(GET);
    expect(await raw.until((received) => received.endsWith('0\r\n\r\n'))).toMatch(
      /transfer-encoding: chunked\r\n\r\nd\r\nuntil the end\r\n0\r\n\r\n$/,
    );
  });

  it('may be cut at every byte', async () => {
    const text =
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n2\r\nde\r\n0\r\nx: y\r\n\r\n';
    let cut = 1;
    const backend = await backendOf((socket) => {
      socket.on('data', () => {
        socket.write(text.slice(0, cut));
        setImmediate(() => socket.write(text.slice(cut)));
      });
    });
    const hop = await gateway(backend.at);
    for (cut = 1; cut < text.length; cut += 1) {
      const raw = client(hop.at);
      raw.write(GET);
      const received = await raw.until((all) => all.endsWith('0\r\n\r\n'));
      expect(received.slice(received.indexOf('\r\n\r\n') + 4)).toBe('3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n');
      raw.destroy();
    }
  });

  it('with bytes after its end costs the connection, not the next response', async () => {
    const backend = await answering('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 500 Smuggled\r\n\r\n');
    const hop = await gateway(backend.at);
    for (let round = 0; round < 3; round += 1) {
      const { head, body } = await send(hop.at, GET);
      expect([head.slice(0, 15), body]).toEqual(['HTTP/1.1 200 OK', 'ok']);
    }
  });

  it('that nobody asked for closes the idle connection it came on', async () => {
    let sent: Promise<unknown> = Promise.resolve();
    const backend = await backendOf((socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
        sent = new Promise((resolve) => {
          socket.once('close', resolve);
          setTimeout(() => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil'), 20);
        });
      });
    });
    const hop = await gateway(backend.at);
    await send(hop.at, GET);
    await sent;
    expect((await send(hop.at, GET)).body).toBe('ok');
  });

  it('that breaks HTTP is a 502 UPE', async () => {
    const hop = await gateway((await answering('HTTP/1.1 200 OK\r\nbad header\r\n\r\n')).at);
    expect((await send(hop.at, GET)).head).toMatch(/^HTTP\/1\.1 502 /);
    expect(await hop.record()).toMatchObject({
      flags: 'UPE',
      details: 'upstream_reset_before_response_started{protocol_error}',
    });
  });

  it('that comes before the request is complete is passed on, and both connections closed', async () => {
    const backend = await answering('HTTP/1.1 413 Too Large\r\ncontent-length: 3\r\n\r\nbig');
    const hop = await gateway(backend.at);
    const raw = client(hop.at);
    raw.write('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000\r\n\r\nstart');
    const [response] = responsesIn(await raw.closed());
    expect(response?.head).toMatch(/^HTTP\/1\.1 413 .*connection: close/s);
    expect(response?.body).toBe('big');
    expect(backend.connections.size).toBe(0);
  });

  it('that breaks off is broken off for the client too', async () => {
    const backend = await backendOf((socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\npart');
        setTimeout(() => socket.destroy(), 20);
      });
    });
    const hop = await gateway(backend.at);
    const raw = client(hop.at);
    raw.write(GET);
    await raw.closed();
    expect(raw.error).toBe('ECONNRESET');
    expect(await hop.record()).toMatchObject({ responseCode: 200, flags: 'UC' });
  });

  it('too big for a slow reader waits at the backend, and arrives whole', async () => {
    const size = 30_000_000;
    let written = 0;
    const backend = await backendOf((socket) => {
      socket.once('data', () => {
        socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${size}\r\n\r\n`);
        const piece = Buffer.alloc(100_000, 'x');
        const more = (): void => {
          while (written < size) {
            written += piece.length;
            if (!socket.write(piece)) return;
          }
        };
        socket.on('drain', more);
        more();
      });
    });
    const hop = await gateway(backend.at);
    const raw = client(hop.at);
    let bytes = 0;
    raw.socket.removeAllListeners('data');
    raw.socket.pause();
    raw.write(GET);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(written).toBeLessThan(size);
    await new Promise<void>((resolve) => {
      raw.socket.on('data', (piece: Buffer) => {
        bytes += piece.length;
        if (bytes >= size) resolve();
      });
      raw.socket.resume();
    });
    expect(await hop.record()).toMatchObject({ bytesSent: size, flags: '-' });
  });
});

describe('a connection to a backend', () => {
  it('that was held back for a slow reader serves the next request', async () => {
    const size = 20_000_000;
    const backend = await backendOf((socket) => {
      socket.on('data', () => {
        socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${size}\r\n\r\n`);
        socket.write(Buffer.alloc(size, 'x'));
      });
    });
    const hop = await gateway(backend.at);
    const raw = client(hop.at);
    raw.socket.removeAllListeners('data');
    raw.socket.pause();
    let bytes = 0;
    const read = async (until: number): Promise<void> => {
      raw.write(GET);
      await new Promise((resolve) => setTimeout(resolve, 100));
      raw.socket.resume();
      while (bytes < until) await new Promise((resolve) => raw.socket.once('data', resolve));
      raw.socket.pause();
    };
    raw.socket.on('data', (piece: Buffer) => {
      bytes += piece.length;
    });
    raw.socket.pause();
    await read(size);
    await read(2 * size);
    expect(backend.connections.size).toBe(1);
  });

  it('is opened anew after as many requests as the cluster allows', async () => {
    const seen = new Set<number | undefined>();
    const backend = await backendOf((socket) => {
      socket.on('data', () => {
        seen.add(socket.remotePort);
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
      });
    });
    const hop = await gateway(backend.at);
    const twice = cluster(APP, [endpoint('10.44.1.2', 8080)], { maxRequestsPerConnection: 2 });
    hop.proxy.replaceTables(tables({ clusters: [twice], routes: routeTable(route(forward(APP))) }));
    for (let round = 0; round < 6; round += 1) await send(hop.at, GET);
    expect(seen.size).toBe(3);
  });
});

describe('a client that is slow', () => {
  it('with its head is answered 408 after ten seconds, without one is closed after sixty', async () => {
    let nowMs = 0;
    const backend = await answering('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
    const proxy = createProxy({
      tables: tables({
        clusters: [cluster(APP, [endpoint('10.44.1.2', 8080)])],
        routes: routeTable(route(forward(APP))),
      }),
      network: network(new Map([['10.44.1.2:8080', backend.at]])),
      clock: { nowMs: () => Date.now(), monotonicMs: () => nowMs },
      random: () => 0.5,
      identity,
      onRecord: () => {},
    });
    closers.push(() => proxy.close(0));
    const at = await proxy.listenGateway(80, { host: '127.0.0.1', port: 0 });
    const slow = client(at);
    const idle = client(at);
    slow.write('GET / HTTP/1.1\r\nhost');
    idle.write(GET);
    await idle.until((received) => responsesIn(received).length > 0);
    nowMs = 11_000;
    expect(await slow.closed()).toMatch(/^HTTP\/1\.1 408 /);
    expect(idle.isClosed).toBe(false);
    nowMs = 80_000;
    await idle.closed();
  });
});

describe('a backend that fails', () => {
  const failing = () => backendOf((socket) => socket.once('data', () => socket.destroy()));
  const retry = {
    attempts: 2,
    perTryTimeoutMs: 0,
    on: new Set(['connect-failure', 'reset', '5xx']),
    statusCodes: new Set<number>(),
    avoidPreviousHosts: true,
    backOffBaseMs: 2,
  };

  it('to take the connection is a 503 UF, after retries URX,UF', async () => {
    const refusing = { host: '127.0.0.1', port: 1 };
    const hop = await gateway(refusing);
    const { head, body } = await send(hop.at, GET);
    expect(head).toMatch(/^HTTP\/1\.1 503 Service Unavailable\r\n.*content-type: text\/plain/s);
    expect(body).toBe(
      'upstream connect error or disconnect/reset before headers. reset reason: remote connection failure, ' +
        'transport failure reason: delayed connect error: Connection refused',
    );
    expect(await hop.record()).toMatchObject({ flags: 'UF', attempts: 1 });
    const retrying = await gateway(refusing, route(forward(APP, { retry })));
    expect((await send(retrying.at, GET)).body).toContain('retried and the latest reset reason');
    expect(await retrying.record()).toMatchObject({ flags: 'URX,UF', attempts: 3 });
  });

  it('before it answers is a 503 UC', async () => {
    const hop = await gateway((await failing()).at);
    expect((await send(hop.at, GET)).body).toBe(
      'upstream connect error or disconnect/reset before headers. reset reason: connection termination',
    );
    expect(await hop.record()).toMatchObject({
      responseCode: 503,
      flags: 'UC',
      details: 'upstream_reset_before_response_started{connection_termination}',
    });
  });

  it('once is tried again, body included', async () => {
    let connections = 0;
    const backend = await backendOf((socket) => {
      connections += 1;
      const isFirst = connections === 1;
      let received = '';
      socket.on('data', (bytes: Buffer) => {
        received += bytes.toString('latin1');
        if (!received.endsWith('hello')) return;
        const count = /x-envoy-attempt-count: (\d)/.exec(received)?.[1];
        socket.write(
          isFirst
            ? 'HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n'
            : `HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n${count}`,
        );
      });
    });
    const hop = await gateway(backend.at, route(forward(APP, { retry })));
    expect((await send(hop.at, 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nhello')).body).toBe('2');
    expect(await hop.record()).toMatchObject({ responseCode: 200, flags: '-', attempts: 2 });
  });

  it('always answers with its own status and URX when the retries are used up', async () => {
    const backend = await answering('HTTP/1.1 503 Busy\r\ncontent-length: 4\r\n\r\nbusy');
    const hop = await gateway(backend.at, route(forward(APP, { retry })));
    expect((await send(hop.at, GET)).body).toBe('busy');
    expect(await hop.record()).toMatchObject({ responseCode: 503, flags: 'URX', details: 'via_upstream', attempts: 3 });
  });

  it('to answer in time is a 504 UT, and URX,UT when every try was too slow', async () => {
    const silent = await backendOf((socket) => socket.resume());
    const hop = await gateway(silent.at, route(forward(APP, { timeoutMs: 50 })));
    expect((await send(hop.at, GET)).body).toBe('upstream request timeout');
    expect(await hop.record()).toMatchObject({ responseCode: 504, flags: 'UT', details: 'response_timeout' });
    const trying = await gateway(silent.at, route(forward(APP, { retry: { ...retry, perTryTimeoutMs: 30 } })));
    await send(trying.at, GET);
    expect(await trying.record()).toMatchObject({
      responseCode: 504,
      flags: 'URX,UT',
      details: 'upstream_per_try_timeout',
      attempts: 3,
    });
  });
});

describe('a client that leaves', () => {
  it('before the answer takes its request with it: flag DC', async () => {
    let isCut: Promise<unknown> = Promise.resolve();
    let isAsked = (): void => {};
    const asked = new Promise<void>((resolve) => {
      isAsked = resolve;
    });
    const silent = await backendOf((socket) => {
      isCut = new Promise((resolve) => socket.once('close', resolve));
      socket.once('data', () => isAsked());
    });
    const hop = await gateway(silent.at);
    const raw = client(hop.at);
    raw.write(GET);
    await asked;
    raw.destroy();
    await isCut;
    expect(await hop.record()).toMatchObject({ responseCode: 0, flags: 'DC', details: 'downstream_remote_disconnect' });
  });

  it('in the middle of its body closes the connection to the backend', async () => {
    let isCut: Promise<unknown> = Promise.resolve();
    const silent = await backendOf((socket) => {
      isCut = new Promise((resolve) => socket.once('close', resolve));
      socket.resume();
    });
    const hop = await gateway(silent.at);
    const raw = client(hop.at);
    raw.write('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\nhalf');
    await new Promise((resolve) => setTimeout(resolve, 50));
    raw.destroy();
    await hop.record();
    await isCut;
  });
});

describe('what a route says', () => {
  const OK = 'HTTP/1.1 200 OK\r\nx-app: 1\r\nserver: own\r\ncontent-length: 2\r\n\r\nok';

  it('of headers is done to the request and the response', async () => {
    const hop = await gateway(
      await echo(),
      route(
        forward(APP, {
          rewrite: { authority: 'inner', path: { kind: 'replace-prefix', prefix: '/a', value: '/b' } },
        }),
        {
          requestHeaders: {
            set: [['x-set', '%REQ(:path)% %PROTOCOL% 100%%']],
            add: [['x-add', 'new']],
            remove: ['x-gone'],
          },
          responseHeaders: { set: [['x-code', '%RESPONSE_CODE%']], add: [], remove: ['server', 'date'] },
        },
      ),
    );
    const { head, body } = await send(hop.at, 'GET /a/c?d HTTP/1.1\r\nHost: a\r\nX-Add: old\r\nX-Gone: 1\r\n\r\n');
    const { url, headers } = JSON.parse(body);
    expect(url).toBe('/b/c?d');
    expect(headers).toMatchObject({
      host: 'inner',
      'x-set': '/a/c?d HTTP/1.1 100%',
      'x-add': 'old, new',
      'x-envoy-original-path': '/a/c?d',
      'x-envoy-original-host': 'a',
    });
    expect(headers['x-gone']).toBeUndefined();
    expect(head).toMatch(/x-code: 200/);
    expect(head).toMatch(/server: istio-envoy/);
    expect(head).toMatch(/date: /);
  });

  it('cannot break a head: line ends in a configured value are dropped', async () => {
    const hop = await gateway(
      await echo(),
      route(forward(APP), {
        requestHeaders: { set: [['x-set', 'a\r\nx-evil: 1']], add: [], remove: ['host', 'content-length'] },
      }),
    );
    const { headers } = JSON.parse((await send(hop.at, GET)).body);
    expect([headers['x-set'], headers['x-evil'], headers.host]).toEqual(['ax-evil: 1', undefined, 'a']);
  });

  it('of redirects, direct answers and faults is answered here', async () => {
    const backend = await answering(OK);
    const redirect = {
      kind: 'redirect',
      code: 301,
      scheme: undefined,
      authority: 'b',
      port: undefined,
      path: undefined,
    } as const;
    const redirecting = await gateway(backend.at, route({ ...redirect, fault: undefined }));
    expect((await send(redirecting.at, GET)).head).toMatch(/^HTTP\/1\.1 301 .*location: http:\/\/b\/\r\n/s);
    expect(await redirecting.record()).toMatchObject({ flags: '-', details: 'direct_response', attempts: 0 });
    const responding = await gateway(
      backend.at,
      route({ kind: 'respond', status: 418, body: 'short', fault: undefined }),
    );
    expect(await send(responding.at, GET)).toMatchObject({ body: 'short' });
    const fault = { delay: { ms: 30, percent: 100 }, abort: { status: 418, grpcStatus: undefined, percent: 100 } };
    const failing = await gateway(backend.at, route(forward(APP, { fault })));
    expect((await send(failing.at, GET)).body).toBe('fault filter abort');
    expect(await failing.record()).toMatchObject({ responseCode: 418, flags: 'DI,FI', details: 'fault_filter_abort' });
  });

  it('of delays holds the request with all of its body', async () => {
    const fault = { delay: { ms: 50, percent: 100 }, abort: undefined };
    const hop = await gateway(await echo(), route(forward(APP, { fault })));
    const raw = client(hop.at);
    const body = randomBytes(300_000);
    raw.write('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 300000\r\n\r\n');
    raw.socket.write(body);
    const [response] = responsesIn(await raw.until((received) => responsesIn(received).length > 0));
    expect(JSON.parse(response?.body ?? '{}')).toMatchObject({ hash: createHash('sha256').update(body).digest('hex') });
    expect(await hop.record()).toMatchObject({ responseCode: 200, flags: 'DI' });
  });

  it('of mirrors sends a copy and waits for nobody', async () => {
    const copies: string[] = [];
    let isCopied = (): void => {};
    const copied = new Promise<void>((resolve) => {
      isCopied = resolve;
    });
    const shadow = await backendOf((socket) =>
      socket.on('data', (bytes: Buffer) => {
        copies.push(bytes.toString('latin1'));
        if (copies.join('').endsWith('hello')) isCopied();
      }),
    );
    const backend = await answering(OK);
    const sockets = new Map([
      ['10.44.1.2:8080', backend.at],
      ['10.44.1.3:8080', shadow.at],
    ]);
    const proxy = createProxy({
      tables: tables({
        clusters: [cluster(APP, [endpoint('10.44.1.2', 8080)]), cluster('shadow', [endpoint('10.44.1.3', 8080)])],
        routes: routeTable(route(forward(APP, { mirrors: [{ cluster: 'shadow', percent: 100 }] }))),
      }),
      network: network(sockets),
      clock,
      random: () => 0.5,
      identity,
      onRecord: () => {},
    });
    closers.push(() => proxy.close(0));
    const at = await proxy.listenGateway(80, { host: '127.0.0.1', port: 0 });
    expect((await send(at, 'POST /m HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nhello')).body).toBe('ok');
    await copied;
    expect(copies.join('')).toMatch(/^POST \/m HTTP\/1\.1\r\nhost: a\r\n/);
  });
});

describe('closing', () => {
  it('lets a request in flight finish, tells its client to go, and leaves no socket', async () => {
    const sockets: Socket[] = [];
    const slow = await backendOf((socket) => {
      sockets.push(socket);
      socket.once('data', () => {
        setTimeout(() => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nlate'), 100);
      });
    });
    const hop = await gateway(slow.at);
    const idle = client(hop.at);
    const raw = client(hop.at);
    raw.write(GET);
    while (sockets.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const closed = hop.proxy.close(5_000);
    await idle.closed();
    const [response] = responsesIn(await raw.closed());
    expect(response?.head).toMatch(/connection: close/);
    expect(response?.body).toBe('late');
    await closed;
    while (slow.connections.size > 0) await new Promise((resolve) => setImmediate(resolve));
    await expect(send(hop.at, GET)).resolves.toMatchObject({ head: '' });
  });

  it('does not wait longer than it was told', async () => {
    const silent = await backendOf((socket) => socket.resume());
    const hop = await gateway(silent.at);
    const raw = client(hop.at);
    raw.write(GET);
    while (silent.connections.size === 0) await new Promise((resolve) => setImmediate(resolve));
    await hop.proxy.close(50);
    expect(await raw.closed()).toBe('');
  });
});

afterAll(() => {
  expect(closers).toEqual([]);
});
