import { isAddress } from '../base/cidr.ts';
import { CLUSTER_DOMAIN, serviceFqdn } from '../model/names.ts';
import type { MeshService, ServiceRegistry } from './compile/services.ts';
import type { World } from './compile/world.ts';

/** The cluster's DNS: names of Services, of pods of headless ones, and ExternalName aliases. */
export interface ClusterNames {
  /**
   * The addresses of a name as a pod of the namespace looks it up, with Kubernetes' search list. Addresses of a name that
   * is nobody's in the cluster are what `outside` answers.
   */
  resolve(host: string, namespace: string, outside: (name: string) => readonly string[]): readonly string[];
}

/** Collects the names of a configuration from the registry its tables are compiled from. */
export const clusterNames = (world: World, registry: ServiceRegistry): ClusterNames => {
  const addresses = new Map([...registry.values()].flatMap(namesOf));
  const aliases = new Map(
    world.mesh.of('Service').flatMap(({ name, namespace, object }) => {
      const target = object.spec?.type === 'ExternalName' ? object.spec.externalName : undefined;
      return target === undefined ? [] : [[serviceFqdn(name, namespace), target] as const];
    }),
  );
  const resolve: ClusterNames['resolve'] = (host, namespace, outside) => {
    if (isAddress(host)) return [host];
    const name = host.toLowerCase();
    const search = [`${namespace}.svc.${CLUSTER_DOMAIN}`, `svc.${CLUSTER_DOMAIN}`, CLUSTER_DOMAIN];
    const candidates = name.endsWith('.')
      ? [name.slice(0, -1)]
      : [...search.map((suffix) => `${name}.${suffix}`), name];
    for (const candidate of candidates) {
      const found = addresses.get(candidate);
      if (found !== undefined) return found;
      const target = aliases.get(candidate);
      if (target !== undefined) return resolve(`${target}.`, namespace, outside);
    }
    return outside(name.replace(/\.$/, ''));
  };
  return { resolve };
};

/** A ClusterIP, or for a headless service its pods, each also by its own name (StatefulSets). */
const namesOf = (service: MeshService): readonly (readonly [string, readonly string[]])[] => {
  if (service.externalName !== undefined) return [];
  if (service.address !== undefined) return [[service.host, [service.address]]];
  const pods = service.pods.filter((placed) => placed.ready);
  return [
    [service.host, pods.map((placed) => placed.address)],
    ...pods.map((placed) => [`${placed.pod.name}.${service.host}`, [placed.address]] as const),
  ];
};
