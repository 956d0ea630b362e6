import { hasErrors, type Problem } from '../../base/problem.ts';
import { isObject } from '../../model/value.ts';
import { type ManifestObject, manifestObject } from '../manifest/object.ts';
import { inOrder } from '../manifest/order.ts';
import type { Installation } from '../operator/generate.ts';
import { labelOf, OWNER_LABELS, type Ownership, ownerLabels, withLabels } from '../owner/ownership.ts';
import { isDeactivated, neverMatching } from '../tag/never-match.ts';
import { DEFAULT_TAG, TAG_LABEL, type TagCharts, type TagRequest, tagObjects } from '../tag/tag-objects.ts';
import { isUsersTag } from '../tag/tags.ts';
import { read } from '../values/path.ts';

/** The objects that a component is to consist of, in the order of applying. */
export interface WantedComponent {
  readonly name: string;
  readonly objects: readonly ManifestObject[];
}

/** What an installation is to put into a cluster. */
export interface Wanted {
  readonly components: readonly WantedComponent[];
  readonly problems: readonly Problem[];
  /** What somebody should know who believes that the default tag is where it was, or comes along. */
  readonly warnings: readonly string[];
}

const isTag = (object: ManifestObject): boolean => labelOf(object, TAG_LABEL) !== '';
const isInjector = ({ kind }: ManifestObject): boolean => kind === 'MutatingWebhookConfiguration';

/**
 * The objects of an installation with the labels of their owner and, where it becomes the default, with the default tag.
 * `injectors` are all MutatingWebhookConfigurations of the cluster.
 */
export const wantedObjects = (
  installation: Installation,
  ownership: Ownership,
  injectors: readonly ManifestObject[],
  charts: TagCharts,
): Wanted => {
  const components = installation.components.map(({ component: { name }, objects }) => ({
    name,
    objects: inOrder(objects.map((object) => withLabels(object, ownerLabels(ownership, name)))),
  }));
  const pilot = components.find(({ name }) => name === 'pilot')?.objects ?? [];
  const canonical = pilot.find((object) => isInjector(object) && !isTag(object));
  const current = injectors.find((object) => labelOf(object, TAG_LABEL) === DEFAULT_TAG);
  const isDefault = ownership.revision === 'default';
  const hasOther = current !== undefined || injectors.some(isUnnamedAndActive);
  const isManagedElsewhere = read(installation.operator, 'spec.values.global.operatorManageWebhooks') === true;
  if (canonical === undefined || isManagedElsewhere || (!isDefault && hasOther))
    return { components, problems: [], warnings: [] };
  const isKept = current !== undefined && isUsersChoice(current, injectors, ownership);
  const live = injectors.find(({ name }) => name === canonical.name);
  const tag = isKept
    ? { objects: [], problems: [] }
    : tagObjects(charts, defaultTag(installation, ownership, withBundles(canonical, live)));
  const own = (object: ManifestObject) => (isDefault && object === canonical ? neverMatching(object) : object);
  return {
    components: components.map(({ name, objects }) => ({
      name,
      objects: name === 'pilot' ? inOrder([...objects.map(own), ...tag.objects]) : objects,
    })),
    problems: hasErrors(tag.problems) ? tag.problems : [],
    warnings: current === undefined ? [] : defaultWarnings(current, isKept, ownership),
  };
};

const defaultTag = (
  { operator }: Installation,
  ownership: Ownership,
  { value: canonical }: ManifestObject,
): TagRequest => ({
  tag: DEFAULT_TAG,
  revision: ownership.revision,
  namespace: ownership.namespace || 'istio-system',
  canonical,
  autoInject: read(operator, 'spec.values.sidecarInjectorWebhook.enableNamespacesByDefault') === true,
  owner: { ...ownerLabels(ownership, 'pilot'), [OWNER_LABELS.notPruned]: 'true' },
});

/** Whether a user set the tag, to a revision that is there or comes now. */
const isUsersChoice = (tag: ManifestObject, injectors: readonly ManifestObject[], { revision }: Ownership): boolean => {
  const known = injectors.filter((each) => !isTag(each)).map((each) => labelOf(each, OWNER_LABELS.revision));
  return isUsersTag(tag) && [revision, ...known].includes(labelOf(tag, OWNER_LABELS.revision));
};

const defaultWarnings = (tag: ManifestObject, isKept: boolean, { revision }: Ownership): readonly string[] => {
  const from = labelOf(tag, OWNER_LABELS.revision);
  if (from === '' || from === revision) return [];
  const move = `heddle tag set default -r ${revision} --overwrite moves it`;
  return isKept
    ? [`the default tag stays with revision "${from}", to which somebody set it: ${move}`]
    : [`the default tag, which led to revision "${from}", leads to this installation from now on`];
};

/** An injector of the unnamed revision that still injects by itself, as helm installs it. */
const isUnnamedAndActive = (object: ManifestObject): boolean =>
  labelOf(object, OWNER_LABELS.revision) === 'default' && !isTag(object) && !isDeactivated(object);

/** The webhooks with the certificate that istiod has put into those of the cluster. */
const withBundles = (wanted: ManifestObject, live: ManifestObject | undefined): ManifestObject => {
  const webhooks = wanted.value['webhooks'];
  const existing = live?.value['webhooks'];
  if (!Array.isArray(webhooks) || !Array.isArray(existing)) return wanted;
  const bundleOf = (name: unknown): unknown =>
    read(
      existing.filter(isObject).find((each) => each['name'] === name),
      'clientConfig.caBundle',
    );
  const bundled = webhooks.filter(isObject).map((each) => {
    const caBundle = bundleOf(each['name']);
    const own = each['clientConfig'];
    return caBundle === undefined ? each : { ...each, clientConfig: { ...(isObject(own) && own), caBundle } };
  });
  return manifestObject({ ...wanted.value, webhooks: bundled });
};
