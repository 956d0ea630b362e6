import type { ManifestObject } from '../../install/manifest/object.ts';
import { countChanges, type PlannedObject, plannedObjects } from '../../install/plan/plan.ts';
import type { Prepared } from './prepare.ts';

/** An object as machine output names it. */
export const objectDocument = ({ apiVersion, kind, namespace, name }: ManifestObject) => ({
  apiVersion,
  kind,
  ...(namespace !== '' && { namespace }),
  name,
});

const plannedDocument = ({ object, change, fields }: PlannedObject) => ({
  ...objectDocument(object),
  change,
  // A Secret is nobody's to print.
  ...(fields.length > 0 && { fields: object.kind === 'Secret' ? fields.map(({ path }) => ({ path })) : fields }),
});

/** A plan for machines; `InstallPlan` before, `Installation` after it was carried out. */
export const planDocument = (kind: 'InstallPlan' | 'Installation', { plan, ownership, ...prepared }: Prepared) => ({
  kind,
  version: prepared.version,
  profile: prepared.profile,
  revision: ownership.revision,
  namespace: ownership.namespace,
  context: prepared.context,
  server: prepared.server,
  summary: countChanges(plannedObjects(plan)),
  warnings: plan.warnings,
  components: plan.components.map(({ name, objects }) => ({
    name,
    summary: countChanges(objects),
    items: objects.map(plannedDocument),
  })),
});
