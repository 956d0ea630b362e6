import type { FieldChange } from '../manifest/diff.ts';
import type { ManifestObject } from '../manifest/object.ts';

/** What installing does to one object, and to which of its fields. */
export interface PlannedObject {
  readonly object: ManifestObject;
  readonly change: 'create' | 'change' | 'remove' | 'unchanged';
  /** Of an object that is changed. */
  readonly fields: readonly FieldChange[];
}

/** What installing does to the objects of one component, those that are applied in the order of applying. */
export interface PlannedComponent {
  /** `ingressGateways`. */
  readonly name: string;
  readonly objects: readonly PlannedObject[];
}

/** What installing would do to a cluster. */
export interface Plan {
  readonly components: readonly PlannedComponent[];
  /** Why the plan deserves a second look, a sentence each. */
  readonly warnings: readonly string[];
}

export type Counts = Readonly<Record<PlannedObject['change'], number>>;

/** How many objects of each sort there are. */
export const countChanges = (objects: readonly PlannedObject[]): Counts => {
  const count = (change: PlannedObject['change']): number => objects.filter((each) => each.change === change).length;
  return { create: count('create'), change: count('change'), remove: count('remove'), unchanged: count('unchanged') };
};

/** Every object of a plan. */
export const plannedObjects = ({ components }: Pick<Plan, 'components'>): readonly PlannedObject[] =>
  components.flatMap(({ objects }) => objects);

/** Whether a plan leaves the cluster as it is. */
export const changesNothing = (plan: Pick<Plan, 'components'>): boolean =>
  plannedObjects(plan).every(({ change }) => change === 'unchanged');
