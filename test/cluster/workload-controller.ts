import type { KubernetesObject } from '../../src/cluster/cluster.ts';
import type { FakeApi } from '../support/fake-api-server.ts';

const STATUS: Readonly<Record<string, (replicas: number, generation: number) => object>> = {
  Deployment: (replicas, generation) => ({
    observedGeneration: generation,
    replicas,
    updatedReplicas: replicas,
    readyReplicas: replicas,
    availableReplicas: replicas,
  }),
  DaemonSet: (_, generation) => ({
    observedGeneration: generation,
    desiredNumberScheduled: 1,
    updatedNumberScheduled: 1,
    numberReady: 1,
  }),
};

/** Plays the controllers and kubelets of a cluster: what is applied works at once, unless the test says otherwise. */
export const runWorkloads = (
  { store }: Pick<FakeApi, 'store'>,
  isWorking: (name: string) => boolean = () => true,
): void => {
  store.onChange(({ type, object }) => {
    const status = STATUS[object.kind];
    const generation = object.metadata.generation ?? 1;
    const seen = (object['status'] as { readonly observedGeneration?: number } | undefined)?.observedGeneration;
    if (type === 'DELETED' || status === undefined || seen === generation || !isWorking(object.metadata.name)) return;
    const { replicas = 1 } = object['spec'] as { readonly replicas?: number };
    store.put({ ...object, status: status(replicas, generation) } as KubernetesObject);
  });
};
