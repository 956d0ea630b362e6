import type { KindName, KindTypes } from './kinds.ts';
import type { MeshConfig } from './mesh-config.ts';
import type { Resource } from './resource.ts';

/** Every object of one configuration, indexed and immutable. */
export interface Mesh {
  readonly resources: readonly Resource[];
  /** Istio's defaults under the `mesh` key of ConfigMap istio-system/istio, where the input has one. */
  readonly config: MeshConfig;
  /** Objects of one kind in input order (that is, oldest first), whatever served version they were written in. */
  of<K extends KindName>(kind: K): readonly Resource<KindTypes[K]>[];
  find<K extends KindName>(kind: K, namespace: string, name: string): Resource<KindTypes[K]> | undefined;
  /** Labels of a namespace; empty when the input has no such Namespace object. */
  namespaceLabels(namespace: string): Readonly<Record<string, string>>;
}
