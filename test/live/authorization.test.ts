import { createServer } from 'node:http';
import { connect as connectTls } from 'node:tls';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { hopLines } from '../../src/cli/mesh/hops.ts';
import { createProxy } from '../../src/proxy/create-proxy.ts';
import type { MeshProxy, SocketAddress } from '../../src/proxy/proxy.ts';
import type { AccessRecord } from '../../src/telemetry/access-record.ts';
import type {
  Authorization,
  AuthorizationCondition,
  AuthorizationPolicies,
  AuthorizationRule,
  InboundPort,
  Origin,
  ProxyTables,
} from '../../src/traffic/tables.ts';
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
} from '../proxy/small-mesh.ts';

let mesh: Awaited<ReturnType<typeof authority>>;
const closers: (() => Promise<void>)[] = [];

beforeAll(async () => {
  mesh = await authority();
});

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const origin: Origin = {
  resource: 'AuthorizationPolicy default/viewer',
  span: { file: 'authz.yaml', line: 12, column: 1, endLine: 12, endColumn: 2 },
};

const rule = (...conditions: readonly AuthorizationCondition[]): AuthorizationRule => ({
  name: 'ns[default]-policy[viewer]-rule[0]',
  origin,
  when: conditions,
  from: [],
  to: [],
});

const both = (policies: AuthorizationPolicies): Authorization => ({ http: policies, tcp: policies, trustedProxies: 0 });
const denies = (...conditions: readonly AuthorizationCondition[]): Authorization =>
  both({ custom: [], deny: [rule(...conditions)], allow: undefined });
const allows = (...conditions: readonly AuthorizationCondition[]): Authorization =>
  both({ custom: [], deny: [], allow: { rules: [rule(...conditions)], policies: [origin] } });

const path = (value: string): AuthorizationCondition => ({
  on: 'path',
  values: [{ kind: 'exact', value }],
  notValues: [],
});
const caller = (account: string): AuthorizationCondition => ({
  on: 'service-account',
  values: [{ kind: 'exact', value: `default/${account}` }],
  notValues: [],
});

interface App {
  readonly at: SocketAddress;
  readonly requests: string[];
  connections: number;
}

const application = async (): Promise<App> => {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(request.url ?? '');
    response.setHeader('content-length', 2);
    response.end('ok');
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
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const app: App = { at: { host: '127.0.0.1', port }, requests, connections: 0 };
  server.on('connection', () => {
    app.connections += 1;
  });
  return app;
};

interface Sidecar {
  readonly at: SocketAddress;
  readonly proxy: MeshProxy;
  readonly tables: ProxyTables;
  readonly records: AccessRecord[];
  readonly sockets: Map<string, SocketAddress>;
}

/** A server's sidecar in front of an application. */
const sidecar = async (app: App, authorization: Authorization | undefined, port: InboundPort): Promise<Sidecar> => {
  const records: AccessRecord[] = [];
  const sockets = new Map([['app 10.44.1.2:8080', app.at]]);
  const plain = tables({
    mode: 'sidecar',
    account: 'app',
    address: '10.44.1.2',
    inbound: [port],
    clusters: [applicationCluster],
  });
  const own = authorization === undefined ? plain : { ...plain, authorization };
  const proxy = createProxy({
    tables: own,
    network: network(sockets),
    clock,
    random: () => 0.5,
    identity: await mesh.issue(spiffe('app')),
    onRecord: (record) => records.push(record),
  });
  closers.push(() => proxy.close(0));
  const at = await proxy.listenInbound(8080, { host: '127.0.0.1', port: 0 });
  sockets.set('10.44.1.2:8080', at);
  return { at, proxy, tables: plain, records, sockets };
};

/** A caller of the sidecar with a workload's identity: a gateway that sends everything there. */
const callerOf = async ({ sockets }: Sidecar, account: string): Promise<SocketAddress> => {
  const transport = { kind: 'istio-mutual', sni: 'outbound_.80_._.app', spiffeIds: [spiffe('app')] } as const;
  const proxy = createProxy({
    tables: tables({
      account,
      clusters: [cluster(APP, [endpoint('10.44.1.2', 8080, transport)])],
      routes: routeTable(route(forward(APP))),
    }),
    network: network(sockets),
    clock,
    random: () => 0.5,
    identity: await mesh.issue(spiffe(account)),
    onRecord: () => {},
  });
  closers.push(() => proxy.close(0));
  return proxy.listenGateway(80, { host: '127.0.0.1', port: 0 });
};

const client = (at: SocketAddress): RawClient => {
  const raw = new RawClient(at);
  closers.push(async () => raw.destroy());
  return raw;
};

const send = async (raw: RawClient, text: string): Promise<{ head: string; body: string }> => {
  const before = responsesIn(raw.received).length;
  raw.write(text);
  const responses = responsesIn(await raw.until((received) => responsesIn(received).length > before));
  return responses[before] ?? { head: '', body: '' };
};

const get = (target: string, headers = ''): string => `GET ${target} HTTP/1.1\r\nhost: app\r\n${headers}\r\n`;

describe('a denied request', () => {
  it('is answered 403 without the application hearing of it, and the record names the policy and its line', async () => {
    const app = await application();
    const { at, records } = await sidecar(app, denies(path('/admin')), inboundPort('PERMISSIVE'));
    const raw = client(at);
    const denied = await send(raw, get('/admin?q=1'));
    expect(denied.head).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/);
    expect(denied.head).toContain('content-type: text/plain');
    expect(denied.body).toBe('RBAC: access denied');
    expect((await send(raw, get('/'))).body).toBe('ok');
    expect(app.requests).toEqual(['/']);
    expect(records).toMatchObject([
      {
        responseCode: 403,
        flags: '-',
        details: 'rbac_access_denied_matched_policy[ns[default]-policy[viewer]-rule[0]]',
        deniedBy: 'AuthorizationPolicy default/viewer authz.yaml:12',
        routeName: 'default',
        upstreamHost: '',
        attempts: 0,
      },
      { responseCode: 200, deniedBy: undefined },
    ]);
    const plain = (text: string): string => text;
    const paint = { bold: plain, dim: plain } as Parameters<typeof hopLines>[1];
    expect(hopLines(records.slice(0, 1), paint).join('\n')).toContain(
      'denied by    AuthorizationPolicy default/viewer authz.yaml:12',
    );
  });

  it.each(['/./admin', '/x/../admin', '/%61dmin', '/admin#x', '/admin?x=/../y', 'http://app/admin'])(
    'is known by its normalized path: %s',
    async (target) => {
      const app = await application();
      const { at } = await sidecar(app, denies(path('/admin')), inboundPort('PERMISSIVE'));
      expect((await send(client(at), get(target))).head).toMatch(/^HTTP\/1\.1 403/);
      expect(app.requests).toEqual([]);
    },
  );

  it('tells a gRPC caller by grpc-status 7', async () => {
    const app = await application();
    const { at, records } = await sidecar(app, allows(path('/never')), inboundPort('PERMISSIVE'));
    const { head, body } = await send(client(at), get('/pkg.Service/Method', 'content-type: application/grpc\r\n'));
    expect(head).toMatch(/^HTTP\/1\.1 200/);
    expect(head).toContain('content-type: application/grpc');
    expect(head).toContain('grpc-status: 7');
    expect(head).toContain('grpc-message: RBAC: access denied');
    expect(body).toBe('');
    expect(records).toMatchObject([
      {
        grpcStatus: 7,
        details: 'rbac_access_denied_matched_policy[none]',
        deniedBy: 'no ALLOW policy matched (AuthorizationPolicy default/viewer authz.yaml:12)',
      },
    ]);
  });

  it('is denied by who calls: the identity of the connection, which no header can claim', async () => {
    const app = await application();
    const server = await sidecar(app, allows(caller('friend')), inboundPort('PERMISSIVE'));
    expect((await send(client(await callerOf(server, 'friend')), get('/'))).body).toBe('ok');
    expect((await send(client(await callerOf(server, 'stranger')), get('/'))).head).toMatch(/^HTTP\/1\.1 403/);
    const claim = `x-forwarded-client-cert: URI=${spiffe('friend')}\r\n`;
    expect((await send(client(server.at), get('/', claim))).head).toMatch(/^HTTP\/1\.1 403/);
    expect(app.requests).toEqual(['/']);
  });

  it('is denied on a connection that is older than the policy', async () => {
    const app = await application();
    const { at, proxy, tables: plain } = await sidecar(app, undefined, inboundPort('PERMISSIVE'));
    const raw = client(at);
    expect((await send(raw, get('/admin'))).body).toBe('ok');
    proxy.replaceTables({ ...plain, authorization: denies(path('/admin')) });
    expect((await send(raw, get('/admin'))).head).toMatch(/^HTTP\/1\.1 403/);
    expect(app.requests).toEqual(['/admin']);
  });

  it('is no different for a place without a route: 403, not 404', async () => {
    const app = await application();
    const port = { ...inboundPort('PERMISSIVE'), routes: routeTable() };
    const { at } = await sidecar(app, denies(path('/admin')), port);
    expect((await send(client(at), get('/admin'))).head).toMatch(/^HTTP\/1\.1 403/);
    expect((await send(client(at), get('/'))).head).toMatch(/^HTTP\/1\.1 404/);
  });
});

describe('an address in a policy', () => {
  const from = (on: 'source-ip' | 'remote-ip'): AuthorizationCondition => ({
    on,
    values: [{ family: 4, network: 0x01020304n, prefixLength: 32 }],
    notValues: [],
  });

  it.each([
    ['remote-ip', 'x-forwarded-for: 1.2.3.4\r\n', 200],
    ['remote-ip', 'x-forwarded-for: 1.2.3.4, 9.9.9.9\r\n', 403],
    ['remote-ip', 'x-forwarded-for: 9.9.9.9\r\nx-forwarded-for: 1.2.3.4\r\n', 200],
    ['remote-ip', 'x-forwarded-for: someone\r\n', 403],
    ['source-ip', 'x-forwarded-for: 1.2.3.4\r\n', 403],
  ] as const)('at a sidecar: %s with %j is answered %i', async (on, header, status) => {
    const { at } = await sidecar(await application(), allows(from(on)), inboundPort('PERMISSIVE'));
    expect((await send(client(at), get('/', header))).head).toContain(`HTTP/1.1 ${status}`);
  });

  it.each([
    [0, '1.2.3.4', 403],
    [1, '9.9.9.9, 1.2.3.4', 200],
    [1, '1.2.3.4, 9.9.9.9', 403],
    [2, '1.2.3.4, 9.9.9.9', 200],
    [3, '1.2.3.4, 9.9.9.9', 403],
  ])('at a gateway behind %i proxies: %s is answered %i', async (trustedProxies, forwardedFor, status) => {
    const app = await application();
    const proxy = createProxy({
      tables: {
        ...tables({
          clusters: [cluster(APP, [endpoint('10.44.1.2', 8080)])],
          routes: routeTable(route(forward(APP))),
        }),
        authorization: { ...allows(from('remote-ip')), trustedProxies },
      },
      network: network(new Map([['10.44.1.2:8080', app.at]])),
      clock,
      random: () => 0.5,
      identity: await mesh.issue(spiffe('gateway')),
      onRecord: () => {},
    });
    closers.push(() => proxy.close(0));
    const raw = client(await proxy.listenGateway(80, { host: '127.0.0.1', port: 0 }));
    const { head } = await send(raw, get('/', `x-forwarded-for: ${forwardedFor}\r\n`));
    expect(head).toContain(`HTTP/1.1 ${status}`);
  });
});

describe('a denied connection without HTTP', () => {
  it('is closed before the application hears of it', async () => {
    const app = await application();
    const { at, records } = await sidecar(app, denies(), inboundPort('PERMISSIVE', 'tcp'));
    const raw = client(at);
    raw.write('hello');
    expect(await raw.closed()).toBe('');
    expect(app.connections).toBe(0);
    expect(records).toMatchObject([
      {
        requestProtocol: 'tcp',
        connectionTerminationDetails: 'rbac_access_denied_matched_policy[ns[default]-policy[viewer]-rule[0]]',
        deniedBy: 'AuthorizationPolicy default/viewer authz.yaml:12',
        attempts: 0,
      },
    ]);
  });

  it("is known by the server name of TLS that is the application's own", async () => {
    const app = await application();
    const sni: AuthorizationCondition = {
      on: 'server-name',
      values: [{ kind: 'exact', value: 'secret.example' }],
      notValues: [],
    };
    for (const mode of ['PERMISSIVE', 'DISABLE'] as const) {
      const { at, records } = await sidecar(app, denies(sni), inboundPort(mode, 'auto'));
      for (const servername of ['SECRET.example', 'open.example']) {
        const secured = connectTls({ host: at.host, port: at.port, servername, rejectUnauthorized: false });
        await new Promise<void>((resolve) => secured.on('error', () => {}).on('close', () => resolve()));
      }
      await expect
        .poll(() => records.map(({ requestedServerName, deniedBy }) => [requestedServerName, deniedBy]))
        .toEqual([
          ['SECRET.example', 'AuthorizationPolicy default/viewer authz.yaml:12'],
          ['open.example', undefined],
        ]);
    }
    // The application speaks no TLS; that it was asked is enough.
    expect(app.connections).toBe(2);
  });

  it('is closed too on a port that no service names, and where first bytes tell what it carries', async () => {
    const app = await application();
    const named = { ...inboundPort('PERMISSIVE', 'auto'), port: 9090 };
    const { at } = await sidecar(app, denies(), named);
    const raw = client(at);
    raw.write(get('/'));
    expect(await raw.closed()).toBe('');
    const sniffed = await sidecar(app, denies(), inboundPort('PERMISSIVE', 'auto'));
    const other = client(sniffed.at);
    other.write('\x00\x01\x02');
    expect(await other.closed()).toBe('');
    expect(app.connections).toBe(0);
  });
});
