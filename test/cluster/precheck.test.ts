import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../../src/cluster/cluster.ts';
import { type CliResult, runCli } from '../support/cli.ts';
import { type FakeApi, startFakeApi } from '../support/fake-api-server.ts';
import { injected } from './healthy-mesh.ts';

let api: FakeApi;
beforeEach(async () => {
  api = await startFakeApi({ gitVersion: 'v1.34.1' });
});
afterEach(() => api.close());

const precheck = (line = ''): Promise<CliResult> =>
  runCli(['x', 'precheck', ...line.split(' ').filter((word) => word !== ''), '--kubeconfig', api.kubeconfig]);

const gatewayDefinition = (plural: string, kind: string, versions: readonly string[]): KubernetesObject => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${plural}.gateway.networking.k8s.io` },
  spec: {
    group: 'gateway.networking.k8s.io',
    names: { kind },
    versions: versions.map((name) => ({ name, served: true })),
  },
});

const istiod = (version: string, revision = 'default'): KubernetesObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: {
    name: `istiod-${revision}`,
    namespace: 'istio-system',
    labels: { app: 'istiod', 'istio.io/rev': revision },
  },
  spec: { template: { spec: { containers: [{ name: 'discovery', image: `istio/pilot:${version}` }] } } },
});

describe('precheck', () => {
  it('finds nothing in the way on an empty cluster, and changes nothing', async () => {
    const { code, stdout, stderr } = await precheck();
    expect([code, stdout]).toEqual([0, '']);
    expect(stderr).toContain('✔ No issues found when checking the cluster. Istio is safe to install or upgrade!');
    const written = api.requests.filter(
      ({ verb, resource }) => verb !== 'get' && verb !== 'list' && resource !== 'selfsubjectaccessreviews',
    );
    expect(written).toEqual([]);
    const json = JSON.parse((await precheck('-o json')).stdout);
    expect(json).toMatchObject({ apiVersion: 'heddle/v1', kind: 'PrecheckReport', items: [] });
  });

  it("tells of each permission that is missing, in istioctl's form", async () => {
    api.forbid({ verb: 'create', resource: 'deployments' });
    api.forbid({ verb: 'create', resource: 'clusterroles' });
    const { code, stdout, stderr } = await precheck('-i mesh');
    expect(code).toBe(79);
    expect(stdout).toBe(
      'Error [IST0141] (Cluster) Missing required permission to create resource clusterroles (in the whole cluster)\n' +
        'Error [IST0141] (Cluster) Missing required permission to create resource deployments (in namespace mesh)\n',
    );
    expect(stderr).toContain('Istio may not be safe to install or upgrade');
    expect(JSON.parse((await precheck('-o json-compat')).stdout)[0]).toMatchObject({
      code: 'IST0141',
      level: 'Error',
      origin: 'Cluster',
      documentationUrl: expect.stringContaining('ist0141'),
    });
    expect((await precheck('--skip-controlplane')).code).toBe(0);
  });

  it('tells of an old Kubernetes and of an old Gateway API', async () => {
    await api.close();
    api = await startFakeApi({ gitVersion: 'v1.29.4-gke.1' });
    api.store.put(gatewayDefinition('httproutes', 'HTTPRoute', ['v1alpha2']));
    api.store.put(gatewayDefinition('grpcroutes', 'GRPCRoute', ['v1alpha2']));
    api.store.put(gatewayDefinition('tcproutes', 'TCPRoute', ['v1alpha2']));
    const { code, stdout } = await precheck();
    expect(code).toBe(79);
    expect(stdout.trim().split('\n').toSorted()).toEqual([
      'Error [IST0142] (Cluster) The Kubernetes Version "v1.29.4-gke.1" is lower than the minimum version: 1.32',
      'Error [IST0156] (CustomResourceDefinition httproutes.gateway.networking.k8s.io) The Gateway API CRD version v1alpha2 is lower than the minimum version: v1beta1',
      'Warning [IST0172] (CustomResourceDefinition grpcroutes.gateway.networking.k8s.io) The Gateway API CRD version v1alpha2 is lower than the minimum version: v1',
      'Warning [IST0172] (CustomResourceDefinition httproutes.gateway.networking.k8s.io) The Gateway API CRD version v1alpha2 is lower than the minimum version: v1',
    ]);
    expect((await precheck('--output-threshold Error')).stdout).not.toContain('Warning');
    expect((await precheck('--output-threshold loud')).code).toBe(64);
  });

  it('looks at the way from the release there is, of one revision or all', async () => {
    api.store.put(istiod('1.20.0', 'old'));
    api.store.put(istiod('1.99.0', 'new'));
    const { stdout } = await precheck();
    expect(stdout).toMatch(
      /Warning \[upgrade-path\] \(Deployment istio-system\/istiod-old\).*more than one minor release/,
    );
    expect(stdout).toMatch(/istiod-new\).*downgrade/);
    expect((await precheck('-r new')).stdout).not.toContain('istiod-old');
    api.store.put(injected('shop', 'a', 'old', '1.20.0'));
    expect((await precheck()).stdout).toContain('1 proxy is of 1.20.0, too far from');
    expect((await precheck('-n other')).stdout).not.toContain('1 proxy');
  });

  it('knows what changed since a release', async () => {
    const zipkin = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'zipkin', namespace: 'istio-system' } };
    api.store.put(zipkin);
    expect((await precheck('--from-version 1.22')).code).toBe(0);
    const { code, stdout } = await precheck('-f 1.21');
    expect(code).toBe(79);
    expect(stdout).toContain('Warning [IST0169] (Service istio-system/zipkin)');
    expect((await precheck('-f 2.0')).code).toBe(64);
    expect((await precheck('-f new')).stderr).toContain('--from-version wants a release such as 1.21');
  });

  it('says what it may not see instead of passing over it', async () => {
    api.forbid({ resource: 'customresourcedefinitions' });
    const { code, stderr } = await precheck();
    expect(code).toBe(79);
    expect(stderr).toContain('not known whether the Gateway API is recent enough');
    api.clearFaults();
    api.forbid({ verb: 'list', resource: 'customresourcedefinitions' });
    const readable = await precheck();
    expect([readable.code, readable.stderr]).toEqual([77, expect.not.stringContaining('No issues')]);
    api.fault({ path: /selfsubjectaccessreviews/ }, { hang: true });
    expect((await precheck('--kubeclient-timeout 200ms')).stderr).toContain('did not answer within 0.2s');
  });
});
