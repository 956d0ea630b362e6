import type { Span } from '../base/span.ts';

/** The metadata every Kubernetes object has, as written; `namespace` is filled in by decoding. */
export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly generateName?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly creationTimestamp?: string | null;
  readonly ownerReferences?: readonly { readonly kind: string; readonly name: string }[];
}

export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
}

/**
 * One object of the input. `object` is the plain value as written (CRD defaults added), never mutated after decoding.
 * Any container inside it knows where it stands: `spanOf(container, key)` of yaml/located.ts.
 */
export interface Resource<T extends KubernetesObject = KubernetesObject> {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  /** Empty for cluster-scoped kinds; `default` (or the caller's choice) where a namespaced object names none. */
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly object: T;
  /** Position in the input. Stands in for the creation time: a lower number is older. */
  readonly order: number;
  /** The whole document. */
  readonly span: Span;
}

/** `VirtualService default/reviews`; cluster-scoped: `Namespace default`. */
export const resourceId = (resource: Pick<Resource, 'kind' | 'name' | 'namespace'>): string =>
  resource.namespace === ''
    ? `${resource.kind} ${resource.name}`
    : `${resource.kind} ${resource.namespace}/${resource.name}`;
