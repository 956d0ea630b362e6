import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { createAttemptCounter, type EchoReport } from '../../src/local/stand-in/echo.ts';
import {
  chooseStandIn,
  createStandInHooks,
  describeStandIn,
  startEchoServer,
  startStandIn,
} from '../../src/local/stand-in/stand-in.ts';
import type { Pod, PodContainer } from '../../src/model/pod.ts';
import type { SocketAddress } from '../../src/proxy/proxy.ts';

const container: PodContainer = { name: 'app', image: 'example/app:1', command: [], args: [], env: {}, ports: [] };
const httpEcho = (...args: readonly string[]): PodContainer => ({ ...container, image: 'hashicorp/http-echo', args });
const pod: Pod = {
  name: 'reviews-v1-0',
  namespace: 'default',
  labels: { app: 'reviews', version: 'v1' },
  annotations: {},
  serviceAccount: 'default',
  containers: [container],
  workload: 'reviews-v1',
  workloadKind: 'Deployment',
  replica: 0,
  canonicalService: 'reviews',
  canonicalRevision: 'v1',
  proxyMode: 'none',
  sidecar: { injected: false, reason: 'for this test' },
  locality: '',
  nodeName: undefined,
  owner: {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    name: 'reviews-v1',
    namespace: 'default',
    labels: {},
    annotations: {},
    object: { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'reviews-v1' } },
    order: 0,
    span: { file: 'a.yaml', line: 1, column: 1, endLine: 1, endColumn: 1 },
  },
};

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const closable of open.splice(0).reverse()) await closable.close();
});

const start = async (of: Pod, onHit?: (report: EchoReport) => void): Promise<ReadonlyMap<number, SocketAddress>> => {
  const sockets = new Map<number, SocketAddress>();
  const running = await startStandIn({
    pod: of,
    ports: [],
    listen: () => ({ host: '127.0.0.1', port: 0 }),
    onListening: (port, at) => sockets.set(port, at),
    hooks: createStandInHooks(onHit),
  });
  open.push(running);
  return sockets;
};

const echo = async (): Promise<SocketAddress> => {
  const at = (await start(pod)).get(8080);
  if (at === undefined) throw new Error('nothing listens on 8080');
  return at;
};

/** Sends text as it is and answers all that came back until the connection ended. */
const exchange = (at: SocketAddress, text: string): Promise<string> =>
  new Promise((resolve) => {
    const socket = connect(at, () => socket.write(text));
    let received = '';
    socket.on('data', (chunk) => {
      received += chunk.toString();
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(received));
  });

const get = (at: SocketAddress, path: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
  fetch(`http://${at.host}:${at.port}${path}`, { headers });

describe('the choice of a stand-in', () => {
  it('knows http-echo from any registry and echoes for everything else', () => {
    expect(chooseStandIn(httpEcho('-text=hi')).kind).toBe('http-echo');
    expect(chooseStandIn({ ...httpEcho('-text=hi'), image: 'docker.io/hashicorp/http-echo:0.2.3' }).kind).toBe(
      'http-echo',
    );
    expect(chooseStandIn({ ...container, image: 'nothashicorp/http-echo' }).kind).toBe('echo');
    expect(chooseStandIn({ ...container, image: 'hashicorp/http-echo-not' }).kind).toBe('echo');
  });

  it('reads the flags of http-echo in every form Go takes them', () => {
    for (const args of [
      ['-text=hi', '-listen=:80'],
      ['--text', 'hi', '--listen', '0.0.0.0:80'],
    ]) {
      expect(chooseStandIn(httpEcho(...args))).toMatchObject({ ports: [80], settings: { text: 'hi', port: 80 } });
    }
    expect(chooseStandIn(httpEcho('-text', 'a=b'))).toMatchObject({
      ports: [5678],
      settings: { text: 'a=b', status: 200 },
    });
  });

  it('takes the text from the environment and expands variables in arguments', () => {
    const env = { ECHO_TEXT: 'from env', NAME: 'x' };
    expect(chooseStandIn({ ...httpEcho(), env })).toMatchObject({ settings: { text: 'from env' } });
    expect(chooseStandIn({ ...httpEcho('-text=$(NAME) $(NONE) $$(NAME)'), env })).toMatchObject({
      settings: { text: 'x $(NONE) $(NAME)' },
    });
  });

  it.each([
    [[], 'neither -text nor ECHO_TEXT is set'],
    [['-text=a', 'b'], 'too many arguments'],
    [['-color=red'], 'it has no flag -color'],
    [['-text=a', '-listen=nowhere'], '-listen nowhere is not an address'],
    [['-text'], 'flag -text needs an argument'],
  ])('says when http-echo would exit: %s', (args, reason) => {
    expect(chooseStandIn(httpEcho(...args))).toMatchObject({
      kind: 'exits',
      ports: [],
      says: expect.stringContaining(reason),
    });
  });

  it('always says in words that it is a stand-in', () => {
    expect(describeStandIn({ ...pod, containers: [httpEcho('-text=hi'), container] })).toBe(
      'stand-in for http-echo: answers "hi" on port 5678; stand-in for image example/app:1: echoes requests as JSON on port 8080',
    );
  });
});

describe('the stand-in for http-echo', () => {
  it('answers the text to every path as the real one does', async () => {
    const sockets = await start({ ...pod, containers: [httpEcho('-text=hello', '-status-code=201')] });
    expect([...sockets.keys()]).toEqual([5678]);
    const at = sockets.get(5678) as SocketAddress;
    const response = await get(at, '/any/path?q');
    expect(await response.text()).toBe('hello\n');
    expect(response.status).toBe(201);
    const { date, ...headers } = Object.fromEntries(response.headers);
    expect(date).toMatch(/GMT$/);
    expect(headers).toEqual({
      'content-length': '6',
      'content-type': 'text/plain; charset=utf-8',
      'x-app-name': 'http-echo',
      'x-app-version': '1.0.0',
    });
  });

  it('answers its health and sniffs the type of HTML', async () => {
    const sockets = await start({ ...pod, containers: [httpEcho('-text=<html><p>hi</p></html>', '-listen=:80')] });
    const at = sockets.get(80) as SocketAddress;
    const health = await get(at, '/health');
    expect([health.status, await health.text()]).toEqual([200, '{"status":"ok"}\n']);
    expect((await get(at, '/')).headers.get('content-type')).toBe('text/html; charset=utf-8');
  });

  it('listens nowhere when the real one would have exited', async () => {
    expect(await start({ ...pod, containers: [httpEcho()] })).toEqual(new Map());
  });
});

describe('the echo application', () => {
  it('answers what it received', async () => {
    const at = await echo();
    const text = await exchange(
      at,
      'POST /a%20b?c HTTP/1.1\r\nHost: x:1\r\nX-A: 1\r\nx-a: 2\r\n__proto__: p\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi',
    );
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(text).toContain('Content-Type: application/json\r\n');
    expect(JSON.parse(text.slice(text.indexOf('{')))).toEqual(
      JSON.parse(
        '{"workload":"reviews-v1","pod":"reviews-v1-0","version":"v1","namespace":"default","port":8080,' +
          '"proto":"HTTP/1.1","method":"POST","path":"/a%20b?c","host":"x:1","headers":{"__proto__":"p",' +
          '"connection":"close","content-length":"2","x-a":"1,2"},"body":"hi"}',
      ),
    );
  });

  it('serves HTTP/1.0 without Host and closes', async () => {
    expect(await exchange(await echo(), 'GET / HTTP/1.0\r\n\r\n')).toContain('"proto":"HTTP/1.0"');
  });

  it('survives a connection whose first bytes come one by one, and one that ends early', async () => {
    const at = await echo();
    connect(at).end('P');
    const text = await new Promise<string>((resolve) => {
      const socket = connect({ ...at, noDelay: true }, async () => {
        for (const char of 'PUT / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n') {
          socket.write(char);
          await new Promise(setImmediate);
        }
      });
      let received = '';
      socket.on('data', (chunk) => {
        received += chunk.toString();
      });
      socket.on('close', () => resolve(received));
    });
    expect(text).toContain('"method":"PUT"');
  });

  it('refuses what is not HTTP and paths with broken escapes, as Go does', async () => {
    const at = await echo();
    expect(await exchange(at, 'nonsense\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 Bad Request/);
    expect(await exchange(at, 'GET /a b HTTP/1.1\r\nHost: x\r\n\r\n')).toMatch(/400 Bad Request$/);
    const broken = await get(at, '/%zz');
    expect([broken.status, await broken.text()]).toEqual([400, '400 Bad Request']);
  });

  it('obeys delay, status and response headers', async () => {
    const at = await echo();
    const begun = performance.now();
    const response = await get(at, '/?delay=30ms', {
      'x-echo-status': '418',
      'x-echo-response-headers': 'x-a=1;x-b=2;bad name=3',
      'x-echo-set-header': 'x-a:3',
    });
    expect(performance.now() - begun).toBeGreaterThan(25);
    expect(response.status).toBe(418);
    expect([response.headers.get('x-a'), response.headers.get('x-b')]).toEqual(['1, 3', '2']);
  });

  it('fails only where and as often as asked', async () => {
    const at = await echo();
    const statusOf = async (headers: Readonly<Record<string, string>>) => (await get(at, '/', headers)).status;
    const once = { 'x-echo-status': '503', 'x-echo-fail-first': '1', 'x-echo-id': 'a' };
    expect([await statusOf(once), await statusOf(once)]).toEqual([503, 200]);
    expect(await statusOf({ 'x-echo-status': '503', 'x-echo-on': 'other, v2' })).toBe(200);
    expect(await statusOf({ 'x-echo-status': '503', 'x-echo-on': 'other, v1' })).toBe(503);
  });

  it('closes the connection without an answer when asked', async () => {
    expect(await exchange(await echo(), 'GET / HTTP/1.1\r\nHost: x\r\nx-echo-reset: 1\r\n\r\n')).toBe('');
  });

  it('reports a hit before it answers or resets', async () => {
    const hits: EchoReport[] = [];
    const at = (await start(pod, (report) => hits.push(report))).get(8080) as SocketAddress;
    await get(at, '/seen');
    await expect(get(at, '/lost', { 'x-echo-reset': '1' })).rejects.toThrow();
    expect(hits.map((hit) => [hit.pod, hit.path])).toEqual([
      ['reviews-v1-0', '/seen'],
      ['reviews-v1-0', '/lost'],
    ]);
  });

  it('listens on every port, and only on loopback', async () => {
    const ports = [8080, 8081].map((port) => ({ name: undefined, port, protocol: 'TCP' as const }));
    expect([...(await start({ ...pod, containers: [{ ...container, ports }] })).keys()]).toEqual([8080, 8081]);
    const identity = { workload: 'w', pod: 'p' };
    const at = { host: '0.0.0.0', port: 0 };
    await expect(startEchoServer({ identity, port: 80, at, attempts: createAttemptCounter() })).rejects.toMatchObject({
      code: 'NOT_LOOPBACK',
    });
  });

  it('carries many requests on many connections', async () => {
    const at = await echo();
    const answers = await Promise.all(
      Array.from({ length: 500 }, (_, i) => get(at, `/${i}`).then((got) => got.json())),
    );
    expect(new Set(answers.map((answer) => (answer as EchoReport).path)).size).toBe(500);
  });
});

interface Http2Answer {
  readonly headers: Readonly<Record<string, unknown>>;
  readonly trailers: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
  readonly rstCode: number;
}

const http2Get = (session: ClientHttp2Session, headers: Readonly<Record<string, string>>): Promise<Http2Answer> =>
  new Promise((resolve) => {
    const stream = session.request(headers);
    let answered: Readonly<Record<string, unknown>> = {};
    let trailers: Readonly<Record<string, unknown>> = {};
    const chunks: Buffer[] = [];
    stream.on('response', (got) => {
      answered = got;
    });
    stream.on('trailers', (got) => {
      trailers = got;
    });
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', () => {});
    stream.on('close', () =>
      resolve({ headers: answered, trailers, body: Buffer.concat(chunks), rstCode: stream.rstCode ?? 0 }),
    );
    stream.end();
  });

const http2To = (at: SocketAddress): ClientHttp2Session => {
  const session = connectHttp2(`http://${at.host}:${at.port}`);
  open.push({ close: () => session.destroy() });
  return session;
};

describe('the echo application in HTTP/2', () => {
  it('answers with prior knowledge', async () => {
    const { headers, body } = await http2Get(http2To(await echo()), {
      ':path': '/p?q',
      ':authority': 'x.example',
      'x-a': '1',
    });
    expect([headers[':status'], headers['content-type']]).toEqual([200, 'application/json']);
    expect(JSON.parse(body.toString())).toMatchObject({
      proto: 'HTTP/2.0',
      path: '/p?q',
      host: 'x.example',
      headers: { 'x-a': '1' },
    });
  });

  it('answers gRPC with one message and a status', async () => {
    const grpc = { ':method': 'POST', ':path': '/foo.Bar/Baz', 'content-type': 'application/grpc', te: 'trailers' };
    const { headers, trailers, body } = await http2Get(http2To(await echo()), grpc);
    expect(headers['content-type']).toBe('application/grpc');
    expect(trailers['grpc-status']).toBe('0');
    expect([body[0], body.readUInt32BE(1)]).toEqual([0, body.length - 5]);
    expect(JSON.parse(body.subarray(5).toString())).toMatchObject({ path: '/foo.Bar/Baz' });
  });

  it('answers gRPC with an error in the headers or a bare HTTP status when asked', async () => {
    const session = http2To(await echo());
    const grpc = { ':method': 'POST', ':path': '/a.B/C', 'content-type': 'application/grpc' };
    const failed = await http2Get(session, { ...grpc, 'x-echo-grpc-status': '14' });
    expect([failed.headers[':status'], failed.headers['grpc-status'], failed.body.length]).toEqual([200, '14', 0]);
    const bare = await http2Get(session, { ...grpc, 'x-echo-status': '503' });
    expect([bare.headers[':status'], bare.headers['grpc-status']]).toEqual([503, undefined]);
  });

  it('resets the stream, not the connection', async () => {
    const session = http2To(await echo());
    const broken = await http2Get(session, { ':path': '/', 'x-echo-reset': '1' });
    expect([broken.headers[':status'], broken.rstCode]).toEqual([undefined, 2]);
    expect((await http2Get(session, { ':path': '/' })).headers[':status']).toBe(200);
  });
});

describe('the echo application in TLS', () => {
  it('offers both protocols, says which name was asked for and shows its own certificate', async () => {
    const at = await echo();
    const secure = (ALPNProtocols: readonly string[]) =>
      connectTls({ ...at, ALPNProtocols: [...ALPNProtocols], servername: 'a.example.com', rejectUnauthorized: false });
    const text = await new Promise<string>((resolve) => {
      const socket = secure(['http/1.1']);
      socket.on('secureConnect', () => {
        expect(socket.getPeerCertificate().subjectaltname).toBe(
          'DNS:echo.example.com, DNS:*.example.com, DNS:*.svc.cluster.local',
        );
        socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
      });
      let received = '';
      socket.on('data', (chunk) => {
        received += chunk.toString();
      });
      socket.on('close', () => resolve(received));
    });
    expect(text).toContain('"tls":"sni=a.example.com"');
    const session = connectHttp2('https://a.example.com', { createConnection: () => secure(['h2']) });
    open.push({ close: () => session.destroy() });
    const { body } = await http2Get(session, { ':path': '/' });
    expect(JSON.parse(body.toString())).toMatchObject({ proto: 'HTTP/2.0', tls: 'sni=a.example.com' });
  });
});
