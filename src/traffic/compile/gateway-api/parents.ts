import type { Mesh } from '../../../model/mesh.ts';
import { serviceFqdn } from '../../../model/names.ts';
import { resourceId } from '../../../model/resource.ts';
import type { ParentReference } from '../../../model/schema/generated/types-gateway-api.ts';
import { hostCovers, intersectHosts } from '../names.ts';
import type { Report } from '../report.ts';
import type { Listener } from './listeners.ts';
import { GATEWAY_API_GROUP, type RouteResource } from './route-objects.ts';

/** One place where the rules of a route hold. */
export interface Attachment {
  /** Name of the listener's gateway, or `mesh`. */
  readonly gateway: string;
  /** Hosts the rules are for, each on its own. */
  readonly hosts: readonly string[];
  /** Mesh only: the one port of the service that the rules are for. */
  readonly port: number | undefined;
  /** The listener's hostname, empty for any and on the mesh. */
  readonly hostname: string;
}

/** What routes may bind themselves to. */
export interface ParentContext {
  readonly mesh: Mesh;
  readonly listeners: readonly Listener[];
  readonly report: Report;
}

/** Where a route's parents take it in; parents that do not are reported with the first listener's reason. */
export const attachmentsOf = (context: ParentContext, route: RouteResource): readonly Attachment[] => {
  const { spec } = route.object;
  if (spec.useDefaultGateways === 'All') {
    const effect = 'the route is attached to the parents that it names, as in Istio';
    context.report.unsupportedField(route, 'useDefaultGateways', effect, [spec, 'useDefaultGateways']);
  }
  return (spec.parentRefs ?? []).flatMap((reference) => {
    const { group = GATEWAY_API_GROUP, kind = 'Gateway' } = reference;
    const namespace = reference.namespace ?? route.namespace;
    const found =
      group === GATEWAY_API_GROUP && (kind === 'Gateway' || kind === 'ListenerSet')
        ? atListeners(context, route, reference, kind, namespace)
        : onMesh(context, reference, `${group}/${kind}`, namespace);
    if (typeof found !== 'string') return found;
    const message = `the route is not attached to ${kind} ${namespace}/${reference.name}: ${found}`;
    context.report.warn(route, 'ROUTE_NOT_ATTACHED', message, [reference]);
    return [];
  });
};

/** The attachment, or why there is none. */
const onMesh = (
  { mesh }: ParentContext,
  { name, port }: ParentReference,
  kind: string,
  namespace: string,
): readonly Attachment[] | string => {
  const at = { gateway: 'mesh', port, hostname: '' };
  if (kind === '/Service') {
    if (mesh.find('Service', namespace, name) === undefined) return 'there is no such Service';
    return [{ ...at, hosts: [serviceFqdn(name, namespace)] }];
  }
  if (kind === 'networking.istio.io/ServiceEntry') {
    const entry = mesh.find('ServiceEntry', namespace, name);
    return entry === undefined ? 'there is no such ServiceEntry' : [{ ...at, hosts: entry.object.spec.hosts }];
  }
  return 'Istio takes no routes of that kind of parent';
};

const atListeners = (
  { listeners }: ParentContext,
  route: RouteResource,
  reference: ParentReference,
  kind: string,
  namespace: string,
): readonly Attachment[] | string => {
  const own = listeners.filter(
    ({ owner }) => resourceId(owner) === resourceId({ kind, namespace, name: reference.name }),
  );
  if (own.length === 0) return 'Istio serves no listener of such an object';
  const refusals: string[] = [];
  const found: Attachment[] = [];
  for (const listener of own) {
    const refusal = refuse(listener, route, reference);
    if (refusal !== undefined) refusals.push(refusal);
    else {
      const { name: gateway, hostname } = listener;
      const rivals = own.filter((other) => other !== listener && isBeside(other, listener));
      const hosts = hostsOf(route).filter((host) => isHeardBy(listener, rivals, host));
      found.push({ gateway, hosts, port: undefined, hostname });
    }
  }
  return found.length === 0 ? (refusals[0] ?? '') : found;
};

/** Lower case; a route without hostnames is for all. Routes of connections have none. */
const hostsOf = ({ object: { spec } }: RouteResource): readonly string[] => {
  const hostnames = 'hostnames' in spec ? (spec.hostnames ?? []) : [];
  return hostnames.length === 0 ? ['*'] : hostnames.map((host) => host.toLowerCase());
};

const refuse = (
  listener: Listener,
  route: RouteResource,
  { port, sectionName }: ParentReference,
): string | undefined => {
  const { section, hosts, hostname, kinds } = listener;
  if (port !== undefined && port !== section.port) return `it has no port ${port}`;
  if (sectionName !== undefined && sectionName !== section.name) return `it has no listener ${sectionName}`;
  if (!hostsOf(route).some((host) => intersectHosts(hostname === '' ? '*' : hostname, host) !== undefined)) {
    return `no hostname of the route is one of listener ${section.name} (${hostname})`;
  }
  const isAdmitted = hosts.some((entry) => entry.startsWith('*/') || entry.startsWith(`${route.namespace}/`));
  if (!isAdmitted) return `listener ${section.name} admits no routes of namespace ${route.namespace}`;
  return kinds.has(route.kind) ? undefined : `listener ${section.name} takes no ${route.kind}`;
};

const isBeside = ({ section: one }: Listener, { section: other }: Listener): boolean =>
  one.port === other.port && one.protocol === other.protocol;

/** Whether a host is for this listener and not for one beside it that names it more exactly. */
const isHeardBy = ({ hostname }: Listener, rivals: readonly Listener[], host: string): boolean => {
  if (hostname !== '' && !hostname.startsWith('*')) return true;
  if (hostname !== '' && intersectHosts(hostname, host) === undefined) return false;
  return !rivals.some(
    (rival) =>
      rival.hostname !== '' &&
      rival.hostname !== hostname &&
      hostname.length <= rival.hostname.length &&
      hostCovers(rival.hostname, host),
  );
};
