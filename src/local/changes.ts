import type { Mesh } from '../model/mesh.ts';
import { type Resource, resourceId } from '../model/resource.ts';

/** What differs between two configurations, one line per object: `VirtualService default/reviews changed`. */
export const describeChanges = (before: Mesh, after: Mesh): readonly string[] => {
  const index = (mesh: Mesh): ReadonlyMap<string, Resource> =>
    new Map(
      mesh.resources.map((resource) => [`${resource.apiVersion.split('/')[0]} ${resourceId(resource)}`, resource]),
    );
  const old = index(before);
  const now = index(after);
  const added = [...now].filter(([id]) => !old.has(id)).map(([, resource]) => `${resourceId(resource)} added`);
  const removed = [...old].filter(([id]) => !now.has(id)).map(([, resource]) => `${resourceId(resource)} removed`);
  const changed = [...now].flatMap(([id, resource]) => {
    const was = old.get(id);
    const isSame = was === undefined || JSON.stringify(was.object) === JSON.stringify(resource.object);
    return isSame ? [] : [`${resourceId(resource)} changed`];
  });
  return [...added, ...changed, ...removed];
};
