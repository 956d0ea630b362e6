import { type Cidr, parseCidr } from '../../base/cidr.ts';
import { resolveShortName } from '../../model/names.ts';
import type {
  VirtualServiceTcp,
  VirtualServiceTcpMatch,
  VirtualServiceTlsMatch,
} from '../../model/schema/generated/types-istio.ts';
import { qualifyGateway } from './names.ts';
import { originOf } from './report.ts';
import type { RuleContext } from './rule-action.ts';
import { NO_CONDITIONS } from './rule-match.ts';
import type { ConnectionConditions, DestinationPlan } from './rule-plan.ts';

/** One tcp rule; it holds when any of its conditions does. */
export interface TcpRulePlan {
  readonly conditions: readonly ConnectionConditions[];
  readonly destinations: readonly [DestinationPlan, ...DestinationPlan[]];
}

/** Compiles the tcp rules of a VirtualService. */
export const compileTcpRules = (context: RuleContext, rules: readonly VirtualServiceTcp[]): readonly TcpRulePlan[] =>
  rules.flatMap((rule) => {
    const destinations = compileConnectionRoute(context, rule, 'tcp');
    return destinations === undefined ? [] : [{ conditions: compileTcpConditions(context, rule), destinations }];
  });

/** Where a tcp or tls rule sends connections; undefined, and reported, without any route. */
export const compileConnectionRoute = (
  { report, resource, namespace }: RuleContext,
  rule: Pick<VirtualServiceTcp, 'route'>,
  kind: 'tcp' | 'tls',
): TcpRulePlan['destinations'] | undefined => {
  const routes = rule.route ?? [];
  const weighted = routes.filter((route) => (route.weight ?? 0) > 0);
  if (routes.length > 1 && weighted.length === 0) {
    report.invalid(resource, 'the weights of several destinations are all 0', [rule, 'route']);
  }
  const [first, ...rest] = (routes.length > 1 ? weighted : routes).map(
    (route): DestinationPlan => ({
      host: resolveShortName(route.destination.host, namespace),
      subset: route.destination.subset ?? '',
      port: route.destination.port?.number,
      weight: route.weight ?? 0,
      requestHeaders: undefined,
      responseHeaders: undefined,
      authority: undefined,
      origin: originOf(resource, [route]),
    }),
  );
  if (first !== undefined) return [first, ...rest];
  report.invalid(resource, `a ${kind} rule needs a route`, [rule]);
  return undefined;
};

const compileTcpConditions = (context: RuleContext, rule: VirtualServiceTcp): readonly ConnectionConditions[] => {
  const matches = rule.match ?? [];
  if (matches.length === 0) return [{ ...NO_CONDITIONS, destinations: [] }];
  return matches.map((match) => {
    if (match.sourceSubnet !== undefined) {
      const effect = 'Istio ignores it too; use sourceLabels or sourceNamespace';
      context.report.unsupportedField(context.resource, 'tcp.match.sourceSubnet', effect, [match, 'sourceSubnet']);
    }
    return compileConnectionConditions(context, match);
  });
};

/** What a match of a tcp or tls rule asks of a connection, server names aside. */
export const compileConnectionConditions = (
  { report, resource, namespace }: RuleContext,
  match: VirtualServiceTcpMatch | VirtualServiceTlsMatch,
): ConnectionConditions => {
  const { port, sourceLabels, sourceNamespace, gateways = [], destinationSubnets = [] } = match;
  const destinations: Cidr[] = [];
  for (const [index, text] of destinationSubnets.entries()) {
    const block = parseCidr(text);
    if (block !== undefined) destinations.push(block);
    else report.invalid(resource, `"${text}" is not an address block`, [destinationSubnets, index]);
  }
  return {
    port,
    sourceLabels,
    sourceNamespace,
    gateways: gateways.map((gateway) => qualifyGateway(gateway, namespace)),
    destinations,
  };
};
