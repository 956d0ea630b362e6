import type { Mesh } from '../../model/mesh.ts';
import type { Pod } from '../../model/pod.ts';
import { hasSidecar, isAmbient } from './in-mesh.ts';
import { podTemplateOf } from './pod-template.ts';

const INJECT = 'sidecar.istio.io/inject';

/**
 * Whether a pod surely has no proxy in front of it. A namespace that is not among the files may have been labelled
 * in the cluster, so that without it only the pod's own word counts.
 */
export const isWithoutSidecar = (pod: Pod, mesh: Mesh): boolean => {
  const template = podTemplateOf(pod.owner);
  const { labels, annotations, spec } = template;
  if (pod.proxyMode !== 'none' || hasSidecar(template, pod.namespace, mesh) || isAmbient(pod, mesh)) return false;
  const isRefused = (labels[INJECT] ?? annotations[INJECT]) === 'false' || spec?.hostNetwork === true;
  return isRefused || mesh.find('Namespace', '', pod.namespace) !== undefined;
};
