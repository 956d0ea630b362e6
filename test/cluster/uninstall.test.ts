import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { KubernetesObject } from '../../src/cluster/cluster.ts';
import { type CliOptions, type CliResult, runCli } from '../support/cli.ts';
import { type FakeApi, startFakeApi } from '../support/fake-api-server.ts';
import { runWorkloads } from './workload-controller.ts';

// Charts are rendered and applied in every test, some of them large.
vi.setConfig({ testTimeout: 60_000 });

let api: FakeApi;
beforeEach(async () => {
  api = await startFakeApi({ gitVersion: 'v1.34.1' });
  runWorkloads(api);
});
afterEach(() => api.close());

const SMALL = '--set profile=empty --set components.pilot.enabled=true';
const heddle = (line: string, options: CliOptions = {}): Promise<CliResult> =>
  runCli([...line.split(' '), '--kubeconfig', api.kubeconfig], options);

/** Everything that carries the label of a component, as `Kind name`. */
const owned = (): readonly string[] =>
  api.store
    .kinds()
    .flatMap((kind) => api.store.list(kind))
    .filter(({ metadata }) => metadata.labels?.['operator.istio.io/component'] !== undefined)
    .map(({ kind, metadata }) => `${kind} ${metadata.name}`);

const namespace = (name: string, labels: Readonly<Record<string, string>>): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, labels },
});
const injected = (name: string, revision: string): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name,
    namespace: 'shop',
    annotations: { 'sidecar.istio.io/status': JSON.stringify({ revision }) },
  },
  spec: { containers: [{ name: 'istio-proxy', image: 'istio/proxyv2:1.31.1' }] },
});
const WEBHOOK = { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'MutatingWebhookConfiguration' };

describe('uninstall', () => {
  it('wants to be told what', async () => {
    const { code, stderr } = await heddle('uninstall');
    expect(code).toBe(64);
    expect(stderr).toContain('--revision, --filename or --purge');
  });

  it('removes one revision and nothing of the other', async () => {
    await heddle(`install -y ${SMALL}`);
    const first = owned();
    await heddle(`install -y -r canary ${SMALL}`);
    const { code, stderr } = await heddle('uninstall -r canary -y');
    expect(code, stderr).toBe(0);
    expect(owned()).toEqual(first);
    const again = await heddle('uninstall -r canary -y');
    expect(again.code).toBe(1);
    expect(again.stderr).toContain('the revisions here are default');
  });

  it('purges everything of Istio, tags of users included, and nothing foreign', async () => {
    await heddle('install -y --set profile=minimal');
    await heddle(`install -y -r canary ${SMALL}`);
    const tag = api.store.get({ ...WEBHOOK, name: 'istio-sidecar-injector-canary' });
    const labels = { app: 'sidecar-injector', 'istio.io/rev': 'canary', 'istio.io/tag': 'prod' };
    api.store.put({ ...tag, ...WEBHOOK, metadata: { name: 'istio-revision-tag-prod', labels } });
    const foreign = [
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'mine', namespace: 'istio-system' } },
      { ...WEBHOOK, metadata: { name: 'cert-manager', labels: { app: 'sidecar-injector' } }, webhooks: [] },
      { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'istio-ca-secret', namespace: 'istio-system' } },
    ];
    for (const object of foreign) api.store.put(object);
    const { code, stderr } = await heddle('uninstall --purge -y');
    expect(code, stderr).toBe(0);
    expect(owned()).toEqual([]);
    expect(api.store.list(WEBHOOK).map(({ metadata }) => metadata.name)).toEqual(['cert-manager']);
    expect(api.store.list({ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' })).toEqual([]);
    for (const { apiVersion, kind, metadata } of foreign)
      expect(api.store.get({ apiVersion, kind, ...metadata }), metadata.name).toBeDefined();
    const again = await heddle('uninstall --purge');
    expect(again.code, again.stderr).toBe(0);
    expect(again.stderr).toContain('Nothing to remove');
  });

  it('tells with --check what still depends on a revision, and 79, until nothing does', async () => {
    await heddle(`install -y ${SMALL}`);
    await heddle(`install -y -r canary ${SMALL}`);
    expect((await heddle('uninstall -r canary --check')).code).toBe(0);
    for (const object of [
      namespace('shop', { 'istio.io/rev': 'canary' }),
      namespace('other', { 'istio-injection': 'enabled' }),
      injected('a', 'canary'),
      injected('b', 'canary'),
      injected('c', 'default'),
    ])
      api.store.put(object);
    const { code, stdout } = await heddle('uninstall -r canary --check');
    expect(code).toBe(79);
    expect(stdout).toContain('2 proxies have no control plane any more: 2 in "shop"');
    expect(stdout).toContain('new pods of 1 namespace get no sidecar any more: shop');
    const json = await heddle('uninstall -r default --check -o json');
    expect(json.code).toBe(79);
    expect(JSON.parse(json.stdout)).toMatchObject({
      kind: 'UninstallCheck',
      isSafe: false,
      dependents: [
        { kind: 'proxies' },
        { kind: 'namespaces', message: expect.stringContaining('other') },
        { kind: 'tag' },
      ],
    });
  });

  it('warns of tags that lose their revision, and how to move them', async () => {
    await heddle(`install -y ${SMALL}`);
    await heddle(`install -y -r canary ${SMALL}`);
    const tag = api.store.get({ ...WEBHOOK, name: 'istio-revision-tag-default' }) as KubernetesObject;
    api.store.put({
      ...tag,
      metadata: { ...tag.metadata, labels: { ...tag.metadata.labels, 'istio.io/rev': 'canary' } },
    });
    const mine = { 'istio.io/rev': 'canary', 'istio.io/tag': 'prod' };
    api.store.put({ ...tag, metadata: { name: 'istio-revision-tag-prod', labels: mine } });
    const { stdout } = await heddle('uninstall -r canary --dry-run');
    expect(stdout).toContain('the tag "default" is removed, and what it injected is not injected any more');
    expect(stdout).toContain('heddle tag set default -r default --overwrite');
    expect(stdout).toContain('the tag "prod" leads nowhere: pods that it selects cannot be created');
    expect(stdout).not.toContain('- MutatingWebhookConfiguration istio-revision-tag-prod');
  });

  it('counts the objects of users that go with their definitions, before it asks', async () => {
    await heddle('install -y --set profile=minimal');
    const put = (kind: string, namespace: string, name: string): void =>
      void api.store.put({ apiVersion: 'networking.istio.io/v1', kind, metadata: { name, namespace }, spec: {} });
    put('VirtualService', 'shop', 'a');
    put('VirtualService', 'shop', 'b');
    put('Gateway', 'edge', 'c');
    const told = '3 objects are deleted with their definitions: 2 VirtualService, 1 Gateway; 2 in "shop", 1 in "edge"';
    const { code, stdout } = await heddle('uninstall --purge --check');
    expect(code).toBe(79);
    expect(stdout).toContain(told);
    const asked = await heddle('uninstall --purge', { stdin: 'n\n', stdinIsTty: true });
    expect(asked.stderr.indexOf(told)).toBeGreaterThan(-1);
    expect(asked.stderr.indexOf(told)).toBeLessThan(asked.stderr.indexOf('Proceed?'));
    const plan = await heddle('uninstall --purge --dry-run -o json');
    expect(JSON.parse(plan.stdout).dependents).toContainEqual(
      expect.objectContaining({
        kind: 'configuration',
        objects: [
          { kind: 'VirtualService', namespace: 'shop', count: 2 },
          { kind: 'Gateway', namespace: 'edge', count: 1 },
        ],
      }),
    );
  });

  it('asks, and by name of the context before a purge in production', async () => {
    await heddle(`install -y ${SMALL}`);
    const before = owned();
    expect((await heddle('uninstall --purge')).code).toBe(64);
    expect((await heddle('uninstall --purge', { stdin: 'n\n', stdinIsTty: true })).code).toBe(1);
    expect((await heddle('uninstall --purge --dry-run')).code).toBe(0);
    expect(owned()).toEqual(before);
    expect((await heddle('uninstall --purge', { stdin: 'y\n', stdinIsTty: true })).code).toBe(0);
    expect(owned()).toEqual([]);
  });

  it('goes on past what cannot be removed, says what, and a second run removes the rest', async () => {
    await heddle(`install -y ${SMALL}`);
    api.forbid({ verb: 'delete', resource: 'clusterroles' });
    const answer = await heddle('uninstall -r default -y');
    expect(answer.code).toBe(77);
    expect(answer.stderr).toContain('✘ ClusterRole istiod-clusterrole-istio-system');
    expect(answer.stderr).toContain('the same command again removes the rest');
    expect(new Set(owned().map((each) => each.split(' ')[0]))).toEqual(new Set(['ClusterRole']));
  });

  it('ends at once with 69 when the API server dies, and a second run completes', async () => {
    await heddle(`install -y ${SMALL}`);
    api.fault({ verb: 'delete', after: 3 }, { reset: true });
    const answer = await heddle('uninstall -r default -y');
    expect(answer.code).toBe(69);
    api.clearFaults();
    const again = await heddle('uninstall -r default -y');
    expect(again.code, again.stderr).toBe(0);
    expect(owned()).toEqual([]);
  });
});
