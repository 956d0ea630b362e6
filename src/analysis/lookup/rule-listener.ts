import type { RuleScope } from '../../traffic/compile/instantiate.ts';
import type { RulePlan } from '../../traffic/compile/rule-plan.ts';
import type { VirtualServicePlan } from '../../traffic/compile/virtual-services.ts';

/** A listener of a VirtualService that meets the conditions of one of its rules: on port 80 unless the rule names one. */
export const listenerFor = (
  { conditions }: RulePlan,
  { gateways, namespace, name }: VirtualServicePlan,
): RuleScope => ({
  client: {
    namespace: conditions.sourceNamespace ?? namespace,
    labels: conditions.sourceLabels ?? {},
    locality: '',
    scope: undefined,
  },
  gateway: gateways.find((gateway) => conditions.gateways.length === 0 || conditions.gateways.includes(gateway)) ?? '',
  listenerPort: conditions.port ?? 80,
  defaultPort: () => 80,
  virtualServiceName: name,
});
