import type { Mesh } from '../../model/mesh.ts';
import type { Pod } from '../../model/pod.ts';
import { decideInjection } from '../../model/sidecar.ts';
import { type PodTemplate, proxyContainer } from './pod-template.ts';

const INJECT = 'sidecar.istio.io/inject';
const DATAPLANE_MODE = 'istio.io/dataplane-mode';

/**
 * Whether the pods of a template have a sidecar: Istio's analysis believes a proxy container first, then the pod's own
 * label or annotation, then the namespace. To that the webhooks' other ways in are added (`istio.io/rev`).
 */
export const hasSidecar = ({ labels, annotations, spec }: PodTemplate, namespace: string, mesh: Mesh): boolean => {
  if ((proxyContainer(spec)?.image ?? '') !== '') return true;
  const explicit = labels[INJECT] ?? annotations[INJECT];
  if (explicit !== undefined) return explicit === 'true';
  const namespaceLabels = mesh.namespaceLabels(namespace);
  if (namespaceLabels['istio-injection'] === 'enabled') return true;
  const hostNetwork = spec?.hostNetwork === true;
  return decideInjection({ namespace, namespaceLabels, labels, annotations, hostNetwork }).injected;
};

/**
 * Whether ztunnel carries the pod's traffic. A Pod of the input says so itself, in the annotation the node agent leaves;
 * of a workload the labels decide, the pod's before its namespace's.
 */
export const isAmbient = ({ labels, annotations, namespace, workloadKind }: Pod, mesh: Mesh): boolean =>
  annotations['ambient.istio.io/redirection'] === 'enabled' ||
  (workloadKind !== 'Pod' && (labels[DATAPLANE_MODE] ?? mesh.namespaceLabels(namespace)[DATAPLANE_MODE]) === 'ambient');
