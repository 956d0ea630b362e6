import { createServer } from 'node:http';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Identity } from '../../src/ca/certificate.ts';
import { createProxy } from '../../src/proxy/create-proxy.ts';
import type { MeshProxy, SocketAddress } from '../../src/proxy/proxy.ts';
import type { AccessRecord } from '../../src/telemetry/access-record.ts';
import type { InboundPort, OutboundListener, ProxyTables, UpstreamTransport } from '../../src/traffic/tables.ts';
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
  responsesIn,
  route,
  routeTable,
  spiffe,
  tables,
  tcpServer,
} from '../proxy/small-mesh.ts';

type Authority = Awaited<ReturnType<typeof authority>>;

let mesh: Authority;
let foreign: Authority;
const closers: (() => Promise<void>)[] = [];

beforeAll(async () => {
  mesh = await authority();
  foreign = await authority();
});

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const CONNECT = 'CONNECT 10.96.0.1:80 HTTP/1.1\r\nhost: 10.96.0.1:80\r\n\r\n';
const GET = 'GET /x HTTP/1.1\r\nhost: app\r\n\r\n';

const client = (at: SocketAddress): RawClient => {
  const raw = new RawClient(at);
  closers.push(async () => raw.destroy());
  return raw;
};

/** An application that answers with what it received. */
const application = async (): Promise<SocketAddress> => {
  const server = createServer((request, response) => {
    const answer = JSON.stringify({ url: request.url, headers: request.headers });
    response.setHeader('content-length', Buffer.byteLength(answer));
    response.end(answer);
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

interface Pair {
  readonly clientAt: SocketAddress;
  readonly serverAt: SocketAddress;
  readonly client: MeshProxy;
  readonly server: MeshProxy;
  readonly clientTables: ProxyTables;
  readonly records: AccessRecord[];
}

interface PairParts {
  readonly app: SocketAddress;
  readonly port?: InboundPort;
  readonly transport?: UpstreamTransport;
  readonly clientIdentity?: Identity;
  readonly listener?: OutboundListener;
  readonly unknown?: 'passthrough' | 'blackhole';
}

const mutual: UpstreamTransport = {
  kind: 'istio-mutual',
  sni: 'outbound_.80_._.app.default.svc.cluster.local',
  spiffeIds: [spiffe('app')],
};

const httpListener: OutboundListener = {
  name: '0.0.0.0_80',
  protocol: 'http',
  routes: routeTable(route(forward(APP))),
  tcp: undefined,
};

const tcpListener: OutboundListener = {
  name: '10.96.0.1_80',
  protocol: 'tcp',
  routes: undefined,
  tcp: {
    destinations: [
      { cluster: APP, weight: 1, requestHeaders: undefined, responseHeaders: undefined, origin: undefined },
    ],
    totalWeight: 1,
    origin: undefined,
  },
};

/** A client's sidecar and a server's sidecar, the second in front of an application. */
const pair = async (parts: PairParts): Promise<Pair> => {
  const records: AccessRecord[] = [];
  const sockets = new Map([['app 10.44.1.2:8080', parts.app]]);
  const shared = {
    network: network(sockets),
    clock,
    random: () => 0.5,
    onRecord: (record: AccessRecord) => records.push(record),
  };
  const server = createProxy({
    ...shared,
    tables: tables({
      mode: 'sidecar',
      account: 'app',
      address: '10.44.1.2',
      inbound: [parts.port ?? inboundPort('STRICT')],
      clusters: [applicationCluster],
    }),
    identity: await mesh.issue(spiffe('app')),
  });
  const serverAt = await server.listenInbound(8080, { host: '127.0.0.1', port: 0 });
  sockets.set('10.44.1.2:8080', serverAt);
  sockets.set('10.96.0.1:80', serverAt);
  const clientTables = tables({
    mode: 'sidecar',
    account: 'client',
    address: '10.44.1.9',
    clusters: [cluster(APP, [endpoint('10.44.1.2', 8080, parts.transport ?? mutual)])],
    outbound: {
      byAddress: new Map(),
      byPort: new Map([[80, parts.listener ?? httpListener]]),
      unknown: parts.unknown ?? 'passthrough',
    },
  });
  const own = createProxy({
    ...shared,
    tables: clientTables,
    identity: parts.clientIdentity ?? (await mesh.issue(spiffe('client'))),
  });
  const clientAt = await own.listenOutbound({ host: '127.0.0.1', port: 0 });
  closers.push(async () => {
    await Promise.all([own.close(0), server.close(0)]);
  });
  return { clientAt, serverAt, client: own, server, clientTables, records };
};

/** Sends over a captured connection; the answer to the request. */
const captured = async (at: SocketAddress, text: string): Promise<{ head: string; body: string }> => {
  const raw = client(at);
  raw.write(CONNECT + text);
  const [, response] = responsesIn(await raw.until((received) => responsesIn(received).length > 1));
  return response ?? { head: '', body: '' };
};

describe('two sidecars', () => {
  it('speak mutual TLS, and the application learns who called', async () => {
    const { clientAt, records } = await pair({ app: await application() });
    const { head, body } = await captured(clientAt, GET);
    expect(head).toMatch(/server: envoy/);
    const { headers } = JSON.parse(body);
    expect(headers['x-forwarded-client-cert']).toMatch(
      /^By=spiffe:\/\/cluster\.local\/ns\/default\/sa\/app;Hash=[0-9a-f]{64};Subject="";URI=spiffe:\/\/cluster\.local\/ns\/default\/sa\/client$/,
    );
    expect(headers).toMatchObject({ host: 'app', 'x-forwarded-proto': 'http', 'x-envoy-attempt-count': '1' });
    expect(headers['x-envoy-decorator-operation']).toBeUndefined();
    expect(records).toMatchObject([
      {
        reporter: 'destination',
        responseCode: 200,
        peerPrincipal: spiffe('client'),
        localPrincipal: spiffe('app'),
        tlsVersion: 'TLSv1.3',
        requestedServerName: 'outbound_.80_._.app.default.svc.cluster.local',
        upstreamCluster: 'inbound|8080||',
        source: { workload: 'client' },
        destination: { workload: 'app' },
        destinationServiceName: 'app',
      },
      { reporter: 'source', responseCode: 200, upstreamPrincipal: spiffe('app'), localPrincipal: spiffe('client') },
    ]);
  });

  it('know each other on resumed sessions too, and never carry a session over to other demands', async () => {
    const made = await pair({ app: await application() });
    const once = (spiffeIds: readonly string[]) =>
      cluster(APP, [endpoint('10.44.1.2', 8080, { ...mutual, spiffeIds })], { maxRequestsPerConnection: 1 });
    made.client.replaceTables({ ...made.clientTables, clusters: new Map([[APP, once([spiffe('app')])]]) });
    for (let round = 0; round < 5; round += 1) await captured(made.clientAt, GET);
    const principals = made.records.map(
      (record) => `${record.reporter} ${record.peerPrincipal}${record.upstreamPrincipal}`,
    );
    expect(new Set(principals)).toEqual(new Set([`destination ${spiffe('client')}`, `source ${spiffe('app')}`]));
    made.client.replaceTables({ ...made.clientTables, clusters: new Map([[APP, once([spiffe('other')])]]) });
    expect((await captured(made.clientAt, GET)).head).toMatch(/^HTTP\/1\.1 503/);
  });

  it('refuse a server with another identity: 503 UF', async () => {
    const { clientAt, records } = await pair({
      app: await application(),
      transport: { ...mutual, spiffeIds: [spiffe('other')] },
    });
    const { head, body } = await captured(clientAt, GET);
    expect(head).toMatch(/^HTTP\/1\.1 503/);
    expect(body).toContain('TLS_error');
    expect(records.at(-1)).toMatchObject({
      flags: 'UF',
      upstreamFailure: expect.stringContaining('PEER_IDENTITY_MISMATCH'),
    });
  });

  it('refuse each other when their roots differ', async () => {
    const { clientAt, records } = await pair({
      app: await application(),
      clientIdentity: await foreign.issue(spiffe('client')),
    });
    expect((await captured(clientAt, GET)).head).toMatch(/^HTTP\/1\.1 503/);
    expect(records.map(({ reporter }) => reporter)).toEqual(['source']);
  });

  it('carry TCP over mutual TLS, half-close included', async () => {
    const app = await tcpServer((socket) => {
      socket.write('hello first\n');
      socket.pipe(socket);
    });
    closers.push(app.close);
    const { clientAt, records } = await pair({
      app: app.at,
      port: inboundPort('STRICT', 'tcp'),
      listener: tcpListener,
    });
    const raw = client(clientAt);
    raw.write(`${CONNECT}binary \0 bytes`);
    raw.socket.end();
    const text = await raw.closed();
    expect(text).toBe('HTTP/1.1 200 OK\r\n\r\nhello first\nbinary \0 bytes');
    while (records.length < 2) await new Promise((resolve) => setImmediate(resolve));
    expect(records).toMatchObject([
      { requestProtocol: 'tcp', bytesReceived: 14, bytesSent: 26 },
      { requestProtocol: 'tcp', bytesReceived: 14, bytesSent: 26 },
    ]);
    expect(records.find(({ reporter }) => reporter === 'destination')).toMatchObject({
      peerPrincipal: spiffe('client'),
    });
  });

  it('carry megabytes both ways at once over mutual TLS', async () => {
    const app = await tcpServer((socket) => socket.pipe(socket));
    closers.push(app.close);
    const { clientAt } = await pair({ app: app.at, port: inboundPort('STRICT', 'tcp'), listener: tcpListener });
    const raw = client(clientAt);
    const size = 8_000_000;
    let bytes = 0;
    raw.write(CONNECT);
    await raw.until((received) => received.endsWith('\r\n\r\n'));
    raw.socket.removeAllListeners('data');
    await new Promise<void>((resolve) => {
      raw.socket.on('data', (piece: Buffer) => {
        bytes += piece.length;
        if (bytes === size) resolve();
      });
      raw.socket.write(Buffer.alloc(size, 'x'));
    });
    expect(bytes).toBe(size);
  });
});

describe('an inbound port', () => {
  it('that is STRICT refuses plaintext: reset, NR filter_chain_not_found', async () => {
    const { serverAt, records } = await pair({ app: await application() });
    const raw = client(serverAt);
    raw.write(GET);
    expect(await raw.closed()).toBe('');
    expect(raw.error).toBe('ECONNRESET');
    expect(records).toMatchObject([{ responseCode: 0, flags: 'NR', details: 'filter_chain_not_found' }]);
  });

  it('that turns STRICT refuses the next request of an open plaintext connection', async () => {
    const made = await pair({ app: await application(), port: inboundPort('PERMISSIVE') });
    const raw = client(made.serverAt);
    raw.write(GET);
    await raw.until((received) => responsesIn(received).length > 0);
    made.server.replaceTables(
      tables({
        mode: 'sidecar',
        account: 'app',
        address: '10.44.1.2',
        inbound: [inboundPort('STRICT')],
        clusters: [applicationCluster],
      }),
    );
    raw.write(GET);
    await raw.closed();
    expect(raw.error).toBe('ECONNRESET');
    expect(made.records.at(-1)).toMatchObject({ flags: 'NR', details: 'filter_chain_not_found' });
  });

  it('that is STRICT refuses TLS without a certificate, and one of a foreign authority', async () => {
    const { serverAt, records } = await pair({ app: await application() });
    const strange = await foreign.issue(spiffe('client'));
    for (const certificate of [{}, { cert: strange.certificate.chainPem, key: strange.certificate.keyPem }]) {
      const socket = connectTls({ ...serverAt, ...certificate, rejectUnauthorized: false, ALPNProtocols: ['istio'] });
      const received: Buffer[] = [];
      socket.on('data', (bytes: Buffer) => received.push(bytes));
      socket.on('error', () => {});
      socket.write(GET);
      await new Promise((resolve) => socket.once('close', resolve));
      expect(received).toEqual([]);
    }
    expect(records).toEqual([]);
  });

  it('that is PERMISSIVE takes plaintext, names its operation, and believes no certificate header', async () => {
    const { serverAt } = await pair({ app: await application(), port: inboundPort('PERMISSIVE') });
    const raw = client(serverAt);
    raw.write('GET / HTTP/1.1\r\nhost: app\r\nx-forwarded-client-cert: URI=spiffe://cluster.local/ns/a/sa/b\r\n\r\n');
    const [response] = responsesIn(await raw.until((received) => responsesIn(received).length > 0));
    expect(response?.head).toMatch(/x-envoy-decorator-operation: app\.default\.svc\.cluster\.local:80\/\*/);
    expect(response?.head).toMatch(/server: istio-envoy/);
    expect(JSON.parse(response?.body ?? '{}').headers['x-forwarded-client-cert']).toBeUndefined();
  });

  it('that is PERMISSIVE takes mutual TLS, and leaves other TLS to the application', async () => {
    const made = await pair({ app: await application(), port: inboundPort('PERMISSIVE') });
    expect((await captured(made.clientAt, GET)).head).toMatch(/^HTTP\/1\.1 200/);
    const own = await foreign.issue(spiffe('own'));
    const server = createTlsServer({ cert: own.certificate.chainPem, key: own.certificate.keyPem }, (socket) =>
      socket.end('own TLS'),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closers.push(() => new Promise((resolve) => server.close(() => resolve())));
    const address = server.address();
    const app = { host: '127.0.0.1', port: typeof address === 'object' && address !== null ? address.port : 0 };
    const { serverAt } = await pair({ app, port: inboundPort('PERMISSIVE') });
    const socket = connectTls({ ...serverAt, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] });
    const received: Buffer[] = [];
    socket.on('data', (bytes: Buffer) => received.push(bytes));
    await new Promise((resolve) => socket.once('close', resolve));
    expect(Buffer.concat(received).toString()).toBe('own TLS');
  });

  it('that is PERMISSIVE decides when the first bytes come one by one', async () => {
    const { serverAt } = await pair({ app: await application(), port: inboundPort('PERMISSIVE', 'auto') });
    const raw = client(serverAt);
    for (const byte of GET) {
      raw.write(byte);
      await new Promise((resolve) => setImmediate(resolve));
    }
    const [response] = responsesIn(await raw.until((received) => responsesIn(received).length > 0));
    expect(response?.head).toMatch(/^HTTP\/1\.1 200/);
  });

  it('of undeclared protocol carries what is not HTTP as TCP', async () => {
    const app = await tcpServer((socket) => socket.pipe(socket));
    closers.push(app.close);
    const { serverAt, records } = await pair({ app: app.at, port: inboundPort('PERMISSIVE', 'auto') });
    const raw = client(serverAt);
    raw.write('\x00\x01not http');
    await raw.until((received) => received.length === 10);
    raw.destroy();
    while (records.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(records).toMatchObject([{ requestProtocol: 'tcp', upstreamCluster: 'inbound|8080||', bytesSent: 10 }]);
  });
});

describe('the outbound port', () => {
  it('takes a request in absolute form, by the name of its URL', async () => {
    const { clientAt } = await pair({ app: await application() });
    const raw = client(clientAt);
    raw.write(
      'GET http://app/a HTTP/1.1\r\nhost: ignored\r\n\r\nGET http://app.default:80/b HTTP/1.1\r\nhost: x\r\n\r\n',
    );
    const both = responsesIn(await raw.until((received) => responsesIn(received).length > 1));
    expect(both.map(({ body }) => JSON.parse(body))).toMatchObject([
      { url: '/a', headers: { host: 'app' } },
      { url: '/b', headers: { host: 'app.default:80' } },
    ]);
  });

  it('says so when there is no such host', async () => {
    const { clientAt } = await pair({ app: await application() });
    for (const request of [
      'GET http://nowhere/a HTTP/1.1\r\nhost: nowhere\r\n\r\n',
      CONNECT.replaceAll('10.96.0.1', 'nowhere'),
    ]) {
      const raw = client(clientAt);
      raw.write(request);
      const [response] = responsesIn(await raw.until((received) => responsesIn(received).length > 0));
      expect(response?.head).toMatch(/^HTTP\/1\.1 502 /);
      expect(response?.body).toContain('no such host in the mesh or outside of it: nowhere');
    }
  });

  it('passes HTTP/1.0, and what is no HTTP, to the original destination', async () => {
    const { clientAt, records } = await pair({ app: await application(), port: inboundPort('DISABLE') });
    const raw = client(clientAt);
    raw.write(`${CONNECT}GET /old HTTP/1.0\r\nhost: app\r\n\r\n`);
    expect(await raw.closed()).toContain('"url":"/old"');
    while (records.length < 2) await new Promise((resolve) => setImmediate(resolve));
    expect(records.find(({ reporter }) => reporter === 'source')).toMatchObject({
      upstreamCluster: 'PassthroughCluster',
      responseCode: 0,
      requestProtocol: 'tcp',
      upstreamHost: '10.96.0.1:80',
    });
  });

  it('passes unknown destinations through, or closes them where only the registry is allowed', async () => {
    const app = await application();
    const open = await pair({ app, port: inboundPort('DISABLE'), listener: { ...httpListener } });
    const away = 'CONNECT 10.44.1.2:8080 HTTP/1.1\r\nhost: a\r\n\r\n';
    const raw = client(open.clientAt);
    raw.write(away + GET);
    await raw.until((received) => responsesIn(received).length > 1);
    expect(raw.received).not.toContain('server: envoy');
    const closed = await pair({ app, port: inboundPort('DISABLE'), unknown: 'blackhole' });
    const refused = client(closed.clientAt);
    refused.write(away + GET);
    expect(await refused.closed()).not.toContain('/x');
    expect(closed.records).toMatchObject([{ flags: 'UH', requestProtocol: 'tcp' }]);
  });
});

describe('under load', () => {
  /** Requests one after another on several kept connections, until told to stop; the statuses seen. */
  const load = (at: SocketAddress) => {
    const statuses = new Map<string, number>();
    let isStopped = false;
    const one = async (): Promise<void> => {
      const raw = client(at);
      raw.write(CONNECT);
      await raw.until((received) => received.endsWith('\r\n\r\n'));
      while (!isStopped) {
        raw.received = '';
        raw.write(GET);
        const [response] = responsesIn(await raw.until((received) => responsesIn(received).length > 0));
        const status = response?.head.slice(9, 12) ?? 'closed';
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        if (response === undefined) return;
      }
    };
    const all = Promise.all(Array.from({ length: 8 }, one));
    return {
      stop: async () => {
        isStopped = true;
        await all;
        return statuses;
      },
    };
  };

  it('a rotated certificate fails no request, and is presented from then on', async () => {
    const made = await pair({ app: await application() });
    const running = load(made.clientAt);
    for (let round = 0; round < 10; round += 1) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      made.client.replaceIdentity(await mesh.issue(spiffe('client')));
      made.server.replaceIdentity(await mesh.issue(spiffe('app')));
    }
    made.client.replaceIdentity(await mesh.issue(spiffe('renamed')));
    expect([...(await running.stop()).keys()]).toEqual(['200']);
    await captured(made.clientAt, GET);
    const last = made.records.filter(({ reporter }) => reporter === 'destination').at(-1);
    expect(last?.peerPrincipal).toBe(spiffe('renamed'));
  });

  it('a reload fails no request, even when endpoints come and go', async () => {
    const made = await pair({ app: await application() });
    const running = load(made.clientAt);
    for (let generation = 2; generation < 30; generation += 1) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      const sni = generation % 2 === 0 ? 'outbound_.80_._.other' : mutual.sni;
      const changed = cluster(APP, [endpoint('10.44.1.2', 8080, { ...mutual, sni })]);
      made.client.replaceTables({ ...made.clientTables, generation, clusters: new Map([[APP, changed]]) });
    }
    expect([...(await running.stop()).keys()]).toEqual(['200']);
  });
});
