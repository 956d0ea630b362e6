import { resourceId } from '../../model/resource.ts';
import type { VirtualServiceTls, VirtualServiceTlsMatch } from '../../model/schema/generated/types-istio.ts';
import type { Origin } from '../tables.ts';
import { hostCovers } from './names.ts';
import { originOf } from './report.ts';
import type { RuleContext } from './rule-action.ts';
import type { ConnectionConditions } from './rule-plan.ts';
import { compileConnectionConditions, compileConnectionRoute, type TcpRulePlan } from './tcp-rules.ts';

/** One tls rule; every match of it takes server names of its own. */
export interface TlsRulePlan extends Pick<TcpRulePlan, 'destinations'> {
  readonly matches: readonly TlsMatchPlan[];
}

export interface TlsMatchPlan {
  /** Lower case: a name, `*.suffix` or `*`. */
  readonly serverNames: readonly string[];
  readonly conditions: ConnectionConditions;
  readonly origin: Origin;
}

/** Compiles the tls rules of a VirtualService for these hosts. */
export const compileTlsRules = (
  context: RuleContext,
  rules: readonly VirtualServiceTls[],
  hosts: readonly string[],
): readonly TlsRulePlan[] =>
  rules.flatMap((rule) => {
    const { report, resource } = context;
    if ((rule.match ?? []).length === 0) report.invalid(resource, 'a tls rule needs a match', [rule]);
    const matches = (rule.match ?? []).map((match) => compileMatch(context, match, hosts));
    const destinations = compileConnectionRoute(context, rule, 'tls');
    return destinations === undefined ? [] : [{ matches, destinations }];
  });

const compileMatch = (context: RuleContext, match: VirtualServiceTlsMatch, hosts: readonly string[]): TlsMatchPlan => {
  const { report, resource } = context;
  const { sniHosts = [] } = match;
  if (sniHosts.length === 0) report.invalid(resource, 'a tls match needs sniHosts', [match]);
  for (const [index, name] of sniHosts.entries()) {
    if (hosts.some((host) => hostCovers(host, name.toLowerCase()))) continue;
    const message = `sniHosts "${name}" is under none of the hosts of ${resourceId(resource)}`;
    report.invalid(resource, message, [sniHosts, index]);
  }
  return {
    serverNames: sniHosts.map((name) => name.toLowerCase()),
    conditions: compileConnectionConditions(context, match),
    origin: originOf(resource, [match]),
  };
};
