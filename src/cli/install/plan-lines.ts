import type { FieldChange } from '../../install/manifest/diff.ts';
import type { ManifestObject } from '../../install/manifest/object.ts';
import { COMPONENTS } from '../../install/operator/components.ts';
import { type Counts, changesNothing, countChanges, type Plan, type PlannedObject } from '../../install/plan/plan.ts';
import type { Paint } from '../output.ts';
import { changeLines } from './change-lines.ts';

/** A component as people call it. */
export const componentTitle = (name: string): string =>
  COMPONENTS.find((each) => each.name === name)?.title ?? `${name.charAt(0).toUpperCase()}${name.slice(1)}`;

/** `Deployment istio-system/istiod`. */
export const objectName = ({ kind, namespace, name }: ManifestObject): string =>
  `${kind} ${namespace === '' ? '' : `${namespace}/`}${name}`;

const MARKS = { create: '+', change: '~', remove: '-', unchanged: ' ' } as const;

/** Labels that a release or a revision changes in every object: of no interest among what changes behaviour. */
const BOOKKEEPING =
  /^(spec\.template\.)?metadata\.labels\."(helm\.sh\/chart|app\.kubernetes\.io\/version|operator\.istio\.io\/version|istio\.io\/rev)"$/;
/** Field changes that a person reads before saying yes; a dry run shows all of them. */
const SHOWN_FIELDS = 20;

const WORDS = [
  ['create', 'to create'],
  ['change', 'to change'],
  ['remove', 'to remove'],
  ['unchanged', 'unchanged'],
] as const;

/** `12 to create, 3 unchanged`. */
export const countWords = (counts: Counts): string =>
  WORDS.filter(([change]) => counts[change] > 0)
    .map(([change, words]) => `${counts[change]} ${words}`)
    .join(', ');

/** What a Secret holds is nobody's to print. */
const shownChange = ({ object }: PlannedObject, change: FieldChange): FieldChange => {
  const isSecret = object.kind === 'Secret' && /^(data|stringData)\b/.test(change.path);
  const hidden = (value: unknown): unknown => (value === undefined ? undefined : '(not shown)');
  return isSecret ? { path: change.path, before: hidden(change.before), after: hidden(change.after) } : change;
};

const objectLines = (planned: PlannedObject, fields: readonly FieldChange[], paint: Paint): readonly string[] => {
  const color = { create: paint.green, change: paint.yellow, remove: paint.red, unchanged: paint.dim }[planned.change];
  return [
    color(`  ${MARKS[planned.change]} ${objectName(planned.object)}`),
    ...fields.map((field) => changeLines(shownChange(planned, field), paint).replaceAll(/^/gm, '    ')),
  ];
};

/** The plan for people: counts by component, what changes in which fields, what goes; everything when it is `isWhole`. */
export const planLines = (plan: Plan, isWhole: boolean, paint: Paint): readonly string[] => {
  let left = isWhole ? Number.POSITIVE_INFINITY : SHOWN_FIELDS;
  let hidden = 0;
  const lines = plan.components.flatMap(({ name, objects }): readonly string[] => {
    const shown = objects.flatMap((planned): readonly string[] => {
      if (planned.change === 'unchanged' || (planned.change === 'create' && !isWhole)) return [];
      const fields = planned.fields.filter(({ path }) => isWhole || !BOOKKEEPING.test(path));
      if (planned.change === 'change' && fields.length === 0) return [];
      const told = fields.slice(0, Math.max(left, 0));
      left -= fields.length;
      hidden += fields.length - told.length;
      return told.length === 0 && fields.length > 0 ? [] : objectLines(planned, told, paint);
    });
    return [`${paint.bold(componentTitle(name))}: ${countWords(countChanges(objects))}`, ...shown];
  });
  return [
    ...lines,
    ...(hidden === 0
      ? []
      : [`  … ${hidden} more ${hidden === 1 ? 'field changes' : 'fields change'}; --dry-run shows all`]),
    ...plan.warnings.map((warning) => `${paint.yellow('warning:')} ${warning}`),
    ...(changesNothing(plan) ? ['nothing to change'] : []),
  ];
};
