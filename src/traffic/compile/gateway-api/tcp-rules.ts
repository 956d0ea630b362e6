import type { TCPRoute, TCPRouteRule } from '../../../model/schema/generated/types-gateway-api.ts';
import type { VirtualServiceTcp, VirtualServiceTcpRoute } from '../../../model/schema/generated/types-istio.ts';
import { copyPosition } from '../../../yaml/located.ts';
import type { RuleContext } from '../rule-action.ts';
import { compileTcpRules, type TcpRulePlan } from '../tcp-rules.ts';
import { type BackendContext, NOWHERE, resolveBackend } from './backends.ts';

/** The rules of a TCPRoute, for all ports or one; connections without any backend of weight are closed. */
export const planTcpRules = (
  context: BackendContext,
  { spec }: TCPRoute,
  port: number | undefined,
): readonly TcpRulePlan[] => {
  const rules = spec.rules.map((rule) => convertRule(context, rule, port));
  const { resource, report } = context;
  const ruleContext: RuleContext = { resource, namespace: resource.namespace, defaultRetry: undefined, report };
  return rules.includes(undefined)
    ? []
    : compileTcpRules(
        ruleContext,
        rules.filter((rule) => rule !== undefined),
      );
};

const convertRule = (
  context: BackendContext,
  rule: TCPRouteRule,
  port: number | undefined,
): VirtualServiceTcp | undefined => {
  const route = convertBackends(context, rule);
  if (route === undefined) return undefined;
  return {
    ...(port === undefined ? {} : { match: [{ port }] }),
    route: route.length === 0 ? [{ destination: NOWHERE.destination }] : route,
  };
};

/** The backends of a rule that have weight; undefined when one of them costs the route its rules. */
export const convertBackends = (
  context: BackendContext,
  rule: TCPRouteRule,
): readonly VirtualServiceTcpRoute[] | undefined => {
  const weighted = rule.backendRefs.filter(({ weight = 1 }) => weight > 0);
  const route = weighted.flatMap((reference) => {
    const destination = resolveBackend(context, reference)?.destination;
    if (destination === undefined) return [];
    const converted = { destination, weight: weighted.length === 1 ? 0 : (reference.weight ?? 1) };
    copyPosition(reference, converted);
    return [converted];
  });
  return route.length < weighted.length ? undefined : route;
};
