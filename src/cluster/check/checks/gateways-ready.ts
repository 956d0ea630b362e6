import type { ManifestObject } from '../../../install/manifest/object.ts';
import { labelledComponent, labelOf } from '../../../install/owner/ownership.ts';
import { read, readMap } from '../../../install/values/path.ts';
import type { HealthCheck } from '../check.ts';
import { troublesOfWorkloads } from '../workload-troubles.ts';

const COMPONENTS = ['ingressGateways', 'egressGateways'];

/** Gateways of installations, of charts, and those that istiod deploys for the Gateway API. */
const isGateway = (deployment: ManifestObject): boolean => {
  const templates = readMap(deployment.value, 'spec.template.metadata.annotations')?.['inject.istio.io/templates'];
  return (
    (typeof templates === 'string' && templates.split(',').includes('gateway')) ||
    labelOf(deployment, 'gateway.networking.k8s.io/gateway-name') !== '' ||
    COMPONENTS.includes(labelledComponent(deployment) ?? '') ||
    read(deployment.value, 'spec.template.metadata.labels.istio') === 'ingressgateway'
  );
};

export const gatewaysReady: HealthCheck = {
  id: 'gateways-ready',
  category: 'data plane',
  title: 'gateways run and are ready',
  why: 'traffic that enters or leaves the mesh has nobody to go through',
  docs: 'https://istio.io/latest/docs/tasks/traffic-management/ingress/ingress-control/',
  needs: ['deployments', 'pods'],
  run: ({ deployments, pods }) => troublesOfWorkloads(deployments.filter(isGateway), pods, 'error'),
};
