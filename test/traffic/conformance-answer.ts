import { decideCors } from '../../src/traffic/cors.ts';
import { applyHeaderOperations } from '../../src/traffic/headers.ts';
import { redirectLocation } from '../../src/traffic/redirect.ts';
import type { RequestHead } from '../../src/traffic/request.ts';
import { rewritePath } from '../../src/traffic/rewrite.ts';
import { type RoutingPlace, routeFor } from '../../src/traffic/routing.ts';
import type { HeaderOperations, ProxyTables, Route, RouteAction } from '../../src/traffic/tables.ts';

/** What tables and decisions alone make of a request whose backend answers 200 at once, or after its `?delay=1s`. */
export interface RouteAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  /** What a backend received; undefined where none did. */
  readonly received?: {
    readonly method: string;
    readonly host: string;
    readonly path: string;
    readonly headers: ReadonlyMap<string, string>;
    /** `NAMESPACE/POD` of every pod that may have been the one. */
    readonly pods: ReadonlySet<string>;
  };
  /** Hosts of the services that got a copy. */
  readonly mirrors: readonly string[];
}

type Forward = Extract<RouteAction, { readonly kind: 'forward' }>;

const NONE = { headers: new Map<string, string>(), mirrors: [] };

/** Answers one request; `own` are the headers that the backend would set. */
export const answerRequest = (
  tables: ProxyTables,
  place: RoutingPlace,
  request: RequestHead,
  sent: ReadonlyMap<string, string>,
  own: ReadonlyMap<string, string>,
): RouteAnswer => {
  const route = routeFor(tables, place, request);
  if (route === undefined) return { ...NONE, status: 404 };
  const { action } = route;
  if (action.kind === 'respond') return { ...NONE, status: action.status };
  if (action.kind === 'redirect') {
    return { ...NONE, status: action.code, headers: new Map([['location', redirectLocation(action, request)]]) };
  }
  return forward(tables, route, action, request, sent, own);
};

const forward = (
  tables: ProxyTables,
  route: Route,
  action: Forward,
  request: RequestHead,
  sent: ReadonlyMap<string, string>,
  own: ReadonlyMap<string, string>,
): RouteAnswer => {
  const cors = decideCors(action.cors, request);
  const marks = cors.kind === 'none' ? [] : cors.headers;
  if (cors.kind === 'preflight') return { ...NONE, status: 200, headers: new Map(marks) };
  const found = action.destinations.map(({ cluster }) => tables.clusters.get(cluster));
  if (found.length === 1 && found[0] === undefined) return { ...NONE, status: action.missingClusterStatus ?? 503 };
  if (action.timeoutMs > 0 && action.timeoutMs < 1_000 && request.path.includes('delay=1s')) {
    return { ...NONE, status: 504 };
  }
  const [destination] = action.destinations;
  const { rewrite } = action;
  return {
    status: 200,
    headers: changed(new Map([...own, ...marks]), [destination.responseHeaders, route.responseHeaders]),
    received: {
      method: request.method,
      host: rewrite?.authority ?? request.authority,
      path: rewrite === undefined ? request.path : rewritePath(rewrite, request.path),
      headers: changed(sent, [destination.requestHeaders, route.requestHeaders]),
      pods: new Set(
        found.flatMap((cluster) =>
          (cluster?.endpoints ?? []).map(({ pod }) => `${cluster?.service?.namespace}/${pod}`),
        ),
      ),
    },
    mirrors: action.mirrors.flatMap(({ cluster }) => tables.clusters.get(cluster)?.service?.host ?? []),
  };
};

const changed = (
  before: ReadonlyMap<string, string>,
  levels: readonly (HeaderOperations | undefined)[],
): ReadonlyMap<string, string> => {
  const headers = new Map(before);
  const editor = {
    set: (name: string, value: string) => headers.set(name, value),
    add: (name: string, value: string) => {
      const known = headers.get(name);
      headers.set(name, known === undefined ? value : `${known},${value}`);
    },
    remove: (name: string) => headers.delete(name),
  };
  applyHeaderOperations(levels, editor, (template) => template.replaceAll('%%', '%'));
  return headers;
};
