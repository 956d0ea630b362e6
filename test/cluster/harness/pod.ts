import type { Api } from './api.ts';
import type { TestKubernetes } from './kubernetes.ts';
import { waitFor } from './program.ts';

/** A container, as far as what runs in its place has to know it. */
export interface Container {
  readonly name: string;
  readonly args?: readonly string[];
  readonly env?: readonly {
    readonly name: string;
    readonly value?: string;
    readonly valueFrom?: { readonly fieldRef?: { readonly fieldPath: string } };
  }[];
}

/** A pod that was scheduled and has its address. */
export interface Pod {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: {
    readonly serviceAccountName: string;
    readonly nodeName: string;
    readonly containers: readonly Container[];
    readonly initContainers?: readonly Container[];
  };
  readonly status: { readonly phase: string; readonly podIP: string; readonly hostIP: string };
}

/** Waits until a pod with these labels runs. */
export const runningPod = (cluster: TestKubernetes, namespace: string, labels: string): Promise<Pod> =>
  waitFor(cluster.apiServer, `a running pod ${labels} in ${namespace}`, async () => {
    const path = `/api/v1/namespaces/${namespace}/pods?labelSelector=${encodeURIComponent(labels)}`;
    const { items } = await cluster.api.get<{ readonly items: readonly Pod[] }>(path);
    return items.find(({ status }) => status.phase === 'Running' && status.podIP !== undefined);
  });

/** A token as the kubelet projects it, for an hour; for the API server itself where no audience is named. */
export const requestToken = async (
  api: Api,
  namespace: string,
  serviceAccount: string,
  audience?: string,
): Promise<string> => {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${serviceAccount}/token`;
  const answer = await api.post<{ readonly status: { readonly token: string } }>(path, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { expirationSeconds: 3600, ...(audience === undefined ? {} : { audiences: [audience] }) },
  });
  return answer.status.token;
};

/** The variables whose values stand in the spec. */
export const literalEnv = (container: Container | undefined): Readonly<Record<string, string>> =>
  Object.fromEntries((container?.env ?? []).flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]])));

const fieldOf = ({ metadata, spec, status }: Pod, path: string): string => {
  const keyed = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path);
  if (keyed !== null) return metadata[keyed[1] === 'labels' ? 'labels' : 'annotations']?.[keyed[2] ?? ''] ?? '';
  const fields: Readonly<Record<string, string>> = {
    'metadata.name': metadata.name,
    'metadata.namespace': metadata.namespace,
    'spec.nodeName': spec.nodeName,
    'spec.serviceAccountName': spec.serviceAccountName,
    'status.hostIP': status.hostIP,
    'status.podIP': status.podIP,
  };
  const value = fields[path];
  if (value === undefined) throw new Error(`a pod's environment refers to ${path}, which the harness does not know`);
  return value;
};

/** The variables a kubelet would set: those with values, and those that refer to fields of the pod. */
export const envOf = (pod: Pod, container: Container): Readonly<Record<string, string>> => ({
  ...literalEnv(container),
  ...Object.fromEntries(
    (container.env ?? []).flatMap(({ name, valueFrom }) =>
      valueFrom?.fieldRef === undefined ? [] : [[name, fieldOf(pod, valueFrom.fieldRef.fieldPath)]],
    ),
  ),
});
