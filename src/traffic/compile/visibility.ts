import type { Client } from './destination-rules.ts';
import type { MeshSettings } from './mesh-settings.ts';
import { isExportedTo } from './names.ts';
import type { MeshService, ServiceRegistry } from './services.ts';
import type { VirtualServicePlan } from './virtual-services.ts';

/** What a client sees of the mesh, in the order of the registry and of age. */
export interface ClientView {
  readonly services: readonly MeshService[];
  /** Services with clusters: what a Sidecar hides is reachable all the same where a visible rule sends there. */
  readonly reachable: readonly MeshService[];
  /** VirtualServices on the mesh. */
  readonly plans: readonly VirtualServicePlan[];
}

/** Looks at a mesh with the eyes of a client. */
export const viewOf = (sources: VisibilitySources, client: Client): ClientView => {
  const plans = visiblePlans(sources, client);
  const exported = [...sources.registry.values()].filter((service) =>
    isExportedTo(service.exportTo ?? sources.settings.serviceExportTo, service.namespace, client.namespace),
  );
  const { scope } = client;
  if (scope === undefined) return { services: exported, reachable: exported, plans };
  const destinations = destinationHosts(plans);
  const services = exported.filter(({ namespace, host }) => scope.sees(namespace, host));
  const seen = new Set(services);
  const reachable = exported.filter((service) => seen.has(service) || destinations.has(service.host));
  return { services, reachable, plans };
};

interface VisibilitySources {
  readonly registry: ServiceRegistry;
  readonly plansByGateway: ReadonlyMap<string, readonly VirtualServicePlan[]>;
  readonly settings: MeshSettings;
}

/** VirtualServices on the mesh that are exported to a client and in its Sidecar's scope, oldest first. */
const visiblePlans = (sources: VisibilitySources, client: Client): readonly VirtualServicePlan[] =>
  (sources.plansByGateway.get('mesh') ?? []).filter(
    (plan) =>
      isExportedTo(plan.exportTo ?? sources.settings.virtualServiceExportTo, plan.namespace, client.namespace) &&
      (client.scope === undefined || plan.hosts.some((host) => client.scope?.sees(plan.namespace, host) === true)),
  );

/** Hosts that rules visible to a client send to. */
const destinationHosts = (plans: readonly VirtualServicePlan[]): ReadonlySet<string> => {
  const hosts = new Set<string>();
  for (const plan of plans) {
    for (const rule of plan.rules) {
      if (rule.action.kind !== 'forward') continue;
      for (const { host } of rule.action.destinations) hosts.add(host);
      for (const { destination } of rule.action.mirrors) hosts.add(destination.host);
    }
    for (const rule of [...plan.tcp, ...(plan.tls ?? [])]) for (const { host } of rule.destinations) hosts.add(host);
  }
  return hosts;
};
