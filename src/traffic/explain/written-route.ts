import type { Span } from '../../base/span.ts';
import type { KindName } from '../../model/kinds.ts';
import type { Mesh } from '../../model/mesh.ts';
import { resolveShortName } from '../../model/names.ts';
import { type Resource, resourceId } from '../../model/resource.ts';
import type { VirtualService } from '../../model/schema/generated/types-istio.ts';
import { spanOf } from '../../yaml/located.ts';
import type { RouteResource } from '../compile/gateway-api/route-objects.ts';
import { qualifyGateway } from '../compile/names.ts';
import { originOf } from '../compile/report.ts';
import { sourceOf } from './conditions.ts';
import type { MeshView } from './mesh-view.ts';

/** A VirtualService or a route of the Gateway API. */
export type AnyRoute = Resource<VirtualService> | RouteResource;

/** What carries a route, and where it stands. */
export interface Parent {
  /** `mesh`, `Gateway NAMESPACE/NAME` or another kind's. */
  readonly parent: string;
  readonly exists: boolean;
  /** `FILE:LINE`. */
  readonly source?: string;
}

/** A rule of the object as it is written. */
export interface WrittenRule {
  readonly rule: string;
  readonly span: Span | undefined;
  readonly delegate?: string;
}

const isVirtualService = (route: AnyRoute): route is Resource<VirtualService> => route.kind === 'VirtualService';

const written = (kind: string, rules: readonly object[]): readonly WrittenRule[] =>
  rules.map((rule, at) => {
    const name = 'name' in rule && typeof rule.name === 'string' && rule.name !== '' ? ` ${rule.name}` : '';
    return { rule: `${kind}[${at}]${name}`, span: spanOf(rule) };
  });

/** The rules of a VirtualService, those of its delegates behind the rule that names them. */
const rulesOfVirtualService = (view: MeshView, route: Resource<VirtualService>): readonly WrittenRule[] => {
  const { http = [], tls = [], tcp = [] } = route.object.spec ?? {};
  const own = written('http', http).flatMap((rule, at) => {
    const delegate = http[at]?.delegate;
    if (delegate === undefined) return [rule];
    const { namespace = route.namespace, name = '' } = delegate;
    const found = view.world.mesh.find('VirtualService', namespace, name);
    const inner = found === undefined ? [] : written(`${rule.rule} > http`, found.object.spec?.http ?? []);
    return [{ ...rule, delegate: `${namespace}/${name}` }, ...inner];
  });
  return [...own, ...written('tls', tls), ...written('tcp', tcp)];
};

/** Its rules in their order, those of delegates behind the rule that names them. */
export const writtenRules = (view: MeshView, route: AnyRoute): readonly WrittenRule[] =>
  isVirtualService(route) ? rulesOfVirtualService(view, route) : written('rules', route.object.spec.rules ?? []);

/** Names of the object and of the delegates it names, as origins have them. */
export const idsOf = (route: AnyRoute): ReadonlySet<string> => {
  const delegates = isVirtualService(route)
    ? (route.object.spec?.http ?? []).flatMap((rule) => rule.delegate ?? [])
    : [];
  return new Set([
    resourceId(route),
    ...delegates.map(({ namespace = route.namespace, name = '' }) =>
      resourceId({ kind: 'VirtualService', namespace, name }),
    ),
  ]);
};

/** Its hosts, short names expanded; empty where its parents say for which. */
export const hostsOf = (route: AnyRoute): readonly string[] => {
  if (isVirtualService(route))
    return (route.object.spec?.hosts ?? []).map((host) => resolveShortName(host, route.namespace).toLowerCase());
  const { spec } = route.object;
  return 'hostnames' in spec ? (spec.hostnames ?? []) : [];
};

/** Names of its gateways, `mesh` where it names none. */
const gatewaysOf = (route: Resource<VirtualService>): readonly string[] =>
  (route.object.spec?.gateways ?? ['mesh']).map((gateway) => qualifyGateway(gateway, route.namespace));

/** The kinds that a route of the Gateway API may name as its parent. */
const PARENTS = new Map<string, KindName>([
  ['Gateway', 'KubernetesGateway'],
  ['ListenerSet', 'ListenerSet'],
  ['Service', 'Service'],
  ['ServiceEntry', 'ServiceEntry'],
]);

const rootsOf = (mesh: Mesh, delegate: Resource): readonly Resource[] =>
  mesh.of('VirtualService').filter((root) => root !== delegate && idsOf(root).has(resourceId(delegate)));

/** What should carry it, whether it is there or not; of a delegate, who delegates to it. */
export const parentsOf = ({ world: { mesh } }: MeshView, route: AnyRoute): readonly Parent[] => {
  const place = (kind: string, model: KindName | undefined, namespace: string, name: string) => {
    const found = model === undefined ? undefined : mesh.find(model, namespace, name);
    const at = found === undefined ? {} : sourceOf(originOf(found));
    return { parent: `${kind} ${namespace}/${name}`, exists: found !== undefined, ...at };
  };
  if (!isVirtualService(route))
    return (route.object.spec.parentRefs ?? []).map(({ kind = 'Gateway', namespace = route.namespace, name }) =>
      place(kind, PARENTS.get(kind), namespace, name),
    );
  if (hostsOf(route).length === 0)
    return rootsOf(mesh, route).map((root) => place(root.kind, 'VirtualService', root.namespace, root.name));
  return gatewaysOf(route).map((gateway) => {
    const [namespace = '', name = ''] = gateway.split('/');
    return gateway === 'mesh' ? { parent: gateway, exists: true } : place('Gateway', 'Gateway', namespace, name);
  });
};

/** Hosts that it wants of every sidecar, and that another object may have in its place. */
export const meshHostsOf = (route: AnyRoute): readonly string[] =>
  isVirtualService(route) && gatewaysOf(route).includes('mesh') ? hostsOf(route) : [];
