import type { Mesh } from '../../../model/mesh.ts';
import type { GatewayPlan } from '../gateway-check.ts';
import type { MeshSettings } from '../mesh-settings.ts';
import type { Report } from '../report.ts';
import type { RuleContext } from '../rule-action.ts';
import type { ServiceRegistry } from '../services.ts';
import { planRule, type VirtualServicePlan } from '../virtual-services.ts';
import type { BackendContext } from './backends.ts';
import { type BoundRule, mergeBindings, type RouteBinding } from './bindings.ts';
import { toGatewayPlan } from './listener-server.ts';
import { findListeners } from './listeners.ts';
import { attachmentsOf, type ParentContext } from './parents.ts';
import { type IsGranted, indexReferenceGrants } from './reference-grants.ts';
import { inSeniority, type RouteResource } from './route-objects.ts';
import { convertRules } from './rules.ts';
import { planTcpRules } from './tcp-rules.ts';
import { planTlsRules } from './tls-rules.ts';

/** What the Gateway API comes to: every listener is a gateway, and the routes of one host there a VirtualService. */
export interface GatewayApiPlan {
  readonly gateways: readonly GatewayPlan[];
  readonly virtualServices: readonly VirtualServicePlan[];
}

interface RouteContext {
  readonly parents: ParentContext;
  readonly registry: ServiceRegistry;
  readonly isGranted: IsGranted;
  readonly settings: MeshSettings;
  readonly report: Report;
}

/** Plans the Gateways and routes of a mesh as the Gateways and VirtualServices that Istio makes of them. */
export const planGatewayApi = (
  mesh: Mesh,
  registry: ServiceRegistry,
  settings: MeshSettings,
  report: Report,
): GatewayApiPlan => {
  const listeners = findListeners(mesh, report);
  const parents: ParentContext = { mesh, listeners, report };
  const context: RouteContext = { parents, registry, isGranted: indexReferenceGrants(mesh), settings, report };
  const requests = inSeniority<RouteResource>([...mesh.of('HTTPRoute'), ...mesh.of('GRPCRoute')]);
  const connections = inSeniority<RouteResource>([...mesh.of('TCPRoute'), ...mesh.of('TLSRoute')]);
  return {
    gateways: listeners.flatMap((listener) => toGatewayPlan(listener, report)),
    virtualServices: [
      ...mergeBindings(requests.flatMap((route) => bindRequests(context, route))),
      ...connections.flatMap((route) => bindConnections(context, route)),
    ],
  };
};

const backendsOf = (
  { registry, isGranted, report }: RouteContext,
  resource: RouteResource,
  gateway: string,
): BackendContext => ({ resource, registry, isGranted, needsGrant: gateway !== 'mesh', report });

const bindRequests = (context: RouteContext, route: RouteResource): readonly RouteBinding[] => {
  const { object } = route;
  if (object.kind !== 'HTTPRoute' && object.kind !== 'GRPCRoute') return [];
  const planned = new Map<boolean, readonly BoundRule[]>();
  const { report, settings } = context;
  const ruleContext: RuleContext = {
    resource: route,
    namespace: route.namespace,
    defaultRetry: settings.defaultRetry,
    report,
    semantics: 'gateway-api',
  };
  const bindings = attachmentsOf(context.parents, route).flatMap(({ gateway, hosts, port }) => {
    const isMesh = gateway === 'mesh';
    const rules =
      planned.get(isMesh) ??
      convertRules(backendsOf(context, route, gateway), object).flatMap((rule) =>
        planRule(ruleContext, rule, rule).map((plan) => ({ rule, plan })),
      );
    planned.set(isMesh, rules);
    return hosts.map((host) => ({ route, gateway, host, port, rules }));
  });
  return report.isInvalid(route) ? [] : bindings;
};

const bindConnections = (context: RouteContext, route: RouteResource): readonly VirtualServicePlan[] => {
  const { object, namespace, name } = route;
  if (object.kind !== 'TCPRoute' && object.kind !== 'TLSRoute') return [];
  return attachmentsOf(context.parents, route).flatMap((attachment) => {
    const { gateway, hosts, port } = attachment;
    const backends = backendsOf(context, route, gateway);
    const tcp = object.kind === 'TCPRoute' ? planTcpRules(backends, object, port) : [];
    return hosts.map(
      (host): VirtualServicePlan => ({
        resource: route,
        name: `${name}~${object.kind === 'TCPRoute' ? 'tcp' : 'tls'}~${host}`,
        namespace,
        hosts: [host],
        gateways: [gateway],
        exportTo: undefined,
        rules: [],
        tcp,
        ...(object.kind === 'TLSRoute' ? { tls: planTlsRules(backends, object, attachment, host) } : {}),
        semantics: 'gateway-api',
      }),
    );
  });
};
