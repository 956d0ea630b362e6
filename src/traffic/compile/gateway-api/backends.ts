import { serviceFqdn } from '../../../model/names.ts';
import type { BackendObjectReference } from '../../../model/schema/generated/types-gateway-api.ts';
import type { Destination } from '../../../model/schema/generated/types-istio.ts';
import type { Report } from '../report.ts';
import type { ServiceRegistry } from '../services.ts';
import type { IsGranted } from './reference-grants.ts';
import { GATEWAY_API_GROUP, type RouteResource } from './route-objects.ts';

/** What a route's references are resolved against. */
export interface BackendContext {
  readonly resource: RouteResource;
  readonly registry: ServiceRegistry;
  readonly isGranted: IsGranted;
  /** Routes of the mesh need no ReferenceGrant: their clients could call the backend themselves. */
  readonly needsGrant: boolean;
  readonly report: Report;
}

export interface Backend {
  readonly destination: Destination;
  /** Nothing answers there; Istio sends requests to a cluster that is missing, and leaves such mirrors out. */
  readonly isMissing: boolean;
}

/** No Service can have this name, so its cluster never exists. Istio's own word for a backend it cannot resolve. */
export const NOWHERE: Backend = { destination: { host: 'UnknownService' }, isMissing: true };

/** Resolves a backend; undefined for a reference that costs the route all of its rules, as in Istio. */
export const resolveBackend = (context: BackendContext, reference: BackendObjectReference): Backend | undefined => {
  const { resource, registry, report } = context;
  const { group = '', kind = 'Service', name, port } = reference;
  const namespace = reference.namespace ?? resource.namespace;
  if (context.needsGrant && !isAllowed(context, { group, kind, name, namespace })) {
    const message = `no ReferenceGrant of namespace ${namespace} lets a ${resource.kind} of ${resource.namespace} refer to ${kind} ${name}: requests for it are answered 500`;
    report.warn(resource, 'BACKEND_NOT_GRANTED', message, [reference]);
    return NOWHERE;
  }
  const host = hostOf(group, kind, name, namespace);
  if (host === undefined) {
    const message = `a backend of kind ${group === '' ? '' : `${group}/`}${kind} is none of Istio's: requests for it are answered 500`;
    report.warn(resource, 'UNKNOWN_BACKEND_KIND', message, [reference, 'kind']);
    return NOWHERE;
  }
  if (port === undefined) {
    report.warn(resource, 'ROUTE_NOT_USED', 'a backend needs a port: Istio uses no rule of this route', [reference]);
    return undefined;
  }
  return { destination: { host, port: { number: port } }, isMissing: !registry.has(host) };
};

const isAllowed = (
  { resource, isGranted }: BackendContext,
  to: { readonly group: string; readonly kind: string; readonly name: string; readonly namespace: string },
): boolean => isGranted({ group: GATEWAY_API_GROUP, kind: resource.kind, namespace: resource.namespace }, to);

const hostOf = (group: string, kind: string, name: string, namespace: string): string | undefined => {
  if (group === '' && kind === 'Service') return serviceFqdn(name, namespace);
  if (group === 'multicluster.x-k8s.io' && kind === 'ServiceImport') return serviceFqdn(name, namespace);
  return group === 'networking.istio.io' && kind === 'Hostname' ? name : undefined;
};
