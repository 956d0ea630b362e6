import { Fault } from '../../base/fault.ts';
import type { Cluster, KubernetesObject } from '../../cluster/cluster.ts';
import type { ClusterFlags } from '../cluster/flags.ts';
import { withCluster } from '../cluster/with-cluster.ts';
import type { Context } from '../command.ts';
import type { ProxyAdmin } from './proxy-admin.ts';

/** How a pod's Envoy is reached. */
export interface PodAccess extends ClusterFlags {
  readonly namespace: string | undefined;
  readonly proxyAdminPort: number;
}

const notAnEnvoy = (name: string, path: string, status: number): Fault =>
  new Fault(`the proxy of ${name} answers ${status} to ${path}`, {
    kind: 'unreachable',
    code: 'ENVOY_ADMIN_FAILED',
    hint: "see that --proxy-admin-port is the port of Envoy's admin interface, 15000 unless it was changed",
  });

const withoutProxy = (name: string, port: number, phase: string, cause: unknown): Fault =>
  new Fault(`nothing answers on port ${port} of pod ${name}${phase === 'Running' ? '' : `, which is ${phase}`}`, {
    kind: 'unreachable',
    code: 'NO_ENVOY_ADMIN',
    hint: 'see that the pod has a sidecar: heddle check-inject, or kubectl get pod -o wide',
    cause,
  });

/** One question to Envoy's admin interface in a pod. */
export interface AdminQuestion {
  readonly method: 'GET' | 'POST';
  /** With its query. */
  readonly path: string;
}

/** Asks the Envoy of a pod that was found; the text of its answer. */
export const askEnvoy = async (
  cluster: Cluster,
  pod: KubernetesObject,
  port: number,
  { method, path }: AdminQuestion,
): Promise<string> => {
  const { name, namespace = cluster.namespace } = pod.metadata;
  const { getFromPod } = await import('../../cluster/pod-http.ts');
  const { phaseOf } = await import('../../cluster/pods.ts');
  const label = `${name}.${namespace}`;
  try {
    const { status, body } = await getFromPod(cluster, { namespace, name }, port, path, { method });
    if (status === 200) return body;
    throw notAnEnvoy(label, path, status);
  } catch (error) {
    if (error instanceof Fault && error.code === 'PORT_REFUSED') throw withoutProxy(label, port, phaseOf(pod), error);
    throw error;
  }
};

/** The Envoy of a pod, by port-forward; each question finds the pod anew, and connects. */
export const createPodAdmin = (argument: string, access: PodAccess, context: Context): ProxyAdmin => {
  const ask = (path: string): Promise<string> =>
    withCluster(context, access, async (cluster) => {
      const { findPod } = await import('../../cluster/pods.ts');
      const pod = await findPod(cluster, argument, access.namespace);
      return askEnvoy(cluster, pod, access.proxyAdminPort, { method: 'GET', path });
    });
  return {
    name: `the proxy of ${argument}`,
    configDump: (query) => ask(`/config_dump?${query}`),
    clusters: () => ask('/clusters?format=json'),
  };
};
