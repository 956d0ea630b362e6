import { gatewayRoutes, selectOutbound } from './listener.ts';
import type { RequestHead } from './request.ts';
import { findVirtualHost, matchRoute } from './route.ts';
import type { ProxyTables, Route, RouteTable } from './tables.ts';

/** Where a request came in: the pod's own port, the gateway's, or the captured original destination. */
export interface RoutingPlace {
  readonly direction: 'inbound' | 'outbound' | 'gateway';
  readonly address: string;
  readonly port: number;
  /** Of TLS that is ended here. */
  readonly tls?: { readonly serverName: string } | undefined;
}

/** Name of the cluster for destinations the mesh does not know. */
export const PASSTHROUGH = 'PassthroughCluster';

const everything = {
  path: undefined,
  ignoreCase: false,
  method: undefined,
  authority: undefined,
  scheme: undefined,
  headers: [],
  query: [],
};

const withoutChanges = { requestHeaders: undefined, responseHeaders: undefined, operation: '', origin: undefined };

const forwardTo = (name: string, cluster: string): Route => ({
  ...withoutChanges,
  name,
  match: everything,
  action: {
    kind: 'forward',
    destinations: [{ cluster, weight: 1, requestHeaders: undefined, responseHeaders: undefined, origin: undefined }],
    totalWeight: 1,
    rewrite: undefined,
    timeoutMs: 0,
    retry: undefined,
    mirrors: [],
    fault: undefined,
    cors: undefined,
  },
});

/** As Istio's own route tables name the two ways of dealing with the unknown. */
const passThrough = forwardTo('allow_any', PASSTHROUGH);
const block: Route = {
  ...withoutChanges,
  name: 'block_all',
  match: everything,
  action: { kind: 'respond', status: 502, body: '', fault: undefined },
};

/** The route for a request at a place; undefined = 404 NR. */
export const routeFor = (tables: ProxyTables, place: RoutingPlace, request: RequestHead): Route | undefined => {
  const routes = routesAt(tables, place);
  if (routes === undefined || !('exact' in routes)) return routes;
  const virtualHost = findVirtualHost(routes, request.authority);
  return virtualHost === undefined ? undefined : matchRoute(virtualHost, request);
};

/** The route table that serves a place, or the one route where Istio has no table; undefined for a port that went. */
export const routesAt = (
  tables: ProxyTables,
  { direction, address, port, tls }: RoutingPlace,
): RouteTable | Route | undefined => {
  switch (direction) {
    case 'inbound':
      return tables.inbound.get(port)?.routes;
    case 'gateway':
      return gatewayRoutes(tables.gateway.get(port), tls?.serverName);
    case 'outbound': {
      const listener = selectOutbound(tables.outbound, address, port);
      if (listener === 'passthrough') return passThrough;
      if (listener === 'blackhole') return block;
      if (listener.routes !== undefined) return listener.routes;
      // An HTTP request that a client sent to its HTTP proxy, on the way to a TCP service.
      return listener.tcp === undefined ? block : forwardTo('', listener.tcp.destinations[0].cluster);
    }
  }
};
