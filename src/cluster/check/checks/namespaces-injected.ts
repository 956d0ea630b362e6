import type { HealthCheck, Trouble } from '../check.ts';
import { activeInjectors, callsForNamespace, webhooksOf } from '../webhook-calls.ts';
import { textsAt } from '../workload-troubles.ts';

/** What a namespace says of injection: `istio.io/rev=canary`; undefined where it wants none. */
const wishOf = (labels: Readonly<Record<string, string>>): string | undefined => {
  const { 'istio-injection': injection, 'istio.io/rev': revision } = labels;
  if (injection === 'enabled') return 'istio-injection=enabled';
  if (injection !== undefined || labels['istio.io/dataplane-mode'] === 'ambient' || revision === undefined)
    return undefined;
  return `istio.io/rev=${revision}`;
};

export const namespacesInjected: HealthCheck = {
  id: 'namespaces-injected',
  category: 'injection',
  title: 'namespaces that want sidecars have an injector',
  why: 'their new pods are started without a sidecar, outside of the mesh',
  docs: 'https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/',
  needs: ['namespaces', 'injectors'],
  run: ({ namespaces, injectors }) => {
    const webhooks = activeInjectors(injectors).flatMap(webhooksOf);
    return namespaces.flatMap((namespace): readonly Trouble[] => {
      const labels = textsAt(namespace, 'metadata.labels');
      const wish = wishOf(labels);
      if (wish === undefined || webhooks.some((webhook) => callsForNamespace(webhook, labels))) return [];
      return [
        {
          severity: 'error',
          origin: `Namespace ${namespace.name}`,
          message: `namespace ${namespace.name} is labelled ${wish}, and no injector takes it`,
          hint: 'label it for a revision or tag that heddle tag list shows',
        },
      ];
    });
  },
};
