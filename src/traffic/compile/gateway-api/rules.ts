import type {
  BackendObjectReference,
  GRPCRoute,
  GRPCRouteRule,
  GRPCRouteRuleBackendRef,
  HTTPBackendReference,
  HTTPRoute,
  HTTPRouteRule,
} from '../../../model/schema/generated/types-gateway-api.ts';
import type {
  VirtualServiceHttp,
  VirtualServiceHttpMatch,
  VirtualServiceHttpRoute,
} from '../../../model/schema/generated/types-istio.ts';
import { copyPosition, positionOf } from '../../../yaml/located.ts';
import { type BackendContext, resolveBackend } from './backends.ts';
import { convertBackendFilters, convertFilters } from './filters.ts';
import { grpcMatch, httpMatch } from './matches.ts';
import { retriesOf, timeoutOf } from './timeouts.ts';

/**
 * The rules of an HTTPRoute or GRPCRoute as those of a VirtualService, which is what Istio makes of them: one per match,
 * in the order they are written. Whatever was written knows where it stands. Empty where Istio uses none of them.
 */
export const convertRules = (context: BackendContext, route: HTTPRoute | GRPCRoute): readonly VirtualServiceHttp[] => {
  const converted: VirtualServiceHttp[] = [];
  for (const [position, { rule, matches }] of matchedRules(route).entries()) {
    const shared = convertRule(context, rule, position);
    if (shared === undefined) return [];
    converted.push(...(matches.length === 0 ? [shared] : matches.map(withMatch(shared))));
  }
  return converted;
};

interface MatchedRule {
  readonly rule: HTTPRouteRule | GRPCRouteRule;
  readonly matches: readonly VirtualServiceHttpMatch[];
}

const matchedRules = (route: HTTPRoute | GRPCRoute): readonly MatchedRule[] =>
  route.kind === 'HTTPRoute'
    ? (route.spec.rules ?? []).map((rule) => ({ rule, matches: (rule.matches ?? []).map(httpMatch) }))
    : (route.spec.rules ?? []).map((rule) => ({ rule, matches: (rule.matches ?? []).map(grpcMatch) }));

/** A match that was left to its default stands where its rule does. */
const withMatch =
  (shared: VirtualServiceHttp) =>
  (match: VirtualServiceHttpMatch): VirtualServiceHttp => {
    if (positionOf(match) === undefined) copyPosition(shared, match);
    const rule = { ...shared, match: [match] };
    copyPosition(shared, rule);
    return rule;
  };

const convertRule = (
  context: BackendContext,
  rule: HTTPRouteRule | GRPCRouteRule,
  position: number,
): VirtualServiceHttp | undefined => {
  const { resource, report } = context;
  const filtered = convertFilters(context, rule.filters ?? []);
  if (filtered === undefined) return undefined;
  if (rule.sessionPersistence !== undefined) {
    const effect = 'each request goes to any of the endpoints';
    report.unsupportedField(resource, 'sessionPersistence', effect, [rule, 'sessionPersistence']);
  }
  const target = filtered.redirect === undefined ? convertBackends(context, rule.backendRefs ?? []) : {};
  if (target === undefined) return undefined;
  const converted: VirtualServiceHttp = {
    name: rule.name ?? `${resource.namespace}.${resource.name}.${position}`,
    ...filtered,
    ...target,
    ...('retry' in rule ? retriesOf(rule) : {}),
    ...('timeouts' in rule ? timeoutOf(rule) : {}),
  };
  copyPosition(rule, converted);
  return converted;
};

/** Where the requests go: without any backend of weight they are answered 500. */
const convertBackends = (
  context: BackendContext,
  references: readonly (HTTPBackendReference | GRPCRouteRuleBackendRef)[],
): Pick<VirtualServiceHttp, 'route' | 'directResponse'> | undefined => {
  const weighted = references.filter(({ weight = 1 }) => weight > 0);
  if (weighted.length === 0) return { directResponse: { status: 500 } };
  const routes = weighted.map((reference) => convertBackend(context, reference, weighted.length));
  return routes.includes(undefined) ? undefined : { route: routes.filter((route) => route !== undefined) };
};

const convertBackend = (
  context: BackendContext,
  reference: BackendObjectReference & (HTTPBackendReference | GRPCRouteRuleBackendRef),
  count: number,
): VirtualServiceHttpRoute | undefined => {
  const backend = resolveBackend(context, reference);
  const headers = convertBackendFilters(context, reference.filters ?? []);
  if (backend === undefined || headers === undefined) return undefined;
  const route = { destination: backend.destination, headers, weight: count === 1 ? 0 : (reference.weight ?? 1) };
  copyPosition(reference, route);
  return route;
};
