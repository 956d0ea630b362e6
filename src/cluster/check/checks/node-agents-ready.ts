import type { ManifestObject } from '../../../install/manifest/object.ts';
import { labelledComponent, labelOf } from '../../../install/owner/ownership.ts';
import type { HealthCheck } from '../check.ts';
import { troublesOfWorkloads } from '../workload-troubles.ts';

const isAgent = (daemonSet: ManifestObject): boolean =>
  labelOf(daemonSet, 'k8s-app') === 'istio-cni-node' ||
  labelOf(daemonSet, 'app') === 'ztunnel' ||
  ['cni', 'ztunnel'].includes(labelledComponent(daemonSet) ?? '');

export const nodeAgentsReady: HealthCheck = {
  id: 'node-agents-ready',
  category: 'data plane',
  title: 'the CNI agent and ztunnel, where installed, are ready on every node',
  why: 'pods of the mesh do not start, or bypass it, on nodes without them',
  docs: 'https://istio.io/latest/docs/setup/additional-setup/cni/',
  needs: ['daemonSets', 'pods'],
  run: ({ daemonSets, pods }) => troublesOfWorkloads(daemonSets.filter(isAgent), pods, 'error'),
};
