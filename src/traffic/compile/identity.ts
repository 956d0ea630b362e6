import type { Pod } from '../../model/pod.ts';
import type { Peer } from '../../telemetry/peer.ts';

/** The SPIFFE id of a pod's workload certificate. */
export const spiffeIdOf = (pod: Pod, trustDomain: string): string =>
  `spiffe://${trustDomain}/ns/${pod.namespace}/sa/${pod.serviceAccount}`;

/** What telemetry calls a pod; labels that are absent are `unknown`, as in Istio's metrics. */
export const peerOf = (pod: Pod): Peer => ({
  workload: pod.workload,
  namespace: pod.namespace,
  app: pod.labels['app'] ?? 'unknown',
  version: pod.labels['version'] ?? 'unknown',
  canonicalService: pod.canonicalService,
  canonicalRevision: pod.canonicalRevision,
  serviceAccount: pod.serviceAccount,
  cluster: 'Kubernetes',
});

/** The other end when nothing is known about it, in Istio's words. */
export const UNKNOWN_PEER: Peer = {
  workload: 'unknown',
  namespace: 'unknown',
  app: 'unknown',
  version: 'unknown',
  canonicalService: 'unknown',
  canonicalRevision: 'latest',
  serviceAccount: 'unknown',
  cluster: 'unknown',
};
