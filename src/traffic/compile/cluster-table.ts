import type { Cluster, ClusterTable } from '../tables.ts';
import type { MeshService } from './services.ts';

/** Some fixed clusters, and those of services, which are compiled when one of them is asked for. */
export const clusterTable = (
  fixed: readonly Cluster[],
  services: readonly MeshService[],
  clustersOf: (service: MeshService) => ReadonlyMap<string, Cluster>,
): ClusterTable => {
  const byName = new Map(fixed.map((cluster) => [cluster.name, cluster]));
  const byHost = new Map(services.map((service) => [service.host, service]));
  return {
    get: (name) => {
      const service = byHost.get(name.slice(name.lastIndexOf('|') + 1));
      return service === undefined ? byName.get(name) : clustersOf(service).get(name);
    },
    *values() {
      yield* fixed;
      for (const service of services) yield* clustersOf(service).values();
    },
  };
};

/** A table that many proxies share, with clusters of one of them. */
export const withOwn = (shared: ClusterTable, own: readonly Cluster[]): ClusterTable => {
  const byName = new Map(own.map((cluster) => [cluster.name, cluster]));
  return {
    get: (name) => byName.get(name) ?? shared.get(name),
    *values() {
      yield* shared.values();
      yield* own;
    },
  };
};
