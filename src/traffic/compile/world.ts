import type { Problem } from '../../base/problem.ts';
import type { Mesh } from '../../model/mesh.ts';
import type { Pod } from '../../model/pod.ts';
import type { ProxyTables } from '../tables.ts';

/** A pod and where it stands in the mesh. */
export interface PlacedPod {
  readonly pod: Pod;
  /** Mesh address (10.x.y.z). */
  readonly address: string;
  /** Pods that are not ready are nobody's endpoint. */
  readonly ready: boolean;
}

/** Everything the tables of a mesh depend on. */
export interface World {
  readonly mesh: Mesh;
  readonly pods: readonly PlacedPod[];
  /** The ClusterIP of a Service; undefined for headless ones and ExternalName. */
  serviceAddress(namespace: string, name: string): string | undefined;
  /** Addresses of names outside the mesh. */
  readonly externals: ReadonlyMap<string, string>;
}

export interface CompiledMesh {
  /** By `NAMESPACE/POD`: every pod with a sidecar, and every gateway. */
  readonly proxies: ReadonlyMap<string, ProxyTables>;
  /** Invalid objects (left out, as Istio's webhook would refuse them) and what local mode does not do. */
  readonly problems: readonly Problem[];
}
