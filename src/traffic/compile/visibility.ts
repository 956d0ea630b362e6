import type { Client } from './destination-rules.ts';
import type { MeshSettings } from './mesh-settings.ts';
import { isExportedTo } from './names.ts';
import type { MeshService, ServiceRegistry } from './services.ts';
import type { VirtualServicePlan } from './virtual-services.ts';

interface VisibilitySources {
  readonly registry: ServiceRegistry;
  readonly virtualServices: readonly VirtualServicePlan[];
  readonly settings: MeshSettings;
}

/** VirtualServices on the mesh that are exported to a client and in its Sidecar's scope, oldest first. */
export const visiblePlans = (sources: VisibilitySources, client: Client): readonly VirtualServicePlan[] =>
  sources.virtualServices.filter(
    (plan) =>
      plan.gateways.includes('mesh') &&
      isExportedTo(plan.exportTo ?? sources.settings.virtualServiceExportTo, plan.namespace, client.namespace) &&
      (client.scope === undefined || plan.hosts.some((host) => client.scope?.sees(plan.namespace, host) === true)),
  );

/** Services exported to a client and in its Sidecar's scope. */
export const visibleServices = (sources: VisibilitySources, client: Client): readonly MeshService[] =>
  [...sources.registry.values()].filter(
    (service) =>
      isExportedTo(service.exportTo ?? sources.settings.serviceExportTo, service.namespace, client.namespace) &&
      (client.scope === undefined || client.scope.sees(service.namespace, service.host)),
  );

/** Hosts that rules visible to a client send to: they need clusters even where the scope does not list them. */
export const destinationHosts = (plans: readonly VirtualServicePlan[]): ReadonlySet<string> => {
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
