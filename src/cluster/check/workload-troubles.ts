import type { ManifestObject } from '../../install/manifest/object.ts';
import { readMap } from '../../install/values/path.ts';
import { matchesLabels } from '../../model/selector.ts';
import { toKubernetes } from '../install/objects.ts';
import { podTrouble } from '../install/pod-trouble.ts';
import { readinessOf } from '../install/readiness.ts';
import type { Trouble } from './check.ts';

/** A map whose values are texts. */
export const textsAt = (object: ManifestObject, path: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(readMap(object.value, path) ?? {}).flatMap(([key, value]) =>
      typeof value === 'string' ? [[key, value] as const] : [],
    ),
  );

/** The pods that a Deployment, DaemonSet or Service selects by labels; none without a selector. */
export const podsOf = (
  { namespace }: ManifestObject,
  selector: Readonly<Record<string, string>>,
  pods: readonly ManifestObject[],
): readonly ManifestObject[] =>
  Object.keys(selector).length === 0
    ? []
    : pods.filter((pod) => pod.namespace === namespace && matchesLabels(selector, textsAt(pod, 'metadata.labels')));

/** Deployments and DaemonSets that do not work, each with what is wrong with its pods. */
export const troublesOfWorkloads = (
  workloads: readonly ManifestObject[],
  pods: readonly ManifestObject[],
  severity: Trouble['severity'],
): readonly Trouble[] =>
  workloads.flatMap((workload): readonly Trouble[] => {
    const readiness = readinessOf(toKubernetes(workload));
    if (readiness === 'ready') return [];
    const { kind, namespace, name } = workload;
    const own = podsOf(workload, textsAt(workload, 'spec.selector.matchLabels'), pods);
    const trouble = podTrouble(own.map(toKubernetes));
    const why = trouble === undefined ? '' : `; ${trouble.reason}`;
    return [
      {
        severity,
        origin: `${kind} ${namespace}/${name}`,
        message: `${name} in namespace ${namespace} is not ready: ${readiness.reason}${why}`,
        hint: `see what its pods say: kubectl -n ${namespace} describe ${kind.toLowerCase()} ${name}`,
      },
    ];
  });
