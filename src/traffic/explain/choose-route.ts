import { findVirtualHost, matchRoute, unmetCondition } from '../route.ts';
import type { Route, RouteTable } from '../tables.ts';
import { matchText, sourceOf, unmetText } from './conditions.ts';
import type { TracedStep, Tried } from './explanation.ts';
import type { TravellingRequest } from './request-headers.ts';

/** The route of a table for a request, with every rule tried before it. */
export const chooseRoute = (
  routes: RouteTable | Route | undefined,
  request: TravellingRequest,
  steps: TracedStep[],
): Route | undefined => {
  if (routes === undefined || !('exact' in routes)) return routes;
  const virtualHost = findVirtualHost(routes, request.authority);
  if (virtualHost === undefined) {
    steps.push({
      stage: 'virtual host',
      decision: `none of route table ${routes.name} answers for ${request.authority}`,
    });
    return undefined;
  }
  steps.push({
    stage: 'virtual host',
    decision: `${virtualHost.name} of route table ${routes.name}`,
    ...sourceOf(virtualHost.origin),
  });
  const chosen = matchRoute(virtualHost, request);
  const tried: Tried[] = [];
  for (const candidate of virtualHost.routes) {
    const unmet = candidate === chosen ? undefined : unmetCondition(candidate.match, request);
    if (unmet === undefined) break;
    const rule = candidate.name === '' ? `rule ${tried.length + 1}` : candidate.name;
    tried.push({ rule, ...sourceOf(candidate.origin), failed: unmetText(candidate.match, unmet, request) });
  }
  const more = tried.length === 0 ? {} : { tried };
  if (chosen === undefined) steps.push({ stage: 'route', decision: 'no route matches', ...more });
  else {
    const name = chosen.name === '' ? `rule ${tried.length + 1}` : chosen.name;
    const never = virtualHost.routes.length - tried.length - 1;
    const rest = never === 0 ? '' : `; the ${never} after it are never asked`;
    steps.push({
      stage: 'route',
      decision: `${name}: ${matchText(chosen.match)}${rest}`,
      ...sourceOf(chosen.origin),
      ...more,
      met: [{ kind: 'route', route: chosen }],
    });
  }
  return chosen;
};
