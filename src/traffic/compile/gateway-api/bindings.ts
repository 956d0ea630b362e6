import type { VirtualServiceHttp } from '../../../model/schema/generated/types-istio.ts';
import { NO_CONDITIONS } from '../rule-match.ts';
import type { RulePlan } from '../rule-plan.ts';
import type { VirtualServicePlan } from '../virtual-services.ts';
import { byPrecedence } from './precedence.ts';
import type { RouteResource } from './route-objects.ts';

/** One rule as it was converted, which is how it is ranked, and as it is planned. */
export interface BoundRule {
  readonly rule: VirtualServiceHttp;
  readonly plan: RulePlan;
}

/** The rules of one route for one host of a listener, or of the mesh. */
export interface RouteBinding {
  readonly route: RouteResource;
  readonly gateway: string;
  readonly host: string;
  /** Mesh only: the one port they are for. */
  readonly port: number | undefined;
  readonly rules: readonly BoundRule[];
}

/**
 * Merges the bindings of one host and listener, in the order given, into one VirtualService whose rules are in order of
 * precedence. On the mesh routes of different namespaces stay apart: each is for the clients of its own, or all.
 */
export const mergeBindings = (bindings: readonly RouteBinding[]): readonly VirtualServicePlan[] => {
  const merged = new Map<string, [RouteBinding, ...RouteBinding[]]>();
  for (const binding of bindings) {
    if (binding.rules.length === 0) continue;
    const { gateway, route, port, host } = binding;
    const place = gateway === 'mesh' ? [route.namespace, ...(port === undefined ? [] : [port])] : [gateway];
    const key = [...place, host].join('/');
    const known = merged.get(key);
    if (known === undefined) merged.set(key, [binding]);
    else known.push(binding);
  }
  return [...merged].map(([key, group]) => toPlan(key, group));
};

const toPlan = (key: string, group: readonly [RouteBinding, ...RouteBinding[]]): VirtualServicePlan => {
  const [{ route, gateway, host, port }] = group;
  const rules = group.flatMap((binding) => binding.rules).sort((left, right) => byPrecedence(left.rule, right.rule));
  const conditions = port === undefined ? NO_CONDITIONS : { ...NO_CONDITIONS, port };
  return {
    resource: route,
    name: key.replaceAll('/', '~'),
    namespace: route.namespace,
    hosts: [host],
    gateways: [gateway],
    exportTo: undefined,
    rules: rules.map(({ plan }) => ({ ...plan, conditions })),
    tcp: [],
    semantics: 'gateway-api',
  };
};
