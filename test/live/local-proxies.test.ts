import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Supervisor, startSupervisor } from '../../src/local/supervisor.ts';
import { runCli } from '../support/cli.ts';

// What proxy-config and proxy-status say of a mesh on this machine, held against what becomes of requests in it.

const deployment = (version: string, replicas: number): string => `---
apiVersion: apps/v1
kind: Deployment
metadata: { name: hello-${version}, namespace: shop }
spec:
  replicas: ${replicas}
  selector: { matchLabels: { app: hello, version: ${version} } }
  template:
    metadata: { labels: { app: hello, version: ${version} } }
    spec:
      containers:
      - { name: hello, image: hashicorp/http-echo, args: ["-text=${version}"], ports: [{ containerPort: 5678 }] }
`;

const HELLO = `apiVersion: v1
kind: Namespace
metadata: { name: shop, labels: { istio-injection: enabled } }
---
apiVersion: v1
kind: Service
metadata: { name: hello, namespace: shop }
spec:
  selector: { app: hello }
  ports: [{ name: http, port: 80, targetPort: 5678 }]
${deployment('v1', 2)}${deployment('v2', 1)}`;

const SUBSETS = `---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: hello, namespace: shop }
spec:
  host: hello
  subsets: [{ name: v1, labels: { version: v1 } }, { name: v2, labels: { version: v2 } }, { name: v3, labels: { version: v3 } }]
`;

const rules = (http: string): string => `---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: hello, namespace: shop }
spec:
  hosts: [hello]
  http:
${http}`;

const subset = (name: string, weight: number): string =>
  `    - { destination: { host: hello, subset: ${name} }, weight: ${weight} }\n`;

const WEIGHTS = `${SUBSETS}${rules(`  - match: [{ uri: { exact: /beta }, headers: { end-user: { exact: jason } } }]
    route:
${subset('v2', 100)}  - match: [{ uri: { regex: "/[0-9]+" } }]
    route:
${subset('v1', 100)}  - route:
${subset('v1', 50)}${subset('v2', 50)}`)}`;

const ANSWERS = rules(`  - match: [{ uri: { prefix: /old } }]
    redirect: { uri: /new, redirectCode: 308 }
  - match: [{ method: { exact: DELETE } }]
    directResponse: { status: 418 }
  - match: [{ queryParams: { broken: { exact: "yes" } } }]
    fault: { abort: { httpStatus: 555, percentage: { value: 100 } } }
    route: [{ destination: { host: hello } }]
  - route: [{ destination: { host: hello } }]
`);

const NOBODY = `${SUBSETS}${rules(`  - match: [{ uri: { prefix: /nobody } }]
    route:
${subset('v3', 100)}  - match: [{ uri: { prefix: /missing } }]
    route:
${subset('v4', 100)}  - route: [{ destination: { host: hello } }]
`)}---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: { name: default, namespace: shop }
spec: { mtls: { mode: STRICT } }
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: readers, namespace: shop }
spec: { rules: [{ to: [{ operation: { methods: [GET] } }] }] }
`;

interface Running {
  readonly mesh: Supervisor;
  readonly env: { readonly HEDDLE_STATE_DIR: string };
  /** What the next reload reads. */
  text: string;
}

const cleanups: (() => unknown)[] = [];
const cleanUp = async (): Promise<void> => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
};

const up = async (text: string): Promise<Running> => {
  const stateDir = mkdtempSync(join(tmpdir(), 'heddle-'));
  cleanups.push(() => rmSync(stateDir, { recursive: true }));
  const input = { text };
  const mesh = await startSupervisor({
    sources: async () => [{ name: 'mesh.yaml', text: input.text }],
    paths: ['mesh.yaml'],
    watch: false,
    stateDir,
    version: '1.2.3',
    gatewayPort: 0,
    onEvent: () => {},
  });
  cleanups.push(() => mesh.close());
  return Object.assign(input, { mesh, env: { HEDDLE_STATE_DIR: stateDir } });
};

const heddle = async ({ env }: Running, ...argv: readonly string[]): Promise<string> => {
  const { code, stdout, stderr } = await runCli(argv, { env });
  expect([code, stderr]).toEqual([0, '']);
  return stdout;
};

/** The cells of a table, without its headers. */
const rowsOf = (table: string): readonly (readonly string[])[] =>
  table
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => line.split(/ {2,}/));

interface Asked {
  readonly path: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Became {
  readonly status: number;
  readonly location: string | undefined;
  /** Of the client's sidecar: where it sent the request, `-` if nowhere, and by which cluster. */
  readonly upstream: string;
  readonly cluster: string;
  readonly route: string;
}

/** Sends a request through the sidecar of the built-in client and reads what that one wrote of it. */
const send = async ({ mesh }: Running, { path, method = 'GET', headers = {} }: Asked): Promise<Became> => {
  const url = new URL(mesh.control.status().services[0]?.url ?? '');
  const id = crypto.randomUUID();
  const answer = await new Promise<{ status: number; location: string | undefined }>((resolve, reject) => {
    const sent = request({
      host: '127.0.0.1',
      port: url.port,
      method,
      path,
      headers: { ...headers, host: url.host, 'x-request-id': id },
    });
    sent.on('response', (response) => {
      response.resume();
      response.on('end', () => resolve({ status: response.statusCode ?? 0, location: response.headers.location }));
    });
    sent.on('error', reject);
    sent.end();
  });
  const record = mesh.control.trace(id).find(({ proxy }) => proxy === 'heddle-system/client-0');
  return {
    ...answer,
    upstream: record?.upstreamHost ?? '',
    cluster: record?.upstreamCluster ?? '',
    route: record?.routeName ?? '',
  };
};

describe('proxy-config --local of the hello mesh', () => {
  let running: Running;
  beforeAll(async () => {
    running = await up(HELLO);
  });
  afterAll(cleanUp);

  it('lists the endpoints that requests reach, and no others', async () => {
    const cluster = 'outbound|80||hello.shop.svc.cluster.local';
    const listed = rowsOf(await heddle(running, 'pc', 'endpoint', 'client', '--local', '--cluster', cluster));
    expect(listed.map(([, ...rest]) => rest)).toEqual(Array(3).fill(['HEALTHY', 'OK', cluster]));
    const reached = new Set<string>();
    for (let sent = 0; sent < 60; sent++) {
      const became = await send(running, { path: '/' });
      expect(became.cluster).toBe(cluster);
      reached.add(became.upstream);
    }
    expect(listed.map(([address]) => address)).toEqual([...reached].sort());
  });

  it('names the clusters of a sidecar as istiod does', async () => {
    const rows = rowsOf(await heddle(running, 'pc', 'cluster', 'hello-v1-0.shop', '--local'));
    expect(rows).toContainEqual(['BlackHoleCluster', '-', '-', '-', 'STATIC', '']);
    expect(rows).toContainEqual(['hello.shop.svc.cluster.local', '80', '-', 'outbound', 'EDS', '']);
    expect(rows).toContainEqual(['', '5678', '-', 'inbound', 'ORIGINAL_DST', '']);
  });

  it('shows what accepts connections of services, of the application, and of everything else', async () => {
    const rows = rowsOf(await heddle(running, 'pc', 'all', 'deploy/hello-v1', '--local', '-n', 'shop'));
    const text = rows.map((cells) => cells.join(' ')).join('\n');
    expect(text).toMatch(/^listener\/0\.0\.0\.0_80 0\.0\.0\.0 +80 +Trans: raw_buffer; App: http\/1\.1,h2c Route: 80$/m);
    expect(text).toMatch(/^listener\/virtualInbound .* Addr: \*:5678 Cluster: inbound\|5678\|\|$/m);
    expect(text).toMatch(/^listener\/virtualOutbound .* ALL PassthroughCluster$/m);
  });

  it('has a certificate of the mesh that is valid, and never its key', async () => {
    const rows = rowsOf(await heddle(running, 'pc', 'secret', 'hello-v1-0.shop', '--local'));
    expect(rows.map(([name, type, status, isValid]) => [name, type, status, isValid])).toEqual([
      ['default', 'Cert Chain', 'ACTIVE', 'true'],
      ['ROOTCA', 'CA', 'ACTIVE', 'true'],
    ]);
    const which = { proxy: 'hello-v1-0.shop', namespace: undefined };
    const dump = running.mesh.control.proxies.configDump({ ...which, includeEndpoints: true, mask: [], wanted: false });
    const texts = JSON.stringify(dump).replaceAll(/"inline_bytes":"([^"]*)"/g, (_, bytes: string) => atob(bytes));
    expect(texts).toContain('BEGIN CERTIFICATE');
    expect(texts).not.toContain('PRIVATE KEY');
  });

  it('describes the certificate a workload uses, with the root it trusts, and never its key', async () => {
    const root = JSON.parse(await heddle(running, 'ca', 'root', '-o', 'json'));
    const said = await heddle(running, 'ca', 'inspect', 'deploy/hello-v1', '-o', 'json');
    expect(JSON.parse(said)).toMatchObject({
      kind: 'CertificateList',
      proxy: 'deploy/hello-v1',
      items: [
        {
          spiffeIds: ['spiffe://cluster.local/ns/shop/sa/default'],
          issuer: 'O=cluster.local, CN=heddle root CA',
          serial: rowsOf(await heddle(running, 'pc', 'secret', 'hello-v1', '--local'))[0]?.[4]?.replace(/^0+/, ''),
          isCa: false,
        },
      ],
      roots: [root.certificate.fingerprint],
    });
    expect(said).not.toContain('PRIVATE');
    expect(await heddle(running, 'ca', 'inspect', 'hello-v1')).toContain(`root        ${root.certificate.fingerprint}`);
    const { code, stderr } = await runCli(['ca', 'inspect', 'helo-v1'], { env: running.env });
    expect([code, stderr]).toEqual([64, expect.stringContaining('did you mean "hello-v1"?')]);
  });

  it('finds two sidecars of one mesh to trust one root', async () => {
    const said = await heddle(running, 'pc', 'rootca-compare', '--local', 'hello-v1-0.shop', 'hello-v2');
    expect(said).toContain('trust a common root');
  });

  it('knows its own version, and is no Envoy', async () => {
    expect(await heddle(running, 'pc', 'bootstrap', 'client', '--local', '-o', 'short')).toBe(
      'heddle Version: 1.2.3\n',
    );
  });

  it.each([
    [['pc', 'cluster', 'nobody', '--local'], 'no proxy "nobody"'],
    [['pc', 'cluster', 'hello-v1-0.shpo', '--local'], 'did you mean "hello-v1-0.shop"?'],
    [['pc', 'cluster', 'sack/hello-v1', '--local'], 'no kind of workload'],
    [['pc', 'cluster', '--local'], 'no proxy is named'],
    [['pc', 'cluster', 'client', '--local', '--context', 'prod'], '--local'],
    [['pc', 'cluster', '--local', '-f', 'dump.json'], '--local'],
    [['ps', '--local', '--xds'], 'no istiod'],
    [['ps', 'nobody', '--local'], 'no proxy "nobody"'],
  ])('heddle %s is a usage error', async (argv, words) => {
    const { code, stderr } = await runCli(argv, { env: running.env });
    expect(stderr).toContain(words);
    expect(code).toBe(64);
  });
});

/** A route as `-o json` prints it; of matches what the cases below use. */
interface ShownRoute {
  readonly match: {
    readonly prefix?: string;
    readonly path?: string;
    readonly safeRegex?: { readonly regex: string };
    readonly headers?: readonly { readonly name: string; readonly stringMatch: { readonly exact: string } }[];
    readonly queryParameters?: readonly { readonly name: string; readonly stringMatch: { readonly exact: string } }[];
  };
  readonly route?: {
    readonly cluster?: string;
    readonly weightedClusters?: { readonly clusters: readonly { readonly name: string; readonly weight: number }[] };
  };
  readonly redirect?: { readonly pathRedirect: string; readonly responseCode: string };
  readonly directResponse?: { readonly status: number };
  readonly typedPerFilterConfig?: Readonly<
    Record<string, { readonly abort: { readonly httpStatus: number } } | undefined>
  >;
}

const takes = ({ match }: ShownRoute, { path, method = 'GET', headers = {} }: Asked): boolean => {
  const { pathname, searchParams } = new URL(path, 'http://hello');
  const facts: Readonly<Record<string, string>> = { ...headers, ':method': method };
  return (
    pathname.startsWith(match.prefix ?? '') &&
    (match.path === undefined || match.path === pathname) &&
    (match.safeRegex === undefined || new RegExp(`^(?:${match.safeRegex.regex})$`).test(pathname)) &&
    (match.headers ?? []).every(({ name, stringMatch }) => facts[name] === stringMatch.exact) &&
    (match.queryParameters ?? []).every(({ name, stringMatch }) => searchParams.get(name) === stringMatch.exact)
  );
};

/** The first route of the client's sidecar that takes a request to `hello`, by what proxy-config prints. */
const shownRoute = async (running: Running, asked: Asked): Promise<ShownRoute> => {
  const tables = JSON.parse(await heddle(running, 'pc', 'route', 'client', '--local', '--name', '80', '-o', 'json'));
  const hosts: readonly { readonly domains: readonly string[]; readonly routes: readonly ShownRoute[] }[] =
    tables[0].virtualHosts;
  const own = hosts.find(({ domains }) => domains.includes('hello.shop'));
  const route = own?.routes.find((candidate) => takes(candidate, asked));
  if (route === undefined) throw new Error(`no route is shown for ${asked.path}`);
  return route;
};

const shownClusters = ({ route }: ShownRoute): readonly string[] =>
  route?.weightedClusters?.clusters.map(({ name }) => name) ?? (route?.cluster === undefined ? [] : [route.cluster]);

describe('proxy-config --local of routing configurations', () => {
  afterEach(cleanUp);

  it.each<Asked>([
    { path: '/beta', headers: { 'end-user': 'jason' } },
    { path: '/beta' },
    { path: '/42' },
    { path: '/' },
  ])('shows the clusters by which %o goes', async (asked) => {
    const running = await up(HELLO + WEIGHTS);
    const clusters = shownClusters(await shownRoute(running, asked));
    const used = new Set<string>();
    for (let sent = 0; sent < 30; sent++) used.add((await send(running, asked)).cluster);
    expect([...used].sort()).toEqual([...clusters].sort());
    const rows = rowsOf(await heddle(running, 'pc', 'route', 'client', '--local', '--name', '80'));
    expect(rows.filter((cells) => cells[4] === 'hello.shop').map((cells) => cells[3])).toEqual([
      '/beta',
      'regex /[0-9]+',
      '/*',
    ]);
  });

  it('shows answers of the mesh itself', async () => {
    const running = await up(HELLO + ANSWERS);
    const old = await shownRoute(running, { path: '/old/a' });
    expect(old.redirect).toEqual({ pathRedirect: '/new', responseCode: 'PERMANENT_REDIRECT' });
    expect(await send(running, { path: '/old/a' })).toMatchObject({
      status: 308,
      location: expect.stringMatching(/\/new$/),
    });
    const teapot = { path: '/', method: 'DELETE' };
    const { directResponse } = await shownRoute(running, teapot);
    expect(await send(running, teapot)).toMatchObject({ status: directResponse?.status });
    const broken = { path: '/?broken=yes' };
    const fault = (await shownRoute(running, broken)).typedPerFilterConfig?.['envoy.filters.http.fault'];
    expect(await send(running, broken)).toMatchObject({ status: fault?.abort.httpStatus });
    expect((await send(running, { path: '/' })).status).toBe(200);
  });

  it('shows clusters without endpoints, and where there is no cluster', async () => {
    const running = await up(HELLO + NOBODY);
    const [empty = ''] = shownClusters(await shownRoute(running, { path: '/nobody' }));
    expect(rowsOf(await heddle(running, 'pc', 'cluster', 'client', '--local', '--subset', 'v3'))).toEqual([
      ['hello.shop.svc.cluster.local', '80', 'v3', 'outbound', 'EDS', 'hello.shop'],
    ]);
    expect(rowsOf(await heddle(running, 'pc', 'endpoint', 'client', '--local', '--cluster', empty))).toEqual([]);
    expect(await send(running, { path: '/nobody' })).toMatchObject({ status: 503, cluster: empty });
    const [missing = ''] = shownClusters(await shownRoute(running, { path: '/missing' }));
    expect(missing).toContain('|v4|');
    expect(rowsOf(await heddle(running, 'pc', 'cluster', 'client', '--local', '--subset', 'v4'))).toEqual([]);
    expect((await send(running, { path: '/missing' })).status).toBe(503);
  });

  it('shows mutual TLS and AuthorizationPolicies as they are enforced', async () => {
    const running = await up(HELLO + NOBODY);
    const rows = rowsOf(await heddle(running, 'pc', 'listener', 'hello-v1-0.shop', '--local', '--port', '15006'));
    expect(rows.flat().join('\n')).not.toContain('raw_buffer');
    const policies = JSON.parse(await heddle(running, 'authz', 'check', 'hello-v1-0.shop', '--local', '-o', 'json'));
    expect(policies.items).toContainEqual({ action: 'ALLOW', policy: 'readers.shop', rules: 1, dryRun: false });
    expect((await send(running, { path: '/' })).status).toBe(200);
    expect((await send(running, { path: '/', method: 'POST' })).status).toBe(403);
  });
});

describe('proxy-status --local', () => {
  afterEach(cleanUp);

  it('shows every proxy in step, and then why what was read last is in none of them', async () => {
    const running = await up(HELLO);
    const before = rowsOf(await heddle(running, 'ps', '--local', '-n', 'shop'));
    expect(before.map(([name]) => name)).toEqual(['hello-v1-0.shop', 'hello-v1-1.shop', 'hello-v2-0.shop']);
    for (const cells of before) {
      expect(cells.slice(1)).toEqual([
        'Kubernetes',
        ...Array(4).fill(expect.stringMatching(/^SYNCED \(\d+(?:ms|s)\)$/)),
        'IGNORED',
        'heddle',
        '1.2.3',
      ]);
    }
    expect((await runCli(['ps', '--local', '--fail-on', 'stale'], { env: running.env })).code).toBe(0);

    running.text = HELLO.replace('port: 80,', 'port: eighty,');
    expect((await running.mesh.control.reload()).applied).toBe(false);
    const { code, stdout } = await runCli(['ps', '--local', '--fail-on', 'error'], { env: running.env });
    expect(code).toBe(79);
    expect(stdout).toMatch(/^hello-v1-0\.shop .*ERROR \(/m);
    expect(stdout).toMatch(/^ERROR .* refused CDS, LDS, EDS, RDS, sent .* ago: mesh\.yaml:10:\d+: /m);
    expect((await send(running, { path: '/' })).status).toBe(200);

    running.text = HELLO;
    expect((await running.mesh.control.reload()).applied).toBe(true);
    expect((await runCli(['ps', '--local', '--fail-on', 'stale'], { env: running.env })).code).toBe(0);
  });

  it('compares one proxy with what it should have', async () => {
    const running = await up(HELLO);
    const said = JSON.parse(await heddle(running, 'ps', 'deploy/hello-v2', '--local', '-o', 'json'));
    expect(said).toMatchObject({ kind: 'ProxyDifference', proxy: 'hello-v2-0.shop', istiod: 'heddle', matches: true });
  });
});
