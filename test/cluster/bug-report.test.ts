import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../../src/cluster/cluster.ts';
import { readTar } from '../../src/install/chart/tar.ts';
import { type CliResult, runCli } from '../support/cli.ts';
import { type FakeApi, startFakeApi } from '../support/fake-api-server.ts';

const CANARY = 'c4n4ry';
const JWT = `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.${CANARY}`;
const KEY = `-----BEGIN PRIVATE KEY-----\n${CANARY}\n-----END PRIVATE KEY-----\n`;
const LOG = [
  `authorization: Bearer ${CANARY}`,
  `{"authorization":"Basic ${CANARY}","path":"/kept"}`,
  `GET /login?token=${CANARY}&page=2`,
  `dial postgres://shop:${CANARY}@db:5432/shop`,
  `password = "two words ${CANARY}"`,
  `cookie: session=${CANARY}`,
  `key ${KEY.trim()}`,
  `sent ${JWT}`,
  `env name: DB_PASSWORD value: ${CANARY}`,
  'nothing to hide',
].join('\n');

const pod = (namespace: string, name: string, containers: readonly string[], labels = {}): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name,
    namespace,
    labels,
    annotations: { 'kubectl.kubernetes.io/last-applied-configuration': `{"x":"${CANARY}"}` },
  },
  spec: {
    nodeName: 'node',
    containers: containers.map((container) => ({
      name: container,
      env: [
        { name: 'DB_PASSWORD', value: CANARY },
        { name: 'PLAIN', value: 'visible' },
      ],
      args: [`--token=${CANARY}`],
    })),
  },
  status: { phase: 'Running', containerStatuses: [{ name: 'istio-proxy', restartCount: 1 }] },
});

const inShop = (apiVersion: string, kind: string, name: string, fields: object): KubernetesObject => ({
  apiVersion,
  kind,
  metadata: { name, namespace: 'shop' },
  ...fields,
});

const definition = (group: string, kind: string, plural: string): KubernetesObject => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${plural}.${group}` },
  spec: {
    group,
    names: { kind, plural },
    scope: 'Namespaced',
    versions: [{ name: 'v1', served: true, storage: true }],
  },
});

const OBJECTS: readonly KubernetesObject[] = [
  definition('networking.istio.io', 'VirtualService', 'virtualservices'),
  definition('security.istio.io', 'AuthorizationPolicy', 'authorizationpolicies'),
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels: { 'istio-injection': 'enabled' } } },
  pod('istio-system', 'istiod-1', ['discovery'], { app: 'istiod' }),
  pod('shop', 'web-1', ['app', 'istio-proxy']),
  pod('shop', 'db-1', ['istio-proxy']),
  inShop('v1', 'Secret', 'tls', { data: { 'tls.key': Buffer.from(KEY).toString('base64'), password: btoa(CANARY) } }),
  inShop('networking.istio.io/v1', 'VirtualService', 'web', {
    spec: {
      hosts: ['web'],
      http: [
        {
          headers: { request: { set: { authorization: `Basic ${CANARY}` } } },
          route: [{ destination: { host: 'web' } }],
        },
      ],
    },
  }),
  inShop('security.istio.io/v1', 'AuthorizationPolicy', 'keys', {
    spec: { rules: [{ when: [{ key: 'request.headers[x-api-key]', values: [CANARY] }] }] },
  }),
];

describe('bug-report', () => {
  let api: FakeApi;
  let admin: Server;
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'heddle-bug-report-'));
    admin = createServer((request, response) => {
      const isDump = request.url?.startsWith('/config_dump') === true;
      const cluster = { name: 'outbound|80||web.shop.svc.cluster.local', type: 'EDS' };
      const part = {
        '@type': 'type.googleapis.com/envoy.admin.v3.ClustersConfigDump',
        dynamic_active_clusters: [{ cluster }],
        secret: { private_key: { inline_string: KEY }, note: JWT },
      };
      response.end(isDump ? JSON.stringify({ configs: [part] }) : `{"token":"${CANARY}"}`);
    });
    await new Promise<void>((resolve) => admin.listen(0, '127.0.0.1', resolve));
    api = await startFakeApi({ objects: OBJECTS });
    const { port } = admin.address() as AddressInfo;
    api.forward('istio-system', 'istiod-1', 15_014, port);
    api.forward('shop', 'web-1', 15_000, port);
    for (const each of ['shop/web-1', 'shop/db-1', 'istio-system/istiod-1']) {
      const [namespace = '', name = ''] = each.split('/');
      api.setLog(namespace, name, LOG);
    }
  });
  afterEach(async () => {
    await api.close();
    admin.closeAllConnections();
    await new Promise((resolve) => admin.close(resolve));
    await rm(directory, { recursive: true });
  });

  const report = (...argv: readonly string[]): Promise<CliResult> =>
    runCli(['bug-report', '--kubeconfig', api.kubeconfig, ...argv], { cwd: directory });

  const unpack = async (): Promise<ReadonlyMap<string, string>> => {
    const files = readTar(gunzipSync(await readFile(join(directory, 'bug-report.tar.gz'))));
    if (typeof files === 'string') throw new Error(files);
    return new Map(files.map(({ path, bytes }) => [path, new TextDecoder().decode(bytes)]));
  };

  it('has objects, states, logs and answers, for its owner only, and says what it could not have', async () => {
    const { code, stderr } = await report();
    expect(code, stderr).toBe(0);
    expect((await stat(join(directory, 'bug-report.tar.gz'))).mode & 0o777).toBe(0o600);
    const files = await unpack();
    expect([...files.keys()]).toEqual(
      expect.arrayContaining([
        'bug-report/README.txt',
        'bug-report/answers/analyze.txt',
        'bug-report/configuration/VirtualService.yaml',
        'bug-report/istiod/istio-system/istiod-1/syncz.json',
        'bug-report/logs/shop/web-1/istio-proxy.log',
        'bug-report/logs/shop/web-1/istio-proxy.previous.log',
        'bug-report/proxies/shop/web-1/config_dump.json',
        'bug-report/state/pods.yaml',
      ]),
    );
    expect(files.has('bug-report/logs/shop/web-1/app.log')).toBe(false);
    expect(stderr).toContain('missing: proxies/shop/db-1/config_dump.json: nothing answers on port 15000');
    expect(files.get('bug-report/README.txt')).toContain('proxies/shop/db-1/config_dump.json: nothing answers');
  });

  it('has no secret in any file, and what is none', async () => {
    await report();
    const files = await unpack();
    for (const [path, text] of files)
      for (const secret of [CANARY, btoa(CANARY)]) expect(text, path).not.toContain(secret);
    expect(files.get('bug-report/configuration/AuthorizationPolicy.yaml')).toContain('x-api-key');
    const log = files.get('bug-report/logs/shop/web-1/istio-proxy.log');
    expect(log).toContain('"path":"/kept"');
    expect(log).toContain('&page=2');
    expect(log).toContain('nothing to hide');
    expect(files.get('bug-report/state/pods.yaml')).toContain('visible');
  });

  it('is read without the cluster', async () => {
    await report();
    for (const [path, text] of await unpack()) {
      await mkdir(dirname(join(directory, path)), { recursive: true });
      await writeFile(join(directory, path), text);
    }
    const offline = (line: string): Promise<CliResult> =>
      runCli(line.split(' '), { cwd: join(directory, 'bug-report') });
    const analysis = await offline('analyze --use-kube=false configuration -o json');
    expect([0, 79]).toContain(analysis.code);
    const clusters = await offline('proxy-config cluster -f proxies/shop/web-1/config_dump.json');
    expect(clusters.code, clusters.stderr).toBe(0);
    expect(clusters.stdout).toContain('web.shop.svc.cluster.local');
  });

  it('gathers from what is included and not excluded', async () => {
    const paths = async (...filters: readonly string[]): Promise<readonly string[]> => {
      const { stdout } = await report('--dry-run', '--skip-analyze', '-o', 'json', ...filters);
      const { items } = JSON.parse(stdout) as { readonly items: readonly string[] };
      return items.filter((path) => /^(logs|proxies)/.test(path)).map((path) => path.split('/').slice(0, 3).join('/'));
    };
    expect(new Set(await paths('--include', 'shop//web-*'))).toEqual(
      new Set(['logs/shop/web-1', 'proxies/shop/web-1']),
    );
    expect(new Set(await paths('--exclude', 'shop'))).toEqual(new Set(['logs/istio-system/istiod-1']));
    expect(new Set(await paths('--include', '///app=istiod'))).toEqual(new Set(['logs/istio-system/istiod-1']));
    const wrong = await report('--include', '///app');
    expect(wrong.code).toBe(64);
    expect(wrong.stderr).toContain('NAME=VALUE');
  });

  it('ends within its limits when something never answers', async () => {
    api.fault({ verb: 'get', resource: 'pods/log' }, { hang: true });
    const { code, stderr } = await report('--item-timeout', '200ms', '--skip-analyze', '--skip-cluster-dump');
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/missing: logs\/shop\/web-1\/istio-proxy\.log: .*0\.2s/);
    expect((await unpack()).has('bug-report/istiod/istio-system/istiod-1/version.json')).toBe(true);
  });

  it('writes nothing where there is no cluster, or no place', async () => {
    await writeFile(join(directory, 'file'), '');
    const nowhere = await report('--output-dir', 'file/below', '--skip-analyze');
    expect(nowhere.code).toBe(73);
    await rm(join(directory, 'bug-report.tar.gz'), { force: true });
    api.fault({}, { reset: true });
    expect((await report()).code).toBe(69);
    await expect(stat(join(directory, 'bug-report.tar.gz'))).rejects.toThrow();
  });
});
