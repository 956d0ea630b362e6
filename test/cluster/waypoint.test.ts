import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../../src/cluster/cluster.ts';
import { type CliResult, runCli } from '../support/cli.ts';
import { type FakeApi, startFakeApi } from '../support/fake-api-server.ts';

const GATEWAY = { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'Gateway' };

const namespace = (name: string, labels = {}): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, labels },
});
const DEFINITION: KubernetesObject = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'gateways.gateway.networking.k8s.io' },
  spec: {
    group: 'gateway.networking.k8s.io',
    names: { kind: 'Gateway', plural: 'gateways' },
    scope: 'Namespaced',
    versions: [{ name: 'v1', served: true, storage: true }],
  },
};

describe('waypoint', () => {
  let api: FakeApi;
  beforeEach(async () => {
    api = await startFakeApi({
      objects: [DEFINITION, namespace('shop'), namespace('used', { 'istio.io/use-waypoint': 'old' })],
    });
  });
  afterEach(() => api.close());

  const waypoint = (line: string): Promise<CliResult> =>
    runCli(['waypoint', ...line.split(' '), '--kubeconfig', api.kubeconfig]);
  const inShop = (name: string): KubernetesObject | undefined => api.store.get({ ...GATEWAY, namespace: 'shop', name });
  const programme = (name: string, status: string): void => {
    const found = inShop(name);
    const conditions = [{ type: 'Programmed', status, reason: 'Pending', message: 'no address' }];
    if (found !== undefined) api.store.put({ ...found, status: { conditions } });
  };

  it('generates the Gateway without a cluster', async () => {
    const { code, stdout } = await runCli([
      'waypoint',
      'generate',
      '-n',
      'shop',
      '--for',
      'all',
      '-r',
      'canary',
      '-o',
      'json',
    ]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      ...GATEWAY,
      metadata: {
        name: 'waypoint',
        namespace: 'shop',
        labels: { 'istio.io/waypoint-for': 'all', 'istio.io/rev': 'canary' },
      },
      spec: { gatewayClassName: 'istio-waypoint', listeners: [{ name: 'mesh', port: 15_008, protocol: 'HBONE' }] },
    });
    const wrong = await runCli(['waypoint', 'generate', '--for', 'servic']);
    expect(wrong.code).toBe(64);
    expect(wrong.stderr).toContain('did you mean service?');
    expect((await runCli(['waypoint', 'generate', '--name', 'none'])).code).toBe(64);
  });

  it('applies, waits until it is programmed, and enrols the namespace', async () => {
    api.store.onChange(({ object }) => {
      if (object.kind === 'Gateway' && object['status'] === undefined) programme(object.metadata.name, 'True');
    });
    const { code, stdout, stderr } = await waypoint('apply -n shop --enroll-namespace --wait');
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('waypoint shop/waypoint applied');
    expect(stderr).toContain('istio.io/dataplane-mode=ambient');
    const shop = api.store.get({ apiVersion: 'v1', kind: 'Namespace', name: 'shop' });
    expect(shop?.metadata.labels).toMatchObject({ 'istio.io/use-waypoint': 'waypoint' });
  });

  it('says after the time given why it is not ready', async () => {
    await waypoint('apply -n shop');
    programme('waypoint', 'False');
    const { code, stderr } = await waypoint('apply -n shop --wait --waypoint-timeout 300ms');
    expect(code).toBe(75);
    expect(stderr).toContain('waypoint shop/waypoint is not ready after 0.3s: Pending no address');
    const status = await waypoint('status -n shop --waypoint-timeout 100ms');
    expect(status.code).toBe(75);
    expect(status.stdout).toMatch(/waypoint +False +Programmed +Pending +no address/);
    expect((await waypoint('status -n shop --wait=false')).code).toBe(0);
  });

  it('moves no namespace from another waypoint unasked, and changes nothing in a dry run', async () => {
    const { code, stderr } = await waypoint('apply -n used --enroll-namespace');
    expect(code).toBe(1);
    expect(stderr).toContain('--overwrite');
    expect((await waypoint('apply -n shop --dry-run')).code).toBe(0);
    expect(inShop('waypoint')).toBeUndefined();
    expect((await waypoint('apply -n shopp')).stderr).toContain('did you mean shop?');
  });

  it('lists and deletes waypoints, and no other Gateways', async () => {
    await waypoint('apply -n shop');
    await waypoint('apply -n shop --name canary -r canary');
    api.store.put({ ...GATEWAY, metadata: { name: 'edge', namespace: 'shop' }, spec: { gatewayClassName: 'istio' } });
    const { stdout } = await waypoint('list -A');
    expect(stdout).toMatch(/NAMESPACE +NAME +REVISION +TRAFFIC TYPE +PROGRAMMED/);
    expect(stdout).toMatch(/shop +canary +canary +none +False/);
    expect(stdout).not.toContain('edge');
    const missing = await waypoint('delete waypiont -n shop');
    expect(missing.code).toBe(1);
    expect(missing.stderr).toContain('did you mean waypoint?');
    expect((await waypoint('delete -n shop')).code).toBe(64);
    expect((await waypoint('delete -r canary -n shop')).stdout).toBe('waypoint shop/canary deleted\n');
    expect((await waypoint('delete --all -n shop')).stdout).toBe('waypoint shop/waypoint deleted\n');
    expect(inShop('edge')).toBeDefined();
  });

  it('says that the cluster has no Gateway API', async () => {
    api.store.remove({ ...DEFINITION, name: DEFINITION.metadata.name });
    const { code, stderr } = await waypoint('list -n shop');
    expect(code).toBe(1);
    expect(stderr).toContain('gateway-api.sigs.k8s.io');
  });
});
