import type { TLSRoute } from '../../../model/schema/generated/types-gateway-api.ts';
import type { VirtualServiceTls } from '../../../model/schema/generated/types-istio.ts';
import { copyPosition } from '../../../yaml/located.ts';
import { intersectHosts } from '../names.ts';
import type { RuleContext } from '../rule-action.ts';
import { compileTlsRules, type TlsRulePlan } from '../tls-rules.ts';
import type { BackendContext } from './backends.ts';
import { convertBackends } from './tcp-rules.ts';

/**
 * The rules of a TLSRoute at a listener of this hostname (empty for any), each for all server names that both have. A
 * rule without any backend of weight takes no connection.
 */
export const planTlsRules = (context: BackendContext, { spec }: TLSRoute, hostname: string): readonly TlsRulePlan[] => {
  const { resource, report } = context;
  const sniHosts = spec.hostnames.flatMap(
    (host) => intersectHosts(hostname === '' ? '*' : hostname, host.toLowerCase()) ?? [],
  );
  const rules: VirtualServiceTls[] = [];
  for (const rule of spec.rules) {
    const route = convertBackends(context, rule);
    if (route === undefined) return [];
    if (route.length === 0) continue;
    const match = { sniHosts };
    copyPosition(rule, match);
    rules.push({ match: [match], route });
  }
  const ruleContext: RuleContext = { resource, namespace: resource.namespace, defaultRetry: undefined, report };
  return compileTlsRules(ruleContext, rules, sniHosts);
};
