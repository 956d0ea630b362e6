import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../../src/cluster/cluster.ts';
import { runCli } from '../support/cli.ts';
import { type FakeApi, startFakeApi } from '../support/fake-api-server.ts';

const CANARY = 'c3VwZXItc2VjcmV0LWtleQ==';

const definition = (group: string, kind: string, plural: string): KubernetesObject => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${plural}.${group}` },
  spec: { group, scope: 'Namespaced', names: { kind, plural }, versions: [{ name: 'v1', served: true }] },
});

const rule = (name: string, subset: Record<string, string>): KubernetesObject => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'DestinationRule',
  metadata: { name, namespace: 'app', managedFields: [{ manager: 'kubectl' }] },
  spec: { host: 'web', subsets: [{ name: 'only', labels: subset }] },
});

const pod = (name: string, phase = 'Running'): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name,
    namespace: 'app',
    labels: { app: 'web', version: 'v1', 'pod-template-hash': '7f' },
    ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-7f' }],
  },
  spec: {
    containers: [
      { name: 'app', image: 'app' },
      { name: 'istio-proxy', image: 'proxyv2' },
    ],
  },
  status: { phase },
});

const OBJECTS: readonly KubernetesObject[] = [
  definition('networking.istio.io', 'DestinationRule', 'destinationrules'),
  definition('networking.istio.io', 'Gateway', 'gateways'),
  ...['app', 'istio-system', 'default'].map((name) => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels: name === 'app' ? { 'istio-injection': 'enabled' } : {} },
  })),
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'app' },
    spec: { selector: { app: 'web' }, ports: [{ name: 'http', port: 80 }] },
  },
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'app' },
    spec: {
      replicas: 0,
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web', version: 'v3' } }, spec: { containers: [{ name: 'app' }] } },
    },
  },
  pod('web-7f-a'),
  {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'credential', namespace: 'app' },
    data: { 'tls.crt': Buffer.from('no certificate').toString('base64'), 'tls.key': CANARY },
  },
  rule('web', { version: 'v2' }),
];

const FILE = `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: web}
spec:
  host: web
  subsets: [{name: only, labels: {version: v1}}]
`;

describe('analyze of a cluster', () => {
  let api: FakeApi;

  beforeEach(async () => {
    api = await startFakeApi({ objects: OBJECTS });
  });
  afterEach(() => api.close());

  const analyze = (argv: readonly string[], stdin = '') =>
    runCli(['analyze', ...argv, '--kubeconfig', api.kubeconfig], { stdin });

  it('finds what istioctl finds, at the object it is about', async () => {
    const { code, stdout, stderr } = await analyze(['-n', 'app']);
    expect(stdout).toBe('Error [IST0173] (DestinationRule app/web) subset only selects no pod of web\n');
    expect(code).toBe(79);
    expect(stderr).toMatch(/^✖ 1 error in \d+ objects of the cluster\n$/);
  });

  it('goes by the pods that run: what has ended and what a Deployment would start do not count', async () => {
    api.store.put(rule('web', { version: 'v3' }));
    expect((await analyze(['-n', 'app'])).code).toBe(79);
    api.store.put(rule('web', { version: 'v1' }));
    expect((await analyze(['-n', 'app'])).code).toBe(0);
    api.store.put(pod('web-7f-a', 'Succeeded'));
    expect((await analyze(['-n', 'app'])).stdout).toContain('IST0173');
  });

  it("looks at the context's namespace, at the one of -n, or at all", async () => {
    expect((await analyze(['-n', 'istio-system'])).code).toBe(0);
    expect((await analyze([])).stdout).toMatch(/^Info \[IST0102\] \(Namespace default\) [^\n]*\n$/);
    expect((await analyze(['-A'])).stdout.split('\n')).toHaveLength(3);
  });

  it('lets objects of files take the place of those of the cluster, in the namespace of -n', async () => {
    expect((await analyze(['--use-kube', '-n', 'app', '-'], FILE)).code).toBe(0);
    const wrong = await analyze(['--use-kube', '-n', 'app', '-'], FILE.replace('v1}', 'v9}'));
    expect(wrong.stdout).toContain('(DestinationRule app/web -:');
  });

  it('asks no cluster when files are given', async () => {
    await analyze(['-'], FILE);
    expect(api.requests).toEqual([]);
    expect((await analyze(['--use-kube=false'])).code).toBe(64);
    expect(api.requests).toEqual([]);
  });

  it('says which namespace is meant, and which revision is not there', async () => {
    const { code, stderr } = await analyze(['-n', 'ap']);
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('did you mean app?') });
    expect(await analyze(['-A', '-r', 'canary'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('there is no revision canary'),
    });
  });

  it('leaves out what is labelled for another revision', async () => {
    const labelled = rule('web', { version: 'v2' });
    api.store.put({
      ...labelled,
      metadata: { ...labelled.metadata, labels: { 'istio.io/rev': 'canary' } },
    });
    expect((await analyze(['-n', 'app'])).code).toBe(0);
    api.store.put({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'istio-canary', namespace: 'istio-system' },
      data: { mesh: 'rootNamespace: root\n' },
    });
    expect((await analyze(['-n', 'app', '-r', 'canary'])).stdout).toContain('IST0173');
  });

  it('goes on without a kind that may not be listed, and says so; without any it fails', async () => {
    api.forbid({ verb: 'list', resource: 'secrets' });
    const partly = await analyze(['-n', 'app']);
    expect(partly.code).toBe(79);
    expect(partly.stderr).toContain('what depends on it is not found');
    api.forbid({ verb: 'list' });
    expect((await analyze(['-n', 'app'])).code).toBe(77);
  });

  it('is not for --watch, and offers to correct files only', async () => {
    expect(await analyze(['--watch'])).toMatchObject({ code: 64, stderr: expect.stringContaining('--watch') });
    expect((await analyze(['-A', '-o', 'json'])).stdout).not.toContain('"fix"');
  });

  it.each(['pretty', 'json', 'json-compat', 'yaml', 'sarif', 'junit', 'github', 'gitlab', 'checkstyle', 'markdown'])(
    'shows no key of a Secret with -o %s',
    async (format) => {
      api.store.put({
        apiVersion: 'networking.istio.io/v1',
        kind: 'Gateway',
        metadata: { name: 'gate', namespace: 'app' },
        spec: {
          selector: { app: 'web' },
          servers: [
            {
              port: { number: 443, name: 'https', protocol: 'HTTPS' },
              hosts: ['*'],
              tls: { mode: 'SIMPLE', credentialName: 'credential' },
            },
          ],
        },
      });
      const { code, stdout, stderr } = await analyze(['-n', 'app', '-o', format]);
      expect(code).toBe(79);
      expect(stdout).toContain('IST0161');
      expect(stdout + stderr).not.toContain(CANARY);
    },
  );
});
