import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { request as requestTls } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { openAuthority, readRoot } from '../../src/ca/store.ts';
import { type MeshEvent, type Supervisor, startSupervisor } from '../../src/local/supervisor.ts';

// One whole mesh per test, on real sockets: what a user sees of `heddle local up`.

const HELLO = `apiVersion: v1
kind: Namespace
metadata: { name: shop, labels: { istio-injection: enabled } }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: hello, namespace: shop }
spec:
  replicas: 2
  selector: { matchLabels: { app: hello } }
  template:
    metadata: { labels: { app: hello, version: v1 } }
    spec:
      containers:
      - name: hello
        image: hashicorp/http-echo
        args: ["-text=Hello!"]
        ports: [{ containerPort: 5678 }]
---
apiVersion: v1
kind: Service
metadata: { name: hello, namespace: shop }
spec:
  selector: { app: hello }
  ports: [{ name: http, port: 80, targetPort: 5678 }]
`;

const STRICT = `---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: { name: default, namespace: shop }
spec: { mtls: { mode: STRICT } }
`;

const teapot = (namespace: string): string => `---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: hello, namespace: ${namespace} }
spec:
  hosts: [hello.shop.svc.cluster.local]
  http:
  - directResponse: { status: 418 }
`;

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

interface Running {
  readonly mesh: Supervisor;
  readonly stateDir: string;
  readonly events: MeshEvent[];
  /** What the next reload reads. */
  text: string;
}

const up = async (text: string, platform: string = process.platform): Promise<Running> => {
  const stateDir = mkdtempSync(join(tmpdir(), 'heddle-'));
  cleanups.push(() => rmSync(stateDir, { recursive: true }));
  const events: MeshEvent[] = [];
  const running: { text: string } = { text };
  const mesh = await startSupervisor({
    sources: async () => [{ name: 'mesh.yaml', text: running.text }],
    paths: ['mesh.yaml'],
    watch: false,
    stateDir,
    gatewayPort: 0,
    version: '0.0.0',
    platform,
    onEvent: (event) => events.push(event),
  });
  cleanups.push(() => mesh.close());
  return Object.assign(running, { mesh, stateDir, events });
};

/** GET through the door: `*.localhost` names are sent to 127.0.0.1 whatever the system's resolver knows. */
const get = (url: string): Promise<{ readonly status: number; readonly body: string }> => {
  const { hostname, port, pathname } = new URL(url);
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path: pathname, headers: { host: `${hostname}:${port}` } }, (response) => {
      let body = '';
      response.on('data', (data) => {
        body += data;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    })
      .on('error', reject)
      .end();
  });
};

const urlOf = ({ mesh }: Running): string => mesh.control.status().services[0]?.url ?? '';
const inboundOf = ({ mesh }: Running): { readonly host: string; readonly port: number } => {
  const [host = '', port = ''] = (mesh.control.status().items[0]?.inbound[0] ?? '').split(':');
  return { host, port: Number(port) };
};

describe('a mesh on this machine', () => {
  it('answers at the URL it prints, through the sidecars of client and server', async () => {
    const running = await up(HELLO);
    expect(running.mesh.summary.namespaces).toEqual([
      { name: 'shop', injection: true, reason: 'namespace label istio-injection=enabled' },
    ]);
    expect(await get(urlOf(running))).toEqual({ status: 200, body: 'Hello!\n' });
    expect(running.mesh.control.metrics()).toMatch(
      /istio_requests_total\{reporter="destination",source_workload="client".*destination_workload="hello".*connection_security_policy="mutual_tls".*response_code="200".*\} 1/,
    );
  });

  it('refuses plaintext under STRICT and shows TLS 1.3 with the workload identity', async () => {
    const running = await up(HELLO + STRICT);
    const at = inboundOf(running);
    const refused = await new Promise<string>((resolve) => {
      let received = '';
      const socket = connect(at, () => socket.write('GET / HTTP/1.1\r\nHost: hello\r\n\r\n'));
      socket.on('data', (data) => {
        received += data;
      });
      socket.on('error', () => {});
      socket.on('close', () => resolve(received));
    });
    expect(refused).toBe('');
    const root = readRoot(running.stateDir);
    const shown = await new Promise<{ protocol: string | null; names: string | undefined }>((resolve, reject) => {
      const socket = connectTls(
        { ...at, ca: root?.certificatePem ?? '', checkServerIdentity: () => undefined, minVersion: 'TLSv1.3' },
        () => {
          resolve({ protocol: socket.getProtocol(), names: socket.getPeerCertificate().subjectaltname });
          socket.destroy();
        },
      ).on('error', reject);
    });
    expect(shown).toEqual({ protocol: 'TLSv1.3', names: 'URI:spiffe://cluster.local/ns/shop/sa/default' });
    expect((await get(urlOf(running))).status).toBe(200);
  });

  it('takes a new configuration whole, and keeps the last good one when the new has an error', async () => {
    const running = await up(HELLO);
    running.text = HELLO + teapot('shop');
    expect(await running.mesh.control.reload()).toMatchObject({
      applied: true,
      generation: 2,
      changed: ['VirtualService shop/hello added'],
    });
    expect((await get(urlOf(running))).status).toBe(418);

    running.text = `${HELLO}${teapot('shop')}  - route: [{ destination: { hots: hello } }]\n`;
    const refused = await running.mesh.control.reload();
    expect(refused).toMatchObject({ applied: false, generation: 2 });
    expect(refused.problems).toContainEqual(
      expect.objectContaining({
        code: 'UNKNOWN_FIELD',
        hint: 'did you mean "host"?',
        span: expect.objectContaining({ file: 'mesh.yaml' }),
      }),
    );
    expect((await get(urlOf(running))).status).toBe(418);
  });

  it('starts and ends pods as replicas come and go, and keeps the addresses of those that stay', async () => {
    const running = await up(HELLO);
    const before = running.mesh.control.status().items[0]?.inbound ?? [];
    running.text = HELLO.replace('replicas: 2', 'replicas: 3');
    await running.mesh.control.reload();
    const more = running.mesh.control.status().items[0]?.inbound ?? [];
    expect(more.slice(0, 2)).toEqual(before);
    expect(more).toHaveLength(3);
    running.text = HELLO.replace('replicas: 2', 'replicas: 0');
    await running.mesh.control.reload();
    expect(await get(urlOf(running))).toEqual({ status: 503, body: 'no healthy upstream' });
  });

  it('needs no loopback address but 127.0.0.1 where the system has no other', async () => {
    const running = await up(HELLO + STRICT, 'darwin');
    expect(running.mesh.control.status().items[0]?.inbound).toEqual([
      expect.stringMatching(/^127\.0\.0\.1:\d+$/),
      expect.stringMatching(/^127\.0\.0\.1:\d+$/),
    ]);
    expect(await get(urlOf(running))).toEqual({ status: 200, body: 'Hello!\n' });
    running.text = HELLO.replace('Hello!', 'Hola!');
    await running.mesh.control.reload();
    expect(await get(urlOf(running))).toEqual({ status: 200, body: 'Hola!\n' });
  });

  it('replaces pods without a failed request', async () => {
    const running = await up(HELLO);
    const url = urlOf(running);
    const seen = new Map<string, number>();
    let isOver = false;
    const callers = Array.from({ length: 4 }, async () => {
      while (!isOver) {
        const { status, body } = await get(url);
        const key = `${status} ${body.trim()}`;
        seen.set(key, (seen.get(key) ?? 0) + 1);
      }
    });
    const words = ['Hola!', 'Salut!', 'Ciao!'];
    for (const word of words) {
      running.text = HELLO.replace('Hello!', word);
      await running.mesh.control.reload();
      await vi.waitFor(() => expect([...seen.keys()]).toContain(`200 ${word}`));
    }
    isOver = true;
    await Promise.all(callers);
    expect([...seen.keys()].sort()).toEqual(['200 Hello!', ...words.map((word) => `200 ${word}`)].sort());
  });

  it('serves through a gateway on the same door', async () => {
    const running = await up(
      `${HELLO}---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: web, namespace: shop }
spec:
  selector: { istio: ingressgateway }
  servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: [shop.example.com] }]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: web, namespace: shop }
spec:
  hosts: [shop.example.com]
  gateways: [web]
  http: [{ match: [{ uri: { prefix: /hi } }], route: [{ destination: { host: hello } }] }]
`,
    );
    const gateway = running.mesh.control.status().gateways[0];
    expect(gateway?.url).toMatch(/^http:\/\/localhost:\d+\/$/);
    const port = new URL(gateway?.url ?? '').port;
    expect(await get(`http://shop.example.com:${port}/hi`)).toEqual({ status: 200, body: 'Hello!\n' });
    expect((await get(`http://shop.example.com:${port}/else`)).status).toBe(404);
    expect((await get(`http://other.example.com:${port}/hi`)).status).toBe(404);
    expect((await get(urlOf(running))).status).toBe(200);
  });

  it('serves TLS of a gateway on the same door, beside plain HTTP', async () => {
    const stateDir = mkdtempSync(join(tmpdir(), 'heddle-'));
    cleanups.push(() => rmSync(stateDir, { recursive: true }));
    const clock = { nowMs: () => Date.now(), monotonicMs: () => performance.now() };
    const own = await openAuthority({ stateDir, trustDomain: 'cluster.local', clock });
    const { chainPem, keyPem } = await own.issue('spiffe://cluster.local/ns/shop/sa/web');
    const running = await up(`${HELLO}---
apiVersion: v1
kind: Secret
metadata: { name: cert, namespace: istio-system }
stringData: { tls.crt: ${JSON.stringify(chainPem)}, tls.key: ${JSON.stringify(keyPem)} }
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: web, namespace: shop }
spec:
  selector: { istio: ingressgateway }
  servers:
  - port: { number: 80, name: http, protocol: HTTP }
    hosts: ["*"]
    tls: { httpsRedirect: true }
  - port: { number: 443, name: https, protocol: HTTPS }
    hosts: ["*.shop.test"]
    tls: { mode: SIMPLE, credentialName: cert }
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: web, namespace: shop }
spec:
  hosts: ["*"]
  gateways: [web]
  http: [{ route: [{ destination: { host: hello } }] }]
`);
    const [gateway] = running.mesh.control.status().gateways;
    const port = Number(new URL(gateway?.url ?? '').port);
    expect(gateway?.tlsUrl).toBe(`https://www.shop.test:${port}/`);
    const answer = await new Promise<string>((resolve, reject) => {
      const sent = requestTls(
        {
          host: '127.0.0.1',
          port,
          servername: 'www.shop.test',
          rejectUnauthorized: false,
          headers: { host: 'www.shop.test' },
        },
        (response) => {
          response.on('data', (bytes: Buffer) => resolve(`${response.statusCode} ${bytes.toString()}`));
        },
      );
      sent.on('error', reject);
      sent.end();
    });
    expect(answer).toBe('200 Hello!\n');
    expect((await get(`http://localhost:${port}/`)).status).toBe(301);
    expect((await get(urlOf(running))).body).toBe('Hello!\n');
  });

  it('puts a process of the machine behind the sidecar and gives the place back', async () => {
    const app = createServer((_, response) => response.end('my own app'));
    await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve));
    cleanups.push(() => new Promise((resolve) => app.close(resolve)));
    const running = await up(HELLO);
    const { port } = app.address() as { port: number };
    const binding = await running.mesh.control.bind({ app: 'hello', port });
    expect(await get(urlOf(running))).toEqual({ status: 200, body: 'my own app' });
    expect(running.mesh.control.status().items[0]).toMatchObject({ standIn: false, ready: 2 });
    await running.mesh.control.unbind(binding.id);
    expect(await get(urlOf(running))).toEqual({ status: 200, body: 'Hello!\n' });
  });

  it('says that a bound process does not answer, and sends nobody there', async () => {
    const running = await up(HELLO);
    const binding = await running.mesh.control.bind({ app: 'hello', port: 1 });
    expect(running.mesh.control.status().items[0]).toMatchObject({ ready: 0, replicas: 2 });
    expect((await get(urlOf(running))).status).toBe(503);
    await running.mesh.control.unbind(binding.id);
    expect((await get(urlOf(running))).status).toBe(200);
  });

  it('explains one request hop by hop', async () => {
    const running = await up(HELLO);
    const { proxy } = running.mesh.control.curlTarget(undefined);
    await new Promise((resolve, reject) =>
      request(
        { ...proxy, path: 'http://hello.shop/', headers: { host: 'hello.shop', 'x-request-id': 'trace-me' } },
        (response) => response.resume().on('end', resolve),
      )
        .on('error', reject)
        .end(),
    );
    const hops = running.mesh.control.trace('trace-me');
    expect(
      hops.map(({ proxy: name, upstreamPrincipal, peerPrincipal }) => ({ name, upstreamPrincipal, peerPrincipal })),
    ).toEqual([
      {
        name: expect.stringMatching(/^shop\/hello-[01]$/),
        upstreamPrincipal: '',
        peerPrincipal: 'spiffe://cluster.local/ns/heddle-system/sa/client',
      },
      {
        name: 'heddle-system/client-0',
        upstreamPrincipal: 'spiffe://cluster.local/ns/shop/sa/default',
        peerPrincipal: '',
      },
    ]);
  });

  it('leaves nothing behind but its root and logs', async () => {
    const running = await up(HELLO);
    const at = inboundOf(running);
    await running.mesh.close();
    await running.mesh.closed;
    expect(readdirSync(running.stateDir).sort()).toEqual(['access.log', 'ca']);
    const failure = await new Promise((resolve) => connect(at).on('error', (error) => resolve(error)));
    expect(failure).toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('does not become ready while a program would end at once, and says so', async () => {
    const running = await up(HELLO.replace('        args: ["-text=Hello!"]\n', ''));
    expect(running.mesh.control.status().items[0]).toMatchObject({
      ready: 0,
      notReady: expect.stringContaining('exits'),
    });
    expect((await get(urlOf(running))).status).toBe(503);
  });

  it('starts nothing at all from an input with an error', async () => {
    const stateDir = join(mkdtempSync(join(tmpdir(), 'heddle-')), 'state');
    cleanups.push(() => rmSync(join(stateDir, '..'), { recursive: true }));
    const events: MeshEvent[] = [];
    const starting = startSupervisor({
      sources: async () => [{ name: 'mesh.yaml', text: HELLO.replace('replicas', 'replcas') }],
      paths: ['mesh.yaml'],
      watch: false,
      stateDir,
      gatewayPort: 0,
      version: '0.0.0',
      onEvent: (event) => events.push(event),
    });
    await expect(starting).rejects.toMatchObject({ code: 'CONFIG_INVALID', kind: 'input' });
    expect(events).toMatchObject([
      { kind: 'problems', problems: [{ code: 'UNKNOWN_FIELD', hint: 'did you mean "replicas"?' }] },
    ]);
    expect(readdirSync(join(stateDir, '..'))).toEqual([]);
  });
});
