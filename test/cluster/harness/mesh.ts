import type { IstioAssets } from './assets.ts';
import { succeed } from './heddle.ts';
import { startIstiod, type TestIstiod } from './istiod.ts';
import type { TestKubernetes } from './kubernetes.ts';
import { type Pod, runningPod } from './pod.ts';
import { PLAIN_ENVOY, startProxy, type TestProxy } from './proxy.ts';

/** A mesh of heddle's making: its objects are installed by heddle, istiod and the proxies are real. */
export interface TestMesh {
  readonly istiod: TestIstiod;
  readonly gateway: TestProxy;
  /** Sidecars of the pods `a` and `b` in namespace `web`, each behind a Service of its name on port 80. */
  readonly a: TestProxy;
  readonly b: TestProxy;
}

/** Installs a mesh with heddle, runs its istiod, and makes a namespace `web` in which pods are injected. */
export const installMesh = async (cluster: TestKubernetes, istio: IstioAssets, flags = ''): Promise<TestIstiod> => {
  await succeed(cluster, `install -y ${PLAIN_ENVOY.map((setting) => `--set ${setting}`).join(' ')}${flags}`);
  const istiod = await startIstiod(cluster, istio);
  await cluster.api.apply('/api/v1/namespaces/web', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'web', labels: { 'istio-injection': 'enabled' } },
  });
  // The controller that makes it may come later than the first pod.
  await cluster.api.apply('/api/v1/namespaces/web/serviceaccounts/default', {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
  });
  return istiod;
};

/** A pod of namespace `web` with a Service, as somebody would write them. */
const addWorkload = async ({ api }: TestKubernetes, name: string): Promise<void> => {
  await api.apply(`/api/v1/namespaces/web/services/${name}`, {
    apiVersion: 'v1',
    kind: 'Service',
    spec: { selector: { app: name }, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
  });
  await api.apply(`/api/v1/namespaces/web/pods/${name}`, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { labels: { app: name, version: 'v1' } },
    spec: { containers: [{ name: 'app', image: 'app', ports: [{ containerPort: 8080 }] }] },
  });
};

/** Installs a mesh and runs the proxies of two pods and of the ingress gateway. */
export const startMesh = async (cluster: TestKubernetes, istio: IstioAssets, flags = ''): Promise<TestMesh> => {
  const istiod = await installMesh(cluster, istio, flags);
  await addWorkload(cluster, 'a');
  await addWorkload(cluster, 'b');
  const run = (pod: Pod): Promise<TestProxy> => startProxy(cluster, istio, istiod, pod);
  return {
    istiod,
    gateway: await run(await runningPod(cluster, 'istio-system', 'istio=ingressgateway')),
    a: await run(await runningPod(cluster, 'web', 'app=a')),
    b: await run(await runningPod(cluster, 'web', 'app=b')),
  };
};
