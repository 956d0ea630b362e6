import type { Mesh } from '../../../model/mesh.ts';

/** One side of a reference from one namespace into another. */
interface ReferenceEnd {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
}

/** Whether some ReferenceGrant lets objects of one kind and namespace refer to an object of another namespace. */
export type IsGranted = (from: ReferenceEnd, to: ReferenceEnd & { readonly name: string }) => boolean;

/** Indexes the ReferenceGrants of a mesh; references within a namespace need none. */
export const indexReferenceGrants = (mesh: Mesh): IsGranted => {
  const grants = mesh.of('ReferenceGrant');
  return (from, to) =>
    from.namespace === to.namespace ||
    grants.some(
      ({ namespace, object: { spec } }) =>
        namespace === to.namespace &&
        spec.from.some(
          (own) => own.group === from.group && own.kind === from.kind && own.namespace === from.namespace,
        ) &&
        spec.to.some(
          (own) => own.group === to.group && own.kind === to.kind && (own.name === undefined || own.name === to.name),
        ),
    );
};
