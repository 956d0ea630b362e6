import { toKubernetes } from '../../install/objects.ts';
import { isReadyPod } from '../../pods.ts';
import type { HealthCheck, Trouble } from '../check.ts';
import type { Snapshot } from '../snapshot.ts';
import { activeInjectors, isIstios, serviceOf, webhooksOf } from '../webhook-calls.ts';
import { podsOf, textsAt } from '../workload-troubles.ts';

/** Why a Service of istiod's namespace leads nowhere; undefined where it leads to a pod that is ready. */
const whyUnreachable = (name: string, { services, pods, namespace }: Snapshot): string | undefined => {
  const service = services.find((each) => each.name === name);
  if (service === undefined) return `Service ${name} is not in namespace ${namespace}`;
  const selector = textsAt(service, 'spec.selector');
  // Without a selector somebody else says where it leads, such as for an istiod outside of the cluster.
  if (
    Object.keys(selector).length === 0 ||
    podsOf(service, selector, pods).some((pod) => isReadyPod(toKubernetes(pod)))
  )
    return undefined;
  return `no pod behind Service ${name} in namespace ${namespace} is ready`;
};

export const webhookServices: HealthCheck = {
  id: 'webhook-services',
  category: 'webhooks',
  title: 'webhooks lead to an istiod that is ready',
  why: 'pods that the webhook selects cannot be created, and configuration cannot be changed',
  docs: 'https://istio.io/latest/docs/ops/common-problems/injection/',
  needs: ['injectors', 'validators', 'services', 'pods'],
  run: (snapshot) =>
    [...activeInjectors(snapshot.injectors), ...snapshot.validators.filter(isIstios)].flatMap((configuration) => {
      const called = webhooksOf(configuration).flatMap((webhook) => serviceOf(webhook) ?? []);
      // Services elsewhere are not looked at.
      const names = new Set(called.filter(({ namespace }) => namespace === snapshot.namespace).map(({ name }) => name));
      return [...names].flatMap((name): readonly Trouble[] => {
        const why = whyUnreachable(name, snapshot);
        const { kind, name: from } = configuration;
        const hint = 'see why istiod does not run, or remove the webhook if its revision is gone for good';
        return why === undefined
          ? []
          : [{ severity: 'error', origin: `${kind} ${from}`, message: `${from} calls nobody: ${why}`, hint }];
      });
    }),
};
