import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Identity } from '../../src/ca/certificate.ts';
import { createProxy } from '../../src/proxy/create-proxy.ts';
import type { MeshProxy, SocketAddress } from '../../src/proxy/proxy.ts';
import type { AccessRecord } from '../../src/telemetry/access-record.ts';
import type { Cluster } from '../../src/traffic/tables.ts';
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
  tcpServer,
} from '../proxy/small-mesh.ts';

let issue: (id: string) => Promise<Identity>;
const closers: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  issue = (await authority()).issue;
});

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const upgrade =
  'GET /chat HTTP/1.1\r\nhost: app\r\nconnection: keep-alive, Upgrade\r\nupgrade: WebSocket\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n\r\n';

/** Answers the handshake as RFC 6455 4.2.2 says, then sends back what it gets, in capitals. */
const capitals = (socket: Socket): void => {
  let head = '';
  let isOpen = false;
  socket.on('data', (bytes: Buffer) => {
    if (isOpen) {
      socket.write(bytes.toString('latin1').toUpperCase(), 'latin1');
      return;
    }
    head += bytes.toString('latin1');
    if (!head.includes('\r\n\r\n')) return;
    const key = /sec-websocket-key: (\S+)/.exec(head)?.[1] ?? '';
    const isAsked = /^connection: upgrade\r$/im.test(head) && /^upgrade: websocket\r$/im.test(head);
    const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    isOpen = true;
    if (isAsked) {
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: ${accept}\r\n\r\nhello`,
      );
    } else socket.end('HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n');
  });
};

const backendOf = async (onSocket: (socket: Socket) => void): Promise<SocketAddress> => {
  const backend = await tcpServer(onSocket);
  closers.push(backend.close);
  return backend.at;
};

interface Hop {
  readonly at: SocketAddress;
  readonly records: AccessRecord[];
}

const started = async (options: Omit<Parameters<typeof createProxy>[0], 'clock' | 'random' | 'onRecord'>) => {
  const records: AccessRecord[] = [];
  const proxy: MeshProxy = createProxy({
    ...options,
    clock,
    random: () => 0.5,
    onRecord: (record) => void records.push(record),
  });
  closers.push(() => proxy.close(0));
  return { proxy, records };
};

const gateway = async (backend: SocketAddress, changes: Partial<Cluster> = {}, timeoutMs = 0): Promise<Hop> => {
  const { proxy, records } = await started({
    tables: tables({
      clusters: [cluster(APP, [endpoint('10.44.1.2', 8080)], changes)],
      routes: routeTable(route(forward(APP, { timeoutMs }))),
    }),
    network: network(new Map([['10.44.1.2:8080', backend]])),
    identity: await issue(spiffe('gateway')),
  });
  return { at: await proxy.listenGateway(80, { host: '127.0.0.1', port: 0 }), records };
};

describe('WebSocket', () => {
  it('passes both ways until the backend ends it, whatever the time limit of the route', async () => {
    const hop = await gateway(await backendOf(capitals), {}, 1);
    const client = new RawClient(hop.at);
    client.write(upgrade);
    const head = await client.until((text) => text.endsWith('hello'));
    expect(head).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n/);
    expect(head).toContain('sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n');
    expect(head).toContain('upgrade: websocket\r\nconnection: Upgrade\r\n\r\nhello');
    expect(head).not.toContain('transfer-encoding');
    for (const word of ['one', 'GET / HTTP/1.1\r\n\r\n']) {
      client.write(word);
      await client.until((text) => text.endsWith(word.toUpperCase()));
    }
    expect(client.received).toContain('helloONEGET / HTTP/1.1');
    client.destroy();
  });

  it('takes bytes that come with the handshake, and is one record', async () => {
    const hop = await gateway(
      await backendOf((socket) => {
        capitals(socket);
        socket.on('data', (bytes: Buffer) => {
          if (bytes.includes('bye')) socket.end();
        });
      }),
    );
    const client = new RawClient(hop.at);
    client.write(`${upgrade}bye`);
    await client.closed();
    expect(hop.records).toHaveLength(1);
    expect(hop.records[0]).toMatchObject({ responseCode: 101, flags: '-', path: '/chat', bytesReceived: 3 });
  });

  it('goes through the sidecar of its backend', async () => {
    const application = await backendOf(capitals);
    const inbound = await started({
      tables: tables({
        mode: 'sidecar',
        account: 'app',
        address: '10.44.1.2',
        clusters: [applicationCluster],
        inbound: [inboundPort('STRICT')],
      }),
      network: network(new Map([['app 10.44.1.2:8080', application]])),
      identity: await issue(spiffe('app')),
    });
    const at = await inbound.proxy.listenInbound(8080, { host: '127.0.0.1', port: 0 });
    const transport = { kind: 'istio-mutual', sni: 'app', spiffeIds: [spiffe('app')] } as const;
    const hop = await gateway(at, { endpoints: [endpoint('10.44.1.2', 8080, transport)], http: 'http2' });
    const client = new RawClient(hop.at);
    client.write(upgrade);
    await client.until((text) => text.endsWith('hello'));
    client.write('secret');
    expect(await client.until((text) => text.endsWith('SECRET'))).toContain('helloSECRET');
    client.destroy();
  });

  it('that its backend declines is an answer like any other', async () => {
    const hop = await gateway(
      await backendOf((socket) =>
        socket.once('data', () => socket.write('HTTP/1.1 426 Upgrade Required\r\ncontent-length: 2\r\n\r\nno')),
      ),
    );
    const client = new RawClient(hop.at);
    client.write(upgrade);
    const answer = await client.closed();
    expect(answer).toMatch(/^HTTP\/1\.1 426 /);
    expect(answer).toMatch(/connection: close\r\n\r\nno$/);
  });

  it.each([
    ['another protocol', upgrade.replace('WebSocket', 'irc')],
    ['a body', upgrade.replace('\r\n\r\n', '\r\ncontent-length: 2\r\n\r\nhi')],
    ['another method', upgrade.replace('GET', 'POST')],
  ])('is refused with %s', async (_what, request) => {
    const hop = await gateway(await backendOf(capitals));
    const client = new RawClient(hop.at);
    client.write(request);
    expect(await client.until((text) => text.includes('\r\n\r\n'))).toMatch(/^HTTP\/1\.1 403 /);
    expect(hop.records[0]).toMatchObject({ details: 'upgrade_failed' });
    client.destroy();
  });
});
