import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../../src/cluster/cluster.ts';
import { runCli } from '../support/cli.ts';
import { type FakeApi, startFakeApi } from '../support/fake-api-server.ts';

const object = (apiVersion: string, kind: string, name: string, rest: object): KubernetesObject => ({
  apiVersion,
  kind,
  metadata: { name, namespace: 'shop' },
  ...rest,
});

const definition = (kind: string): KubernetesObject => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${kind.toLowerCase()}s.networking.istio.io` },
  spec: {
    group: 'networking.istio.io',
    scope: 'Namespaced',
    names: { kind, plural: `${kind.toLowerCase()}s` },
    versions: [{ name: 'v1', served: true }],
  },
});

const pod = (app: string, version: string): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: `${app}-${version}`, namespace: 'shop', labels: { app, version } },
  spec: {
    containers: [
      { name: 'app', image: 'app', ports: [{ containerPort: 80 }] },
      { name: 'istio-proxy', image: 'proxyv2', args: ['proxy', 'sidecar'] },
    ],
  },
  status: { phase: 'Running' },
});

const HOST = 'reviews.shop.svc.cluster.local';
const subsets = ['v1', 'v2'].map((version) => ({ name: version, labels: { version } }));
const rule = (subset: string) => ({
  hosts: ['reviews'],
  http: [{ route: [{ destination: { host: 'reviews', subset } }] }],
});

const dumpWith = (subset: string, updated: string): string =>
  JSON.stringify({
    configs: [
      {
        '@type': 'type.googleapis.com/envoy.admin.v3.RoutesConfigDump',
        dynamic_route_configs: [
          {
            last_updated: updated,
            route_config: {
              name: '80',
              virtual_hosts: [
                {
                  name: `${HOST}:80`,
                  domains: [HOST, 'reviews'],
                  routes: [{ match: { prefix: '/' }, route: { cluster: `outbound|80|${subset}|${HOST}` } }],
                },
              ],
            },
          },
        ],
      },
    ],
  });

describe('explain --live', () => {
  let api: FakeApi;
  let envoy: Server;
  let dump: string;

  beforeEach(async () => {
    dump = dumpWith('v1', new Date(Date.now() - 240_000).toISOString());
    envoy = createServer((_request, response) => response.end(dump));
    await new Promise<void>((resolve) => envoy.listen(0, '127.0.0.1', resolve));
    api = await startFakeApi({
      objects: [
        definition('VirtualService'),
        definition('DestinationRule'),
        { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } },
        pod('web', 'v1'),
        pod('reviews', 'v1'),
        pod('reviews', 'v2'),
        object('v1', 'Service', 'reviews', {
          spec: { selector: { app: 'reviews' }, ports: [{ name: 'http', port: 80 }] },
        }),
        object('networking.istio.io/v1', 'DestinationRule', 'reviews', { spec: { host: 'reviews', subsets } }),
        object('networking.istio.io/v1', 'VirtualService', 'reviews', { spec: rule('v2') }),
      ],
    });
    api.forward('shop', 'web-v1', 15_000, (envoy.address() as AddressInfo).port);
  });
  afterEach(async () => {
    await api.close();
    envoy.close();
  });

  const explain = (...argv: string[]) =>
    runCli(['explain', 'GET', 'http://reviews/', '--live', 'web-v1.shop', '--kubeconfig', api.kubeconfig, ...argv]);

  it('says where the proxy sends a request that the configuration sends elsewhere, and since when', async () => {
    const { code, stdout } = await explain();
    expect(code).toBe(81);
    expect(stdout).toContain(`✘ the configuration says outbound|80|v2|${HOST} 100%`);
    expect(stdout).toMatch(/the proxy of web-v1\.shop says outbound\|80\|v1\|\S+ 100%; its routes are 24\d s old\n$/);
  });

  it('agrees when the proxy has it', async () => {
    dump = dumpWith('v2', new Date().toISOString());
    const { code, stdout } = await explain('-o', 'json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      kind: 'Explanation',
      result: { cluster: `outbound|80|v2|${HOST}` },
      proxy: { pod: 'web-v1.shop', isSame: true, route: { table: '80' } },
    });
    expect((await explain()).stdout).toContain('✔ the proxy of web-v1.shop does the same');
  });

  it('says that the proxy has no route at all', async () => {
    const { code, stdout } = await explain('--port', '80', '-o', 'text');
    expect(code).toBe(81);
    expect(stdout).toContain('the proxy of');
    dump = dumpWith('v1', '').replace('"name":"80"', '"name":"9080"');
    expect((await explain()).stdout).toContain('has no route for it');
  });

  it.each([
    [['--gateway', 'x'], 'exclude each other'],
    [['-f', '-'], 'add --from with its workload'],
  ])('refuses %o', async (argv, words) => {
    const { code, stderr } = await explain(...argv);
    expect(code).toBe(64);
    expect(stderr).toContain(words);
  });
});
