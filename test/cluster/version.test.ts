import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../../src/cluster/cluster.ts';
import { parseBuildInfo, parseProxies } from '../../src/cluster/mesh-versions.ts';
import { runCli } from '../support/cli.ts';
import { type FakeApi, startFakeApi } from '../support/fake-api-server.ts';

let api: FakeApi;
let servers: Server[];
beforeEach(async () => {
  api = await startFakeApi();
  servers = [];
});
afterEach(async () => {
  await api.close();
  for (const server of servers) server.close().closeAllConnections();
});

const version = (...args: readonly string[]) => runCli(['version', '--kubeconfig', api.kubeconfig, ...args]);

const pod = (name: string, revision: string, isReady = true): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name,
    namespace: 'istio-system',
    labels: { app: 'istiod', istio: 'pilot', 'istio.io/rev': revision },
    annotations: { 'prometheus.io/port': '15099' },
  },
  spec: { containers: [{ name: 'discovery' }] },
  status: { phase: 'Running', conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False' }] },
});

/** A pod of istiod whose monitoring port is answered here. */
const istiod = async (name: string, revision: string, answer: RequestListener): Promise<void> => {
  api.store.put(pod(name, revision));
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  api.forward('istio-system', name, 15_099, (server.address() as AddressInfo).port);
};

const pages =
  (build: string, proxies: readonly (readonly [id: string, version: string, type: string])[]): RequestListener =>
  (request, response) => {
    const list = proxies.map(([proxy, istio_version, proxy_type]) => ({ proxy, istio_version, proxy_type }));
    response.end(request.url === '/version' ? build : JSON.stringify(list));
  };

const CLEAN = 'abcdef0123456789-Clean';

describe('version', () => {
  it('says one version of all control planes that agree, and counts proxies by theirs', async () => {
    await istiod('istiod-1', 'default', pages(`1.31.1-${CLEAN}`, [['web.app', '1.31.1', 'sidecar']]));
    await istiod(
      'istiod-2',
      'default',
      pages(`1.31.1-${CLEAN}`, [
        ['old.app', '1.30.0', 'sidecar'],
        ['gw.istio-system', '1.31.1', 'router'],
        ['tool.default', '65536.65536.65536', 'sidecar'],
      ]),
    );
    const { code, stdout, stderr } = await version();
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(
      /^client version: \S+\ncontrol plane version: 1.31.1\ndata plane version: 1.30.0 \(1 proxies\), 1.31.1 \(2 proxies\)\n$/,
    );
    const json = JSON.parse((await version('-o', 'json')).stdout);
    expect(json).toMatchObject({ kind: 'Version', meshVersion: [{ Component: 'pilot', Revision: 'default' }, {}] });
    expect(json.meshVersion[0].Info).toEqual({
      version: '1.31.1',
      revision: 'abcdef0123456789',
      status: 'Clean',
      tag: '1.31.1',
    });
    expect(json.dataPlaneVersion).toContainEqual({ ID: 'gw.istio-system', IstioVersion: '1.31.1', Type: 'gateway' });
    const long = await version('--short=false');
    expect(long.stdout).toContain(
      'pilot version: 1.31.1 (pod istiod-2, revision default, git abcdef0123456789, Clean)',
    );
    expect(long.stdout).toContain('data plane version: 1.30.0 (sidecar old.app)');
  });

  it('says each where they differ, and one with --revision', async () => {
    await istiod('istiod-1', 'default', pages(`1.30.0-${CLEAN}`, []));
    await istiod('istiod-canary-1', 'canary', pages(`1.31.1-${CLEAN}`, []));
    expect((await version()).stdout).toMatch(
      /pilot version: 1.3[01].\d\npilot version: 1.3[01].\d\ndata plane version: none/,
    );
    expect((await version('-r', 'canary')).stdout).toContain('control plane version: 1.31.1\n');
    const none = await version('-r', 'nope');
    expect([none.code, none.stdout.split('\n').length]).toEqual([0, 2]);
    expect(none.stderr).toContain('no running Istio pods in namespace "istio-system" of revision "nope"');
  });

  it('prints its own version, and why no other, whatever is wrong with the cluster', async () => {
    const told = async (...args: readonly string[]): Promise<string> => {
      const { code, stdout, stderr } = await version(...args);
      expect(code, stderr).toBe(0);
      expect(stdout).toMatch(/^client version: \S+\n$/);
      return stderr;
    };
    expect(await told()).toContain('no running Istio pods in namespace "istio-system"');
    expect(await told('-i', 'mesh')).toContain('no running Istio pods in namespace "mesh"');
    expect(await told('--context', 'nope')).toContain('"nope"');
    api.store.put(pod('istiod-1', 'default', false));
    expect(await told()).toContain('no running Istio pods');
    api.fault({ resource: 'pods', times: 1 }, { hang: true });
    expect(await told('--kubeclient-timeout', '200ms')).toContain('did not answer within 0.2s');
    api.forbid({ resource: 'pods' });
    expect(await told()).toContain('not allowed to list pods');
    const { url } = api;
    await api.close();
    api = await startFakeApi({ server: url });
    expect(await told()).toContain('connection refused');
    expect(await runCli(['version', '--remote=false'])).toMatchObject({ code: 0, stderr: '' });
    const without = await runCli(['version', '-o', 'json', '--kubeconfig', '/nonexistent']);
    expect(without.code).toBe(0);
    expect(JSON.parse(without.stdout)).toMatchObject({ kind: 'Version', errors: [{ code: expect.any(String) }] });
  });

  it('leaves out the istiod that does not answer, in time or at all, and says so', async () => {
    await istiod('istiod-1', 'default', pages(`1.31.1-${CLEAN}`, [['web.app', '1.31.1', 'sidecar']]));
    await istiod('istiod-2', 'default', () => undefined);
    api.store.put(pod('istiod-3', 'default'));
    await istiod('istiod-4', 'default', (request, response) => {
      if (request.url === '/version') response.end('1.31.1');
      else response.writeHead(403).end('no');
    });
    const { code, stdout, stderr } = await version('--kubeclient-timeout', '300ms');
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('control plane version: 1.31.1\ndata plane version: 1.31.1 (1 proxies)\n');
    expect(stderr).toMatch(/istiod-2" in namespace "istio-system": it said nothing for 0.3s/);
    expect(stderr).toContain('istiod-3');
    expect(stderr).toContain('istiod "istiod-4" in namespace "istio-system" answers /debug/syncz with 403');
  });
});

describe('what istiod says of its build', () => {
  it.each([
    ['1.31.1-abc-Clean', { version: '1.31.1', revision: 'abc', status: 'Clean', tag: '1.31.1' }],
    ['1.31.1-custom-build-abc-Clean\n', { version: '1.31.1-custom-build', revision: 'abc', status: 'Clean' }],
    ['1.31.1-abc-dirty-Modified', { version: '1.31.1', revision: 'abc-dirty', status: 'Modified' }],
    ['unknown-unknown-unknown', { version: 'unknown', revision: 'unknown' }],
    ['1.31.1', { version: '1.31.1', revision: '', status: '', tag: '' }],
    [
      '{"clientVersion":{"version":"1.31.1","revision":"abc","status":"Clean","tag":"t"}}',
      { version: '1.31.1', tag: 't' },
    ],
  ])('reads %s', (body, build) => {
    expect(parseBuildInfo(body)).toMatchObject(build);
  });

  it('takes no proxies for none, and anything else for no answer', () => {
    expect(parseProxies('null')).toEqual([]);
    expect(parseProxies('[]')).toEqual([]);
    expect(parseProxies('<html>')).toBeUndefined();
    expect(parseProxies('{}')).toBeUndefined();
  });
});
