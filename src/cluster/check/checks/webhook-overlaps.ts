import type { HealthCheck, Trouble } from '../check.ts';
import { activeInjectors, callsForPod, webhooksOf } from '../webhook-calls.ts';
import { textsAt } from '../workload-troubles.ts';

export const webhookOverlaps: HealthCheck = {
  id: 'webhook-overlaps',
  category: 'webhooks',
  title: 'no pod is injected by two revisions',
  why: 'the sidecar is of one revision and its configuration of another',
  docs: 'https://istio.io/latest/docs/reference/config/analysis/ist0139/',
  needs: ['injectors', 'namespaces'],
  run: ({ injectors, namespaces }) => {
    const active = activeInjectors(injectors);
    const told = new Map<string, string[]>();
    for (const namespace of namespaces) {
      const labels = textsAt(namespace, 'metadata.labels');
      // A pod that says nothing of itself stands for those of the namespace.
      const called = active.filter((each) => webhooksOf(each).some((webhook) => callsForPod(webhook, labels, {})));
      if (called.length < 2) continue;
      const names = called.map(({ name }) => name).join(' and ');
      told.set(names, [...(told.get(names) ?? []), namespace.name]);
    }
    return [...told].map(
      ([names, where]): Trouble => ({
        severity: 'error',
        code: 'IST0139',
        message: `${names} both inject the pods of ${where.join(', ')}`,
        hint: 'label the namespaces for one revision only, or remove the webhook that should not be there',
      }),
    );
  },
};
