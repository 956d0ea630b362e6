import { istiodsIn } from '../../../install/mesh/istiods.ts';
import type { HealthCheck } from '../check.ts';
import { activeInjectors, serviceOf, webhooksOf } from '../webhook-calls.ts';
import { troublesOfWorkloads } from '../workload-troubles.ts';

export const istiodReady: HealthCheck = {
  id: 'istiod-ready',
  category: 'control plane',
  title: 'istiod runs and is ready',
  why: 'without it proxies get no configuration and no certificates, and pods no sidecars',
  docs: 'https://istio.io/latest/docs/ops/common-problems/',
  needs: ['deployments', 'pods', 'injectors'],
  run: ({ deployments, pods, injectors, namespace }) => {
    const names = new Set(istiodsIn(deployments).map((istiod) => `${istiod.namespace}/${istiod.name}`));
    const istiods = deployments.filter((each) => names.has(`${each.namespace}/${each.name}`));
    const isElsewhere = activeInjectors(injectors).some((each) =>
      webhooksOf(each).some((webhook) => !serviceOf(webhook)),
    );
    if (!isElsewhere && !istiods.some((each) => each.namespace === namespace))
      return [
        {
          severity: 'error',
          message: `there is no istiod in namespace ${namespace}`,
          hint: 'install it with heddle install, or name its namespace with --istio-namespace',
        },
      ];
    return troublesOfWorkloads(istiods, pods, 'error');
  },
};
