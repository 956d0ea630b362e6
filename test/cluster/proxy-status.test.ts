import { createServer, type Server } from 'node:http';
import { createSecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bytesField, numberField } from '../../src/base/protobuf.ts';
import type { KubernetesObject } from '../../src/cluster/cluster.ts';
import { runCli } from '../support/cli.ts';
import { type FakeApi, startFakeApi } from '../support/fake-api-server.ts';
import { createAuthority } from './harness/keys.ts';

const MONITORING = 15_014;
const ENVOY_ADMIN = 15_000;
const TYPE = 'type.googleapis.com/';
const CDS = `${TYPE}envoy.config.cluster.v3.Cluster`;
const LDS = `${TYPE}envoy.config.listener.v3.Listener`;
const SDS = `${TYPE}envoy.extensions.transport_sockets.tls.v3.Secret`;

/** Ages are told in whole minutes from ten on, so that a test may take a while. */
const ago = (seconds: number): string => new Date(Date.now() - seconds * 1000).toISOString();

interface Sent {
  readonly sent?: string;
  readonly acked?: string;
  readonly sentTime: string;
  readonly lastError?: string;
}

const synced = (seconds: number): Sent => ({ sent: 'n1', acked: 'n1', sentTime: ago(seconds) });
const stale = (seconds: number): Sent => ({ sent: 'n2', acked: 'n1', sentTime: ago(seconds) });
const refused = (seconds: number, lastError: string): Sent => ({ ...stale(seconds), lastError });

const proxy = (name: string, resources: Readonly<Record<string, Sent>>) => ({
  cluster_id: 'Kubernetes',
  proxy: name,
  proxy_type: 'sidecar',
  istio_version: '1.32.0',
  resources,
});

const pod = (namespace: string, name: string, labels = {}, annotations = {}, phase = 'Running'): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace, labels, annotations },
  spec: { nodeName: 'node', containers: [{ name: 'istio-proxy', image: 'proxyv2:1.32.0' }] },
  status: { phase, conditions: [{ type: 'Ready', status: 'True' }] },
});

const istiodPod = (name: string, revision = 'default'): KubernetesObject =>
  pod('istio-system', name, { app: 'istiod', 'istio.io/rev': revision });

const withSidecar = (name: string, phase = 'Running'): KubernetesObject =>
  pod('shop', name, { app: 'web' }, { 'sidecar.istio.io/status': '{"revision":"default"}' }, phase);

interface Answer {
  readonly status?: number;
  readonly body?: unknown;
  /** What is done to the connection in place of an answer. */
  readonly instead?: 'silence' | 'cut';
}

/** A program that answers each path as it is told, on a port of its own. */
const startProgram = async (answers: ReadonlyMap<string, Answer>): Promise<Server> => {
  const server = createServer((request, response) => {
    const { status = 200, body, instead } = answers.get(request.url ?? '') ?? { status: 404, body: 'nothing' };
    if (instead === 'silence') response.flushHeaders();
    else if (instead === 'cut') {
      response.writeHead(200, { 'content-length': 1000 });
      response.write('[{"proxy":', () => request.socket.destroy());
    } else response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
};

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

describe('proxy-status', () => {
  let api: FakeApi;
  let servers: Server[];
  /** What each istiod answers to each path. */
  let istiods: Map<string, Map<string, Answer>>;

  const serve = async (namespace: string, name: string, port: number, answers: Map<string, Answer>): Promise<void> => {
    const server = await startProgram(answers);
    servers.push(server);
    api.forward(namespace, name, port, portOf(server));
  };

  /** Adds an istiod's pod that answers `/debug/syncz` so. */
  const addIstiod = async (name: string, syncz: Answer, revision?: string): Promise<Map<string, Answer>> => {
    api.store.put(istiodPod(name, revision));
    const answers = new Map([['/debug/syncz', syncz]]);
    istiods.set(name, answers);
    await serve('istio-system', name, MONITORING, answers);
    return answers;
  };

  beforeEach(async () => {
    servers = [];
    istiods = new Map();
    api = await startFakeApi();
  });

  afterEach(async () => {
    await api.close();
    for (const server of servers) {
      server.close();
      server.closeAllConnections();
    }
  });

  const ps = (...argv: string[]) => runCli(['ps', ...argv, '--kubeconfig', api.kubeconfig]);

  describe('of all proxies', () => {
    it('shows a column for each core type, with ages', async () => {
      await addIstiod('istiod-1', {
        body: [proxy('web-1.shop', { [CDS]: synced(3 * 3600 + 190), [LDS]: synced(750) })],
      });
      const { code, stdout, stderr } = await ps();
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      const [head, row] = stdout.split('\n').map((line) => line.split(/ {2,}/));
      expect(head).toEqual(['NAME', 'CLUSTER', 'CDS', 'LDS', 'EDS', 'RDS', 'ECDS', 'ISTIOD', 'VERSION']);
      expect(row?.slice(0, 2)).toEqual(['web-1.shop', 'Kubernetes']);
      expect(row?.[2]).toBe('SYNCED (3h3m)');
      expect(row?.[3]).toBe('SYNCED (12m)');
      expect(row?.slice(4)).toEqual(['IGNORED', 'IGNORED', 'IGNORED', 'istiod-1', '1.32.0']);
    });

    it('says what was refused in the words of Envoy, and what is not confirmed for how long', async () => {
      const reason = 'Error adding/updating cluster(s) outbound|80||a: no such\nfilter \u001b[31m';
      await addIstiod('istiod-1', {
        body: [
          proxy('a.shop', { [CDS]: refused(690, reason) }),
          proxy('b.shop', { [LDS]: stale(750) }),
          ...['c', 'd', 'e', 'f'].map((name) => proxy(`${name}.shop`, { [CDS]: refused(750, reason) })),
        ],
      });
      const { code, stdout } = await ps();
      expect(code).toBe(0);
      expect(stdout).toMatch(/^a\.shop +Kubernetes +ERROR \(11m\)/m);
      expect(stdout).toMatch(
        /^ERROR a\.shop, c\.shop, d\.shop and 2 more refused CDS, sent 12m ago: Error adding\/updating cluster\(s\) outbound\|80\|\|a: no such filter \\u001b\[31m$/m,
      );
      expect(stdout).toMatch(/^STALE b\.shop did not confirm LDS for 12m$/m);
      expect(stdout).not.toContain('\u001b');
    });

    it.each([
      ['nothing is wrong', [synced(1)], 'stale', 0],
      ['one is behind', [synced(1), stale(5)], 'stale', 79],
      ['one is behind, which is not asked', [synced(1), stale(5)], 'error', 0],
      ['one refused', [refused(1, 'no')], 'error', 79],
      ['one refused, which is worse than behind', [refused(1, 'no')], 'stale', 79],
    ])('with --fail-on, where %s', async (_title, states, failOn, code) => {
      await addIstiod('istiod-1', { body: states.map((state, at) => proxy(`p${at}.shop`, { [CDS]: state })) });
      expect((await ps('--fail-on', failOn)).code).toBe(code);
      expect((await ps('--fail-on', failOn, '-o', 'json')).code).toBe(code);
    });

    it('puts the proxies of several istiods together, and can ask those of one revision', async () => {
      await addIstiod('istiod-1', {
        body: [proxy('b.shop', { [CDS]: synced(9) }), proxy('moved.shop', { [CDS]: stale(900) })],
      });
      await addIstiod(
        'istiod-2',
        { body: [proxy('moved.shop', { [CDS]: synced(3) }), proxy('a.shop', { [CDS]: synced(1) })] },
        'canary',
      );
      const { stdout } = await ps('-o', 'json');
      const items = JSON.parse(stdout).items.map(({ name, istiod, state }: Record<string, string>) => [
        name,
        istiod,
        state,
      ]);
      expect(items).toEqual([
        ['a.shop', 'istiod-2', 'SYNCED'],
        ['b.shop', 'istiod-1', 'SYNCED'],
        ['moved.shop', 'istiod-2', 'SYNCED'],
      ]);
      for (const choice of [
        ['-r', 'canary'],
        ['--xds-label', 'istio.io/rev in (canary)'],
      ])
        expect((await ps(...choice, '-o', 'name')).stdout).toBe('a.shop\nmoved.shop\n');
    });

    it('lists pods with a sidecar that no istiod knows', async () => {
      await addIstiod('istiod-1', { body: [proxy('known.shop', { [CDS]: synced(1) })] });
      for (const object of [withSidecar('known'), withSidecar('lost'), withSidecar('young', 'Pending')])
        api.store.put(object);
      const { stdout } = await ps();
      expect(stdout).toContain('NOT CONNECTED lost.shop, young.shop (Pending): ');
      expect((await ps('--fail-on', 'error')).code).toBe(0);
      expect((await ps('--fail-on', 'stale')).code).toBe(79);
    });

    it('shows the types beyond the core with -v 1, and lists them with -o wide', async () => {
      await addIstiod('istiod-1', { body: [proxy('a.shop', { [CDS]: synced(1), [SDS]: synced(1) })] });
      expect((await ps()).stdout).not.toContain('SDS');
      for (const verbosity of [['-v', '1'], ['-v'], ['--verbosity=1']])
        expect((await ps(...verbosity)).stdout).toMatch(/ECDS +SDS +ISTIOD +VERSION$/m);
      expect((await ps('-v', '2')).code).toBe(64);
      const wide = (await ps('-o', 'wide')).stdout;
      expect(wide).toMatch(/SDS +ISTIOD +VERSION +SUBSCRIBED TYPES$/m);
      expect(wide).toMatch(/2 \(CDS,SDS\)$/m);
    });

    it('leaves out tools that are connected, and proxies of other namespaces', async () => {
      await addIstiod('istiod-1', {
        body: [
          { cluster_id: 'Kubernetes', proxy: 'heddle.istio-system', istio_version: '65536.65536.65536' },
          proxy('debug.shop', { 'istio.io/debug/syncz': synced(1) }),
          proxy('a.shop', { [CDS]: synced(1) }),
          proxy('b.other', { [CDS]: synced(1) }),
        ],
      });
      expect((await ps('-o', 'name')).stdout).toBe('a.shop\nb.other\n');
      expect((await ps('-o', 'name', '-n', 'shop')).stdout).toBe('a.shop\n');
      const absent = await ps('-n', 'absent');
      expect({ code: absent.code, stdout: absent.stdout }).toEqual({ code: 1, stdout: '' });
      expect(absent.stderr).toContain('there is no namespace absent');
    });

    it('tells of an istiod that is dead, cut off or silent, and shows what the others know', async () => {
      await addIstiod('istiod-1', { body: [proxy('a.shop', { [CDS]: synced(1) })] });
      await addIstiod('istiod-cut', { instead: 'cut' });
      await addIstiod('istiod-silent', { instead: 'silence' });
      api.store.put(istiodPod('istiod-dead'));
      const { code, stdout, stderr } = await ps('--timeout', '500ms');
      expect(code).toBe(0);
      expect(stdout).toContain('a.shop');
      expect(stderr.match(/^Warning: /gm)).toHaveLength(3);
      for (const name of ['istiod-cut', 'istiod-silent', 'istiod-dead']) expect(stderr).toContain(name);
      expect((await ps('--timeout', '500ms', '--fail-on', 'error')).code).toBe(69);
    });

    it.each([
      ['is silent', { instead: 'silence' }, 75, 'said nothing for 0.5s'],
      ['is cut off', { instead: 'cut' }, 69, 'the connection was cut'],
      ['answers something else', { body: '<html>' }, 1, 'is not JSON'],
    ] satisfies readonly (readonly [string, Answer, number, string])[])(
      'fails where the only istiod %s',
      async (_title, answer, code, words) => {
        await addIstiod('istiod-1', answer);
        const failed = await ps('--timeout', '500ms');
        expect({ code: failed.code, stdout: failed.stdout }).toEqual({ code, stdout: '' });
        expect(failed.stderr).toContain(words);
        expect(JSON.parse((await ps('--timeout', '500ms', '-o', 'json')).stdout)).toHaveProperty('error.code');
      },
    );

    it('says that no istiod runs', async () => {
      api.store.put({ ...istiodPod('istiod-1'), status: { phase: 'Pending' } });
      const { code, stderr } = await ps();
      expect(code).toBe(1);
      expect(stderr).toContain('no running Istio pods in namespace "istio-system"');
    });

    it('lists 1,000 proxies, and what is wrong with all of them in one line', async () => {
      const body = Array.from({ length: 1000 }, (_, at) =>
        proxy(`web-${at}.shop`, { [CDS]: refused(5, 'no such filter') }),
      );
      await addIstiod('istiod-1', { body });
      const lines = (await ps()).stdout.trimEnd().split('\n');
      expect(lines).toHaveLength(1 + 1000 + 1 + 1);
      expect(lines.at(-1)).toMatch(/and 997 more refused CDS/);
    });

    it.each([
      ['where the debug port is closed', [], false],
      ['where it is told to', ['--xds'], true],
    ])('asks over XDS %s', async (_title, argv, hasDebugPort) => {
      if (hasDebugPort) await addIstiod('istiod-1', { body: [] });
      else api.store.put(istiodPod('istiod-1'));
      const { issue } = await createAuthority();
      const { certificate: cert, key } = await issue([{ CN: ['istiod'] }], [{ type: 'dns', value: 'istiod' }]);
      const xds = createSecureServer({ cert, key });
      xds.on('stream', (stream) => {
        stream.once('data', () => {
          const generic = Buffer.concat([
            bytesField(1, CDS),
            numberField(6, 4),
            bytesField(8, bytesField(3, 'no such filter')),
          ]);
          const config = Buffer.concat([bytesField(1, bytesField(1, 'a.shop')), bytesField(3, generic)]);
          const answer = bytesField(2, Buffer.concat([bytesField(1, 'x'), bytesField(2, config)]));
          stream.respond({ ':status': 200 });
          stream.write(Buffer.concat([Buffer.from([0, 0, 0, 0, answer.length]), answer]));
        });
      });
      await new Promise<void>((resolve) => xds.listen(0, '127.0.0.1', resolve));
      api.forward('istio-system', 'istiod-1', 15_012, (xds.address() as AddressInfo).port);
      const { stdout, code } = await ps(...argv);
      xds.close();
      expect(code).toBe(0);
      expect(stdout).toContain('ERROR a.shop refused CDS: no such filter');
    });

    it('refuses flags that mean nothing together', async () => {
      for (const argv of [
        ['-w', '--fail-on', 'error'],
        ['web-1.shop', '-w'],
        ['--file', 'dump.json'],
        ['--fail-on', 'eror'],
      ])
        expect((await ps(...argv)).code).toBe(64);
      expect((await ps('--fail-on', 'eror')).stderr).toContain('did you mean error?');
    });

    it('shows no secrets, even if a proxy repeats them', async () => {
      const key = '-----BEGIN PRIVATE KEY-----\nCANARY\n-----END PRIVATE KEY-----';
      await addIstiod('istiod-1', { body: [proxy('a.shop', { [LDS]: refused(1, `bad key ${key}`) })] });
      for (const format of ['table', 'wide', 'json', 'yaml'])
        expect((await ps('-o', format)).stdout).not.toContain('CANARY');
    });
  });

  describe('again and again', () => {
    it('appends a block for each change and says when istiod is gone', async () => {
      const answers = await addIstiod('istiod-1', { body: [proxy('a.shop', { [CDS]: stale(60) })] });
      const stop = new AbortController();
      let asked = 0;
      const onWrite = (stream: 'stdout' | 'stderr', text: string): void => {
        if (stream === 'stdout' && text.includes('STALE') && asked === 0) {
          asked = 1;
          answers.set('/debug/syncz', { body: [proxy('a.shop', { [CDS]: synced(1) })] });
        } else if (stream === 'stdout' && text.includes('SYNCED'))
          answers.set('/debug/syncz', { status: 500, body: 'down' });
        else if (stream === 'stderr') stop.abort();
      };
      const argv = ['ps', '-w', '--kubeconfig', api.kubeconfig];
      const { code, stdout, stderr } = await runCli(argv, { signal: stop.signal, onWrite });
      expect(code).toBe(130);
      expect(stdout.match(/^NAME/gm)).toHaveLength(2);
      expect(stdout.indexOf('STALE')).toBeLessThan(stdout.indexOf('SYNCED'));
      expect(stderr).toContain('answers /debug/syncz with 500');
    }, 20_000);
  });

  describe('of one proxy', () => {
    const cluster = (name: string, fields = {}) => ({ cluster: { '@type': CDS, name, ...fields } });
    const clusters = (...items: readonly object[]) => ({
      '@type': `${TYPE}envoy.admin.v3.ClustersConfigDump`,
      dynamic_active_clusters: items,
    });
    const WANTED = `/debug/config_dump?proxyID=web-1.shop`;
    let envoy: Map<string, Answer>;
    let istiod: Map<string, Answer>;

    beforeEach(async () => {
      api.store.put(withSidecar('web-1'));
      envoy = new Map();
      await serve('shop', 'web-1', ENVOY_ADMIN, envoy);
      await addIstiod('istiod-other', { body: [] });
      istiod = await addIstiod('istiod-1', { body: [proxy('web-1.shop', { [LDS]: refused(9, 'no such filter') })] });
    });

    it('matches where both have the same, however its fields are spelt', async () => {
      istiod.set(WANTED, {
        body: { configs: [clusters(cluster('a', { connectTimeout: '10s', edsClusterConfig: { serviceName: 'a' } }))] },
      });
      const found = clusters(cluster('a', { connect_timeout: '10s', eds_cluster_config: { service_name: 'a' } }));
      const routes = {
        '@type': `${TYPE}envoy.admin.v3.RoutesConfigDump`,
        dynamic_route_configs: [{ last_updated: '2026-11-22T13:00:49.5Z' }],
      };
      envoy.set('/config_dump', { body: { configs: [found, routes] } });
      const { code, stdout } = await ps('web-1.shop');
      expect(stdout.split('\n').slice(0, 3)).toEqual([
        'Clusters Match',
        'Listeners Match',
        'Routes Match (RDS last loaded at Sun, 22 Nov 2026 13:00:49 UTC)',
      ]);
      expect(stdout).toMatch(/^ERROR web-1\.shop refused LDS, sent \d+s ago: no such filter$/m);
      expect(code).toBe(0);
    });

    it('names the objects and the fields that differ', async () => {
      const wanted = clusters(cluster('a', { connect_timeout: '10s' }), cluster('new'));
      const found = clusters(cluster('a', { connect_timeout: '5s' }), cluster('old'));
      const listeners = (fields: object) => ({
        '@type': `${TYPE}envoy.admin.v3.ListenersConfigDump`,
        dynamic_listeners: [{ name: 'l', ...fields }],
      });
      const filters = (...names: readonly string[]) => ({
        listener: { '@type': LDS, name: 'l', filter_chains: [{ filters: names.map((name) => ({ name })) }] },
      });
      istiod.set(WANTED, { body: { configs: [wanted, listeners({ active_state: filters('rbac', 'router') })] } });
      const details = { error_state: { details: 'unknown filter' } };
      envoy.set('/config_dump', {
        body: { configs: [found, listeners({ active_state: filters('router', 'rbac'), ...details })] },
      });
      const { code, stdout } = await ps('pod/web-1', '-n', 'shop');
      expect(code).toBe(81);
      expect(stdout.split('\n').slice(0, 9)).toEqual([
        "Clusters Don't Match",
        '  ~ a',
        '      connectTimeout: istiod "10s", proxy "5s"',
        '  - new: istiod wants it, the proxy has it not',
        '  + old: the proxy has it, istiod wants it not',
        "Listeners Don't Match",
        '  ~ l',
        '      unknown filter',
        '      filterChains[0].filters[*].name: istiod ["rbac","router"], proxy ["router","rbac"]',
      ]);
      const { parts, matches } = JSON.parse((await ps('web-1.shop', '-o', 'json')).stdout);
      expect(matches).toBe(false);
      expect(parts[0].objects[0]).toEqual({
        name: 'a',
        change: 'differs',
        fields: [{ path: 'connectTimeout', wanted: '10s', found: '5s' }],
        reason: '',
      });
    });

    it('reads the saved dump of a proxy', async () => {
      istiod.set(WANTED, { body: { configs: [clusters(cluster('a'))] } });
      const dump = JSON.stringify({ configs: [clusters(cluster('a'))] });
      const argv = ['ps', 'web-1.shop', '--file', '-', '--kubeconfig', api.kubeconfig];
      expect((await runCli(argv, { stdin: dump })).code).toBe(0);
      expect((await runCli(argv, { stdin: dump.slice(0, 40) })).code).toBe(65);
    });

    it('says that the proxy is connected to no istiod, or has no Envoy', async () => {
      envoy.set('/config_dump', { body: { configs: [clusters(cluster('a'))] } });
      const lost = await ps('web-1.shop');
      expect(lost.code).toBe(1);
      expect(lost.stderr).toContain('no istiod that was asked is connected to web-1.shop');
      istiod.set(WANTED, { body: { configs: [] } });
      const { code, stderr } = await ps('web-1.shop', '--proxy-admin-port', '15999');
      expect(code).toBe(69);
      expect(stderr).toContain('nothing answers on port 15999');
    });

    it('knows that a ztunnel has no Envoy', async () => {
      api.store.put(pod('istio-system', 'ztunnel-1', { app: 'ztunnel' }));
      const { code, stderr } = await ps('ztunnel-1.istio-system');
      expect(code).toBe(0);
      expect(stderr).toContain('is a ztunnel');
    });
  });
});
