import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../../src/cluster/cluster.ts';
import { runCli } from '../support/cli.ts';
import { type FakeApi, startFakeApi } from '../support/fake-api-server.ts';

const ISTIOD: KubernetesObject = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'istiod-1', namespace: 'istio-system', labels: { app: 'istiod' } },
  spec: { containers: [{ name: 'discovery', image: 'pilot' }] },
  status: { phase: 'Running' },
};

const DEFINITION: KubernetesObject = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'virtualservices.networking.istio.io' },
  spec: {
    group: 'networking.istio.io',
    scope: 'Namespaced',
    names: { kind: 'VirtualService', plural: 'virtualservices' },
    versions: [{ name: 'v1', served: true }],
  },
};

const WEB: KubernetesObject = {
  apiVersion: 'networking.istio.io/v1',
  kind: 'VirtualService',
  metadata: { name: 'web', namespace: 'shop' },
  spec: { hosts: ['web'] },
};

type State = 'synced' | 'stale' | 'refused';

const proxyIn = (state: State, at: number) => ({
  proxy: `web-${at}.shop`,
  cluster_id: 'Kubernetes',
  istio_version: '1.32.0',
  resources: {
    'type.googleapis.com/envoy.config.cluster.v3.Cluster': {
      sent: 'n2',
      acked: state === 'synced' ? 'n2' : 'n1',
      lastError: state === 'refused' ? 'no such filter' : '',
    },
  },
});

/** Istiod at one look: which version it holds, none or an old one, and how its proxies are. */
interface Look {
  readonly holds: 'old' | 'new' | 'nothing';
  readonly proxies: readonly State[];
}

describe('wait', () => {
  let api: FakeApi;
  let istiod: Server;
  let looks: readonly Look[];
  /** How often istiod was asked what it holds. */
  let asked: number;

  beforeEach(async () => {
    asked = 0;
    looks = [];
    api = await startFakeApi({ objects: [ISTIOD, DEFINITION] });
    istiod = createServer(({ url }, response) => {
      if (url === '/debug/configz') asked += 1;
      const { holds, proxies } = looks[asked - 1] ?? looks.at(-1) ?? { holds: 'nothing', proxies: [] };
      const stored = api.store.get({ ...WEB, namespace: 'shop', name: 'web' });
      const resourceVersion = holds === 'new' ? stored?.metadata.resourceVersion : 'old';
      const held = holds === 'nothing' ? [] : [{ ...WEB, metadata: { ...WEB.metadata, resourceVersion } }];
      response.end(JSON.stringify(url === '/debug/configz' ? held : proxies.map(proxyIn)));
    });
    await new Promise<void>((resolve) => istiod.listen(0, '127.0.0.1', resolve));
    api.forward('istio-system', 'istiod-1', 15_014, (istiod.address() as AddressInfo).port);
  });

  afterEach(async () => {
    await api.close();
    istiod.close();
    istiod.closeAllConnections();
  });

  const run = (...argv: string[]) => runCli(['wait', '--settle', '0s', ...argv, '--kubeconfig', api.kubeconfig]);

  it('waits until istiod has this version and then until the proxies have what it sent', async () => {
    api.store.put(WEB);
    looks = [
      { holds: 'nothing', proxies: ['synced'] },
      { holds: 'old', proxies: ['synced'] },
      { holds: 'new', proxies: ['synced', 'stale'] },
      { holds: 'new', proxies: ['synced', 'synced'] },
    ];
    const { code, stdout, stderr } = await run('vs', 'web.shop');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe('VirtualService web in namespace shop has reached 1 istiod and 2 of 2 proxies\n');
    expect(asked).toBe(4);
  });

  it('begins anew when a proxy falls behind before it has stayed so for long enough', async () => {
    api.store.put(WEB);
    looks = [
      { holds: 'new', proxies: ['synced'] },
      { holds: 'new', proxies: ['stale'] },
      { holds: 'new', proxies: ['synced'] },
    ];
    const { code } = await run('virtualservices', 'web', '-n', 'shop', '--settle', '300ms');
    expect(code).toBe(0);
    expect(asked).toBeGreaterThan(3);
  });

  it('is content with a part of the proxies', async () => {
    api.store.put(WEB);
    looks = [{ holds: 'new', proxies: ['synced', 'synced', 'synced', 'refused'] }];
    const { code, stdout } = await run('vs', 'web.shop', '--threshold', '75', '-o', 'json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ kind: 'Distribution', istiods: 1, proxies: 4, synced: 3 });
  });

  it('waits for the end of an object', async () => {
    looks = [
      { holds: 'old', proxies: ['synced'] },
      { holds: 'nothing', proxies: ['synced'] },
    ];
    const { code, stdout } = await run('--for=delete', 'virtualservice', 'web.shop');
    expect({ code, asked }).toEqual({ code: 0, asked: 2 });
    expect(stdout).toContain('is gone from 1 istiod and 1 of 1 proxies');
  });

  it.each([
    ['istiod istiod-1 has not read this version', { holds: 'old', proxies: [] }],
    ['proxy web-1.shop is ERROR', { holds: 'new', proxies: ['synced', 'refused'] }],
  ] as const)('says in the end that %s', async (words, look) => {
    api.store.put(WEB);
    looks = [look];
    const { code, stderr } = await run('vs', 'web.shop', '--timeout', '1ms');
    expect(code).toBe(75);
    expect(stderr).toContain(words);
  });

  it.each([
    [['vs', 'nope.shop'], 1, 'there is no VirtualService nope in namespace shop'],
    [['virtualservic', 'web.shop'], 64, 'did you mean virtualservice?'],
    [['dr', 'web.shop'], 1, 'there is no DestinationRule web'],
    [['httproute', 'web.shop'], 1, 'does not serve HTTPRoute'],
    [['vs', 'web.shop', '--for', 'ever'], 64, '--for=distribution or --for=delete'],
  ])('says what is wrong with %s', async (argv, exitCode, words) => {
    const { code, stderr } = await run(...argv);
    expect(code).toBe(exitCode);
    expect(stderr).toContain(words);
  });
});
