import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import type { Server } from 'node:net';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { bytesField, numberField, readFields, textField } from '../../src/base/protobuf.ts';
import { createProxy } from '../../src/proxy/create-proxy.ts';
import type { SocketAddress } from '../../src/proxy/proxy.ts';
import type { AccessRecord } from '../../src/telemetry/access-record.ts';
import type { Authorizer } from '../../src/traffic/authorizer.ts';
import type { AuthorizationRule, Cluster, Origin, StringMatcher } from '../../src/traffic/tables.ts';
import {
  applicationCluster,
  authority,
  clock,
  cluster,
  endpoint,
  inboundPort,
  network,
  RawClient,
  responsesIn,
  spiffe,
  tables,
} from '../proxy/small-mesh.ts';

const AUTHZ = 'outbound|9000||authz.default.svc.cluster.local';
let mesh: Awaited<ReturnType<typeof authority>>;
const closers: (() => Promise<void> | void)[] = [];

beforeAll(async () => {
  mesh = await authority();
});

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const listen = async (server: Server): Promise<SocketAddress> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return { host: '127.0.0.1', port: typeof address === 'object' && address !== null ? address.port : 0 };
};

type Handler = (request: IncomingMessage & { body: string }, response: ServerResponse) => void;

const httpServer = async (handler: Handler): Promise<SocketAddress> => {
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => handler(Object.assign(request, { body: Buffer.concat(pieces).toString() }), response));
  });
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return listen(server);
};

const origin: Origin = {
  resource: 'AuthorizationPolicy default/ask',
  span: { file: 'authz.yaml', line: 9, column: 1, endLine: 9, endColumn: 2 },
};
const rule: AuthorizationRule = {
  name: 'istio-ext-authz-ext-ns[default]-policy[ask]-rule[0]',
  origin,
  when: [],
  from: [],
  to: [[{ on: 'path', values: [{ kind: 'prefix', value: '/admin' }], notValues: [] }]],
};

const exact = (value: string): StringMatcher => ({ kind: 'exact', value });

const ext: Authorizer = {
  name: 'ext',
  protocol: 'http',
  cluster: AUTHZ,
  host: 'authz.default.svc.cluster.local',
  timeoutMs: 5_000,
  failOpen: false,
  errorStatus: 403,
  http: {
    pathPrefix: '/check',
    requestHeaders: [{ kind: 'prefix', value: 'x-show-' }],
    addedHeaders: [['x-added', 'yes']],
    toBackend: [exact('x-user')],
    toClientOnDeny: [exact('x-why')],
    toClientOnAllow: [exact('x-seen')],
  },
};

const start = async (authorizer: Authorizer, authz: SocketAddress | undefined, more: Partial<Cluster> = {}) => {
  const received: (IncomingMessage & { body: string })[] = [];
  const app = await httpServer((request, response) => {
    received.push(request);
    response.setHeader('content-length', 2);
    response.end('ok');
  });
  const sockets = new Map([['app 10.44.1.2:8080', app]]);
  if (authz !== undefined) sockets.set('10.44.1.7:9000', authz);
  const records: AccessRecord[] = [];
  const policies = { custom: [], check: { authorizer, rules: [rule] }, deny: [], allow: undefined };
  const proxy = createProxy({
    tables: {
      ...tables({
        mode: 'sidecar',
        account: 'app',
        address: '10.44.1.2',
        inbound: [inboundPort('PERMISSIVE')],
        clusters: [applicationCluster, cluster(AUTHZ, [endpoint('10.44.1.7', 9000)], more)],
      }),
      authorization: { http: policies, tcp: policies, trustedProxies: 0 },
    },
    network: network(sockets),
    clock,
    random: () => 0.5,
    identity: await mesh.issue(spiffe('app')),
    onRecord: (record) => records.push(record),
  });
  closers.push(() => proxy.close(0));
  const raw = new RawClient(await proxy.listenInbound(8080, { host: '127.0.0.1', port: 0 }));
  closers.push(() => raw.destroy());
  const send = async (text: string): Promise<{ head: string; body: string }> => {
    const before = responsesIn(raw.received).length;
    raw.write(text);
    const all = responsesIn(await raw.until((bytes) => responsesIn(bytes).length > before));
    return all[before] ?? { head: '', body: '' };
  };
  return { send, received, records };
};

const get = (target: string, lines = ''): string => `GET ${target} HTTP/1.1\r\nhost: app\r\n${lines}\r\n`;
const post = (target: string, body: string): string =>
  `POST ${target} HTTP/1.1\r\nhost: app\r\ncontent-length: ${body.length}\r\n\r\n${body}`;

describe('an authorizer over HTTP', () => {
  it('sees the request it is asked about, and only the headers it may see', async () => {
    const asked: IncomingMessage[] = [];
    const authz = await httpServer((request, response) => {
      asked.push(request);
      response.writeHead(200, { 'x-user': 'jason', 'x-seen': 'yes', 'x-other': 'no', 'content-length': 0 }).end();
    });
    const { send, received } = await start(ext, authz);
    const lines =
      'x-show-a: 1\r\nx-show-a: 2\r\nx-hidden: 3\r\nx-added: no\r\nauthorization: Basic YQ==\r\nx-user: mallory\r\n';
    const answer = await send(get('/x/../admin?q=1', lines));
    expect(answer.body).toBe('ok');
    expect(answer.head).toContain('x-seen: yes');
    expect(answer.head).not.toContain('x-other');
    expect(asked[0]?.url).toBe('/check/admin?q=1');
    expect(asked[0]?.headers).toEqual({
      host: 'app',
      'content-length': '0',
      'x-envoy-internal': 'true',
      'x-envoy-expected-rq-timeout-ms': '5000',
      'x-show-a': '1,2',
      'x-added': 'yes',
      authorization: 'Basic YQ==',
    });
    expect(received[0]?.headers['x-user']).toBe('jason');
    expect(received[0]?.headers['x-hidden']).toBe('3');
  });

  it('is not asked about what no CUSTOM rule matches', async () => {
    const authz = await httpServer((_, response) => response.writeHead(403).end());
    const { send } = await start(ext, authz);
    expect((await send(get('/'))).body).toBe('ok');
  });

  it('denies with any answer but 200, and its status, body and listed headers reach the client', async () => {
    const authz = await httpServer((_, response) => {
      response.writeHead(401, { 'x-why': 'because', 'x-other': 'no', 'www-authenticate': 'Basic' }).end('who are you?');
    });
    const { send, received, records } = await start(ext, authz);
    const { head, body } = await send(get('/admin'));
    expect(head).toMatch(/^HTTP\/1\.1 401/);
    expect(head).toContain('x-why: because');
    expect(head).toContain('www-authenticate: Basic');
    expect(head).not.toContain('x-other');
    expect(body).toBe('who are you?');
    expect(received).toEqual([]);
    expect(records[0]).toMatchObject({
      responseCode: 401,
      flags: 'UAEX',
      details: 'ext_authz_denied',
      deniedBy: 'provider ext for AuthorizationPolicy default/ask authz.yaml:9',
      upstreamHost: '',
    });
  });

  it.each([
    ['a 5xx', 503, {}, 403],
    ['a 5xx and statusOnError', 500, { errorStatus: 429 }, 429],
    ['a 5xx and failOpen', 500, { failOpen: true }, 200],
  ] as const)('that answers with %s has not answered', async (_, status, changes, seen) => {
    const authz = await httpServer((_request, response) => response.writeHead(status).end());
    const { send, records } = await start({ ...ext, ...changes }, authz);
    expect((await send(get('/admin'))).head).toContain(`HTTP/1.1 ${seen}`);
    if (seen !== 200) expect(records[0]).toMatchObject({ flags: 'UAEX', details: 'ext_authz_error' });
  });

  it('that is not there, or does not answer in time, has not answered', async () => {
    const gone = await start(ext, undefined);
    expect((await gone.send(get('/admin'))).head).toMatch(/^HTTP\/1\.1 403/);
    const silent = await httpServer(() => {});
    const late = await start({ ...ext, timeoutMs: 20 }, silent);
    expect((await late.send(get('/admin'))).head).toMatch(/^HTTP\/1\.1 403/);
    expect(late.records[0]?.details).toBe('ext_authz_error');
  });

  it('sees bodies as far as it wants to, and the application gets them whole', async () => {
    const bodies: string[] = [];
    const authz = await httpServer((request, response) => {
      bodies.push(`${request.headers['x-envoy-auth-partial-body']} ${request.body}`);
      response.writeHead(200).end();
    });
    const { send, received } = await start({ ...ext, body: { maxBytes: 4, allowsPart: true, asBytes: false } }, authz);
    await send(post('/admin', 'abcdefgh'));
    await send(post('/admin', 'abc'));
    await send(
      'POST /admin HTTP/1.1\r\nhost: app\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n',
    );
    await send('POST /admin HTTP/1.1\r\nhost: app\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n');
    expect(bodies).toEqual(['true abcd', 'false abc', 'true abcd', 'false abc']);
    expect(received.map(({ body }) => body)).toEqual(['abcdefgh', 'abc', 'abcde', 'abc']);
  });

  it('that wants whole bodies costs longer ones a 413', async () => {
    const authz = await httpServer((_, response) => response.writeHead(200).end());
    const { send } = await start({ ...ext, body: { maxBytes: 4, allowsPart: false, asBytes: false } }, authz);
    expect((await send(post('/admin', 'abcdefgh'))).head).toMatch(/^HTTP\/1\.1 413/);
  });
});

/** A server of envoy.service.auth.v3.Authorization that answers every check with `message`. */
const grpcServer = async (message: Buffer, status = '0'): Promise<{ at: SocketAddress; asked: Buffer[] }> => {
  const asked: Buffer[] = [];
  const server = createHttp2Server();
  server.on('stream', (stream) => {
    const pieces: Buffer[] = [];
    stream.on('data', (piece: Buffer) => pieces.push(piece));
    stream.on('end', () => {
      asked.push(Buffer.concat(pieces).subarray(5));
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': status }));
      const prefix = Buffer.alloc(5);
      prefix.writeUInt32BE(message.length, 1);
      stream.end(Buffer.concat([prefix, message]));
    });
  });
  const sessions = new Set<{ destroy(): void }>();
  server.on('session', (session) => sessions.add(session));
  closers.push(() => {
    for (const session of sessions) session.destroy();
    server.close();
  });
  return { at: await listen(server), asked };
};

const { http: _, ...shared } = ext;
const overGrpc: Authorizer = { ...shared, protocol: 'grpc' };
const option = (name: string, value: string, more: Buffer = Buffer.alloc(0)): Buffer =>
  Buffer.concat([bytesField(1, Buffer.concat([textField(1, name), textField(2, value)])), more]);
const field = (message: Buffer | undefined, ...path: readonly number[]): string => {
  let value: Buffer | number | undefined = message;
  for (const number of path)
    value = Buffer.isBuffer(value) ? readFields(value)?.find(([at]) => at === number)?.[1] : undefined;
  return String(value);
};

describe('an authorizer over gRPC', () => {
  it('is told who asks for what, and may change the request and the response', async () => {
    const ok = Buffer.concat([
      bytesField(2, option('x-user', 'jason')),
      bytesField(2, option('x-list', 'b', bytesField(2, numberField(1, 1)))),
      bytesField(2, option('x-replaced', 'new', numberField(3, 2))),
      bytesField(5, 'x-secret'),
      bytesField(6, option('x-seen', 'yes')),
      bytesField(7, Buffer.concat([textField(1, 'q'), textField(2, '2')])),
    ]);
    const { at, asked } = await grpcServer(bytesField(3, ok));
    const { send, received } = await start(overGrpc, at, { http: 'http2' });
    const lines = 'x-list: a\r\nx-secret: s\r\nx-replaced: old\r\n';
    const answer = await send(get('/admin?q=1', lines));
    expect(answer.body).toBe('ok');
    expect(answer.head).toContain('x-seen: yes');
    expect(received[0]?.url).toBe('/admin?q=2');
    expect(received[0]?.headers).toMatchObject({ 'x-user': 'jason', 'x-list': 'a,b', 'x-replaced': 'new' });
    expect(received[0]?.headers['x-secret']).toBeUndefined();
    expect(field(asked[0], 1, 4, 2, 2)).toBe('GET');
    expect(field(asked[0], 1, 4, 2, 4)).toBe('/admin?q=1');
    expect(field(asked[0], 1, 4, 2, 5)).toBe('app');
    expect(field(asked[0], 1, 4, 2, 10)).toBe('HTTP/1.1');
    expect(field(asked[0], 1, 1, 1, 1, 2)).toBe('10.44.1.9');
    expect(field(asked[0], 1, 2, 1, 1, 3)).toBe('8080');
  });

  it('denies with a status of its own', async () => {
    const denied = Buffer.concat([
      bytesField(1, numberField(1, 429)),
      bytesField(2, option('retry-after', '7')),
      textField(3, 'slow down'),
    ]);
    const { at } = await grpcServer(Buffer.concat([bytesField(1, numberField(1, 7)), bytesField(2, denied)]));
    const { send, records } = await start(overGrpc, at, { http: 'http2' });
    const { head, body } = await send(get('/admin'));
    expect(head).toMatch(/^HTTP\/1\.1 429/);
    expect(head).toContain('retry-after: 7');
    expect(body).toBe('slow down');
    expect(records[0]).toMatchObject({ flags: 'UAEX', details: 'ext_authz_denied' });
  });

  it.each([
    ['a status of gRPC', Buffer.alloc(0), '14'],
    ['what is no message', Buffer.from([0xff]), '0'],
    ['a header that would be two', bytesField(3, bytesField(2, option('x a\r\nb', '1'))), '0'],
  ])('that answers with %s has not answered', async (_, message, status) => {
    const { at } = await grpcServer(message, status);
    const { send, records } = await start(overGrpc, at, { http: 'http2' });
    expect((await send(get('/admin'))).head).toMatch(/^HTTP\/1\.1 403/);
    expect(records[0]?.details).toBe('ext_authz_error');
  });

  it('cannot be asked over HTTP/1.1', async () => {
    const { at } = await grpcServer(bytesField(3, Buffer.alloc(0)));
    const { send } = await start(overGrpc, at);
    expect((await send(get('/admin'))).head).toMatch(/^HTTP\/1\.1 403/);
  });
});
