import type { VirtualServiceHttpRedirect } from '../../../model/schema/generated/types-istio.ts';
import { instantiateRules } from '../../../traffic/compile/instantiate.ts';
import { redirectLocation } from '../../../traffic/redirect.ts';
import type { Route, RouteAction } from '../../../traffic/tables.ts';
import { spanOf } from '../../../yaml/located.ts';
import { defineCheck, finding } from '../../check.ts';
import { listenerFor } from '../../lookup/rule-listener.ts';
import { virtualServicePlans } from '../../lookup/virtual-service-plans.ts';
import { curlLine, routeOf, type Witness, witnessOf } from '../../lookup/witness.ts';
import { indexWrittenRules } from '../../lookup/written-rules.ts';

/** A circle of a few rules shows itself long before; clients give up after about twenty hops. */
const MAX_HOPS = 8;

/** Whether Istio answers otherwise than the tables here: they know no prefixRewrite, and a fault may come first. */
const mayDiffer = (
  action: Extract<RouteAction, { readonly kind: 'redirect' }>,
  written: VirtualServiceHttpRedirect | undefined,
): boolean => written === undefined || (written.prefixRewrite ?? '') !== '' || action.fault?.abort !== undefined;

/** The targets a client asks for at one listener, from the first to the one that it has asked for before; else undefined. */
const followCircle = (
  routes: readonly Route[],
  request: Witness,
  find: ReturnType<typeof indexWrittenRules>,
): readonly string[] | undefined => {
  const origin = `${request.scheme}://${request.authority}`;
  const asked: string[] = [];
  for (let path = request.path; asked.length < MAX_HOPS; ) {
    if (asked.includes(path)) return [...asked, path];
    asked.push(path);
    const route = routeOf(routes, { ...request, path });
    if (route?.action.kind !== 'redirect' || mayDiffer(route.action, find(route.origin)?.rule.redirect))
      return undefined;
    const location = redirectLocation(route.action, { ...request, path });
    // Elsewhere others answer, and a fragment is not sent.
    if (!location.startsWith(`${origin}/`) || location.includes('#')) return undefined;
    path = location.slice(origin.length);
  }
  return undefined;
};

/** Redirects that lead back to themselves, as the router of the proxies has it; each rule is told once. */
export const redirectLoop = defineCheck({
  name: 'heddle.RedirectLoop',
  summary: 'HTTP rules whose redirect leads back to a rule that redirects, in a circle.',
  emits: ['HED0020'],
  *run({ mesh }) {
    const find = indexWrittenRules(mesh);
    const told = new Set<object>();
    for (const plan of virtualServicePlans(mesh)) {
      for (const rule of plan.rules) {
        const written = find(rule.origin);
        if (rule.action.kind !== 'redirect' || written === undefined || told.has(written.rule)) continue;
        const listener = listenerFor(rule, plan);
        const routes = instantiateRules(plan.rules, listener);
        const request = witnessOf(rule.match, plan.hosts[0] ?? '', listener.listenerPort);
        if (request === undefined || routeOf(routes, request)?.origin !== rule.origin) continue;
        const hops = followCircle(routes, request, find);
        if (hops === undefined) continue;
        told.add(written.rule);
        const values = { rule: written.label, hops: hops.join(' to ') };
        yield finding('HED0020', written.resource, values, {
          ...(spanOf(written.rule, 'redirect') !== undefined && { in: written.rule, key: 'redirect', part: 'key' }),
          effect: `\`${curlLine(request)}\` is redirected without end, until the client gives up`,
          hint: 'match less than the redirect leads to, an exact path for example',
        });
      }
    }
  },
});
