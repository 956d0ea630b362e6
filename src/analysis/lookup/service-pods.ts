import type { Mesh } from '../../model/mesh.ts';
import type { Pod } from '../../model/pod.ts';
import type { Resource } from '../../model/resource.ts';
import type { Deployment, Service } from '../../model/schema/generated/types-kubernetes.ts';
import type { PodIndex } from './pods.ts';

type Labels = Readonly<Record<string, string>>;

/** The pods a Service of Kubernetes selects, of them those of a subset; none where the Service has no selector. */
export const podsOfService = (index: PodIndex, service: Resource<Service>, subset: Labels = {}): readonly Pod[] => {
  const selector = service.object.spec?.selector ?? {};
  return Object.keys(selector).length === 0 ? [] : index.select({ ...selector, ...subset }, service.namespace);
};

/** Who writes down how many pods there are; elsewhere it is the cluster that decides. */
const COUNTED: ReadonlySet<string> = new Set(['Deployment', 'ReplicaSet', 'StatefulSet']);

/**
 * How many pods a workload has, answered for one of them: what `replicas` says. Undefined where the files do not say it,
 * because nobody wrote `replicas`, an autoscaler changes it, or there is a pod for each node.
 */
export const createReplicaCount = (mesh: Mesh): ((pod: Pod) => number | undefined) => {
  const scaled = new Set(
    mesh.of('HorizontalPodAutoscaler').map(({ namespace, object }) => {
      const { kind, name } = object.spec?.scaleTargetRef ?? {};
      return `${kind} ${namespace}/${name}`;
    }),
  );
  return ({ owner, workload, workloadKind, namespace }) => {
    if (workloadKind === 'Pod') return 1;
    if (!COUNTED.has(workloadKind) || scaled.has(`${workloadKind} ${namespace}/${workload}`)) return undefined;
    return (owner.object as Deployment).spec?.replicas;
  };
};
