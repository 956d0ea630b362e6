import type { Cluster, Endpoint } from '../tables.ts';
import { answeringAt, type MeshView } from './mesh-view.ts';

/** An endpoint and how much of a cluster's load it takes, 0..1. */
export interface EndpointShare {
  readonly endpoint: Endpoint;
  readonly share: number;
}

const PLAINTEXT = { kind: 'plaintext' } as const;

/**
 * How a cluster spreads its load while every ready endpoint is healthy: the best priority that has any takes all, its
 * localities by their weights, and within one the endpoints by theirs. Empty = 503 UH.
 */
export const endpointShares = (
  view: MeshView,
  cluster: Cluster,
  address: string,
  port: number,
): readonly EndpointShare[] => {
  switch (cluster.kind) {
    case 'blackhole':
      return [];
    case 'endpoints':
      return balanced(cluster);
    default: {
      const key = `${address}:${port}`;
      const known = cluster.endpoints.find((endpoint) => endpoint.key === key);
      if (known !== undefined) return [{ endpoint: known, share: 1 }];
      const answering = answeringAt(view, address, port);
      return answering.map((at) => ({ endpoint: plainEndpoint(at.address, at.port), share: 1 / answering.length }));
    }
  }
};

const balanced = ({ endpoints, localities }: Cluster): readonly EndpointShare[] => {
  const ready = endpoints.filter(({ isUnready }) => isUnready !== true);
  const best = Math.min(...ready.map(({ priority }) => priority ?? 0));
  const served = ready.filter(({ priority }) => (priority ?? 0) === best);
  const groups = (localities ?? [])
    .filter((group) => group.priority === best)
    .map((group) => ({ weight: group.weight, endpoints: group.endpoints.filter((one) => served.includes(one)) }))
    .filter((group) => group.endpoints.length > 0 && group.weight > 0);
  if (groups.length === 0) return spread(served, 1);
  const total = groups.reduce((sum, { weight }) => sum + weight, 0);
  return groups.flatMap((group) => spread(group.endpoints, group.weight / total));
};

const spread = (endpoints: readonly Endpoint[], load: number): readonly EndpointShare[] => {
  const total = endpoints.reduce((sum, { weight }) => sum + weight, 0);
  return endpoints.map((endpoint) => ({
    endpoint,
    share: load * (total === 0 ? 1 / endpoints.length : endpoint.weight / total),
  }));
};

const plainEndpoint = (address: string, port: number): Endpoint => ({
  address,
  port,
  key: `${address}:${port}`,
  pod: '',
  peer: {
    workload: 'unknown',
    namespace: 'unknown',
    app: 'unknown',
    version: 'unknown',
    canonicalService: 'unknown',
    canonicalRevision: 'unknown',
    serviceAccount: 'unknown',
    cluster: 'unknown',
  },
  weight: 1,
  locality: '',
  transport: PLAINTEXT,
});
