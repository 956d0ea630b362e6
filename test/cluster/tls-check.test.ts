import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../../src/cluster/cluster.ts';
import { runCli } from '../support/cli.ts';
import { type FakeApi, startFakeApi } from '../support/fake-api-server.ts';

const object = (apiVersion: string, kind: string, name: string, rest: object, labels = {}): KubernetesObject => ({
  apiVersion,
  kind,
  metadata: { name, namespace: 'shop', labels },
  ...rest,
});

const pod = (app: string, hasProxy: boolean): KubernetesObject => {
  const one = object('v1', 'Pod', `${app}-7f-x`, {
    spec: {
      containers: [
        { name: 'app', image: 'app' },
        ...(hasProxy ? [{ name: 'istio-proxy', image: 'proxyv2', args: ['proxy', 'sidecar'] }] : []),
      ],
    },
    status: { phase: 'Running' },
  });
  const labels = { app, 'pod-template-hash': '7f' };
  return {
    ...one,
    metadata: { ...one.metadata, labels, ownerReferences: [{ kind: 'ReplicaSet', name: `${app}-7f` }] },
  };
};

const OBJECTS: readonly KubernetesObject[] = [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels: { 'istio-injection': 'enabled' } } },
  {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'peerauthentications.security.istio.io' },
    spec: {
      group: 'security.istio.io',
      scope: 'Namespaced',
      names: { kind: 'PeerAuthentication', plural: 'peerauthentications' },
      versions: [{ name: 'v1', served: true }],
    },
  },
  pod('web', true),
  pod('old', false),
  pod('reviews', true),
  object('v1', 'Service', 'reviews', { spec: { selector: { app: 'reviews' }, ports: [{ name: 'http', port: 80 }] } }),
  object('security.istio.io/v1', 'PeerAuthentication', 'strict', { spec: { mtls: { mode: 'STRICT' } } }),
];

const PERMISSIVE = `apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: strict, namespace: shop}
spec: {mtls: {mode: PERMISSIVE}}
`;

describe('tls-check of a cluster', () => {
  let api: FakeApi;
  beforeEach(async () => {
    api = await startFakeApi({ objects: OBJECTS });
  });
  afterEach(() => api.close());

  const rowsOf = async (argv: readonly string[], stdin = '') => {
    const { stdout } = await runCli(['tls-check', ...argv, '--kubeconfig', api.kubeconfig, '-o', 'json'], { stdin });
    const { items } = JSON.parse(stdout) as { items: { from: string[]; result: string; decidedBy: string[] }[] };
    return items.map(({ from, result, decidedBy }) => [[...from].sort().join(), result, ...decidedBy]);
  };

  it('believes the pods that run: one from before the label has no sidecar', async () => {
    const rows = await rowsOf([]);
    expect(rows).toContainEqual([
      'shop/reviews,shop/web',
      'OK',
      expect.stringMatching(/^fake:PeerAuthentication\/shop\/strict:\d+$/),
    ]);
    expect(rows).toContainEqual([expect.stringContaining('shop/old'), 'CONFLICT', expect.any(String)]);
    expect(await rowsOf(['web', 'reviews'])).toHaveLength(1);
  });

  it('says what would be with the files of -f and --use-kube', async () => {
    const rows = await rowsOf(['old', 'reviews', '-f', '-', '--use-kube'], PERMISSIVE);
    expect(rows.map(([, result]) => result)).toEqual(['PLAINTEXT-ALLOWED']);
  });

  it('says which client is meant', async () => {
    const { code, stderr } = await runCli(['tls-check', 'wbe', '--kubeconfig', api.kubeconfig]);
    expect({ code, stderr }).toMatchObject({ code: 64, stderr: expect.stringContaining('web') });
  });
});
