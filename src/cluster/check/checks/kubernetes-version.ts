import { OFFLINE } from '../../../install/chart/capabilities.ts';
import { isOlder } from '../../../install/mesh/skew.ts';
import type { HealthCheck } from '../check.ts';

export const kubernetesVersion: HealthCheck = {
  id: 'kubernetes-version',
  category: 'kubernetes',
  title: 'Kubernetes is recent enough',
  why: 'Istio is not tested with older releases, and its definitions may be refused',
  docs: 'https://istio.io/latest/docs/releases/supported-releases/',
  needs: [],
  run: ({ kubernetes }) =>
    isOlder(kubernetes, OFFLINE.kubeVersion)
      ? [
          {
            severity: 'error',
            code: 'IST0142',
            message: `The Kubernetes Version "${kubernetes}" is lower than the minimum version: ${OFFLINE.kubeVersion.replace(/^v|\.0$/g, '')}`,
            hint: 'upgrade the cluster, or install an older release of Istio',
          },
        ]
      : [],
};
