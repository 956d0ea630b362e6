import { ISTIO_DEFINITIONS } from '../../src/cluster/check/checks/definitions.ts';
import type { KubernetesObject } from '../../src/cluster/cluster.ts';

const READY = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };

/** A pod that is ready, unless told otherwise. */
export const pod = (
  namespace: string,
  name: string,
  labels: Readonly<Record<string, string>>,
  fields: object = {},
): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace, labels },
  spec: { containers: [{ name: 'app' }] },
  status: READY,
  ...fields,
});

/** A pod with a sidecar of a revision and version. */
export const injected = (namespace: string, name: string, revision: string, version: string): KubernetesObject => ({
  ...pod(namespace, name, {}),
  metadata: { name, namespace, annotations: { 'sidecar.istio.io/status': JSON.stringify({ revision }) } },
  spec: { containers: [{ name: 'istio-proxy', image: `istio/proxyv2:${version}` }] },
});

const deployment = (
  name: string,
  labels: Readonly<Record<string, string>>,
  container: object,
  annotations = {},
): KubernetesObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace: 'istio-system', labels, generation: 1 },
  spec: {
    selector: { matchLabels: labels },
    template: { metadata: { labels, annotations }, spec: { containers: [container] } },
  },
  status: { observedGeneration: 1, replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1 },
});

/** A mesh of one control plane of 1.31.1 in which everything works: its authority has this root. */
export const healthyMesh = (root: string): readonly KubernetesObject[] => {
  const namespace = 'istio-system';
  const istiod = { app: 'istiod', 'istio.io/rev': 'default' };
  const gateway = { istio: 'ingressgateway' };
  const base64 = Buffer.from(root).toString('base64');
  const named = (name: string, labels = {}): KubernetesObject => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels },
  });
  const rootMap = (where: string): KubernetesObject => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'istio-ca-root-cert', namespace: where },
    data: { 'root-cert.pem': root },
  });
  return [
    named(namespace),
    named('default'),
    named('shop', { 'istio-injection': 'enabled' }),
    ...ISTIO_DEFINITIONS.map((name) => ({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name },
      spec: { group: name.slice(name.indexOf('.') + 1), names: {}, versions: [] },
      status: { conditions: [{ type: 'Established', status: 'True' }] },
    })),
    deployment('istiod', istiod, { name: 'discovery', image: 'istio/pilot:1.31.1' }),
    pod(namespace, 'istiod-1', istiod),
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'istiod', namespace, labels: istiod },
      spec: { selector: istiod },
    },
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingWebhookConfiguration',
      metadata: { name: 'istio-sidecar-injector', labels: { 'istio.io/rev': 'default' } },
      webhooks: [
        {
          name: 'namespace.sidecar-injector.istio.io',
          clientConfig: { service: { name: 'istiod', namespace }, caBundle: base64 },
          namespaceSelector: { matchLabels: { 'istio-injection': 'enabled' } },
          objectSelector: {
            matchExpressions: [{ key: 'sidecar.istio.io/inject', operator: 'NotIn', values: ['false'] }],
          },
        },
      ],
    },
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'istio-ca-secret', namespace },
      data: { 'ca-cert.pem': base64 },
    },
    rootMap(namespace),
    rootMap('shop'),
    deployment(
      'istio-ingressgateway',
      gateway,
      { name: 'istio-proxy', image: 'auto' },
      { 'inject.istio.io/templates': 'gateway' },
    ),
    injected('shop', 'web', 'default', '1.31.1'),
    pod('shop', 'opted-out', { 'sidecar.istio.io/inject': 'false' }),
  ];
};
