import { istiodsIn } from '../../../install/mesh/istiods.ts';
import { byNamespace, proxyPods } from '../../../install/mesh/proxies.ts';
import type { HealthCheck, Trouble } from '../check.ts';

export const proxiesControlPlane: HealthCheck = {
  id: 'proxies-control-plane',
  category: 'data plane',
  title: 'every proxy has a control plane',
  why: 'they keep the configuration they have, until their certificates expire',
  docs: 'https://istio.io/latest/docs/setup/upgrade/canary/',
  needs: ['deployments', 'pods'],
  run: ({ deployments, pods }) => {
    const known = new Set(istiodsIn(deployments).map(({ revision }) => revision));
    const orphans = proxyPods(pods).filter(({ revision }) => !known.has(revision));
    return [...new Set(orphans.map(({ revision }) => revision))].toSorted().map((revision): Trouble => {
      const own = orphans.filter((proxy) => proxy.revision === revision);
      const count = own.length === 1 ? '1 proxy belongs' : `${own.length} proxies belong`;
      return {
        severity: 'error',
        message: `${count} to revision ${revision}, which has no istiod: ${byNamespace(own)}`,
        hint: 'label their namespaces for a revision that is there, and restart their workloads',
      };
    });
  },
};
