import { Fault } from '../base/fault.ts';
import type { ManifestObject } from '../install/manifest/object.ts';
import { OWNER_LABELS } from '../install/owner/ownership.ts';
import { keepFailurePolicy } from '../install/plan/keep-failure-policy.ts';
import { isDeactivated, neverMatching } from '../install/tag/never-match.ts';
import { DEFAULT_TAG, TAG_LABEL } from '../install/tag/tag-objects.ts';
import { partsOfRevision, partsOfTag, type TagState, tagRows } from '../install/tag/tags.ts';
import type { Cluster, Kind, ListOptions } from './cluster.ts';
import { applyObject, FIELD_MANAGER } from './install/apply.ts';
import { fromKubernetes, refOf, toKubernetes } from './install/objects.ts';
import { removeObjects } from './install/remove.ts';

const INJECTOR: Kind = { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'MutatingWebhookConfiguration' };
const VALIDATOR: Kind = { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingWebhookConfiguration' };
const SERVICE: Kind = { apiVersion: 'v1', kind: 'Service' };
const NAMESPACE: Kind = { apiVersion: 'v1', kind: 'Namespace' };

const listAll = async (cluster: Cluster, kind: Kind, options: ListOptions = {}): Promise<readonly ManifestObject[]> =>
  ((await cluster.list(kind, options)) ?? []).map(fromKubernetes);

/** Looks at tags and revisions; `namespace` is where istiod runs. */
export const readTagState = async (cluster: Cluster, namespace: string): Promise<TagState> => {
  const [injectors, services, namespaces] = await Promise.all([
    listAll(cluster, INJECTOR),
    listAll(cluster, SERVICE, { namespace, labels: OWNER_LABELS.revision }),
    listAll(cluster, NAMESPACE),
  ]);
  return { injectors, services, namespaces };
};

const refusal = (code: string, message: string, hint: string): Fault =>
  new Fault(message, { kind: 'failure', code, hint });

/** The webhook of a revision that a tag is to lead to; a Fault where istioctl would not set the tag, in its order. */
export const canonicalInjector = (
  state: TagState,
  {
    tag,
    revision,
    overwrite,
    isOnlyPrinted,
  }: {
    readonly tag: string;
    readonly revision: string;
    readonly overwrite: boolean;
    readonly isOnlyPrinted: boolean;
  },
): ManifestObject => {
  const same = partsOfRevision(state, tag);
  if (!overwrite && !isOnlyPrinted && tag !== DEFAULT_TAG && same.injectors.length + same.services.length > 0)
    throw refusal(
      'TAG_IS_REVISION',
      `cannot create revision tag "${tag}": found existing control plane revision with same name`,
      'choose another name, or --overwrite if namespaces of that revision are to follow the tag',
    );
  const { injectors, services } = partsOfRevision(state, revision);
  const [canonical, another] = injectors;
  if (canonical === undefined && services.length === 0) {
    const known = [...new Set(tagRows(state).map((row) => row.revision))].join(', ');
    throw refusal(
      'NO_SUCH_REVISION',
      `cannot modify tag: cannot find MutatingWebhookConfiguration or Service with revision "${revision}"`,
      known === '' ? 'install it first: heddle install' : `the revisions here are ${known}`,
    );
  }
  if (canonical === undefined || another !== undefined || services.length > 1)
    throw refusal(
      'AMBIGUOUS_REVISION',
      canonical === undefined
        ? `cannot modify tag: revision "${revision}" has a Service but no MutatingWebhookConfiguration`
        : `cannot modify tag: found multiple canonical webhooks or services with revision "${revision}"`,
      `one webhook labelled ${OWNER_LABELS.revision}=${revision} without ${TAG_LABEL} is needed: install the revision again`,
    );
  if (!overwrite && partsOfTag(state, tag).length > 0)
    throw refusal(
      'TAG_EXISTS',
      `revision tag "${tag}" already exists, and --overwrite is false`,
      `move it with --overwrite; heddle tag list shows where it leads`,
    );
  return canonical;
};

/** The injector of the unnamed revision that must be put to rest where the default tag takes its place. */
export const rivalsOfDefault = ({ injectors }: TagState): readonly ManifestObject[] =>
  partsOfRevision({ injectors, services: [], namespaces: [] }, 'default').injectors.filter(
    (injector) => !isDeactivated(injector),
  );

/**
 * Applies the objects of a tag, and lets injectors rest that the tag takes the place of: in this order, since a pod that
 * two ask for is injected once and one that nobody asks for is not.
 */
export const applyTag = async (
  cluster: Cluster,
  objects: readonly ManifestObject[],
  rivals: readonly ManifestObject[],
): Promise<void> => {
  for (const object of objects) {
    const live = object.kind === VALIDATOR.kind ? await cluster.get(refOf(object)) : undefined;
    await applyObject(cluster, keepFailurePolicy(object, live && fromKubernetes(live)));
  }
  for (const rival of rivals)
    await cluster.replace(toKubernetes(neverMatching(rival)), { fieldManager: FIELD_MANAGER });
};

/** Removes everything a tag is made of; a Fault with what is left where something could not be removed. */
export const removeTag = async (cluster: Cluster, state: TagState, tag: string): Promise<void> => {
  const validators = await listAll(cluster, VALIDATOR, { labels: `${TAG_LABEL}=${tag}` });
  const { failed } = await removeObjects(cluster, [...partsOfTag(state, tag), ...validators], () => undefined);
  const [first] = failed;
  if (first === undefined) return;
  const { kind, code, hint = 'the same command again removes the rest', message } = first.fault;
  throw new Fault(`tag "${tag}" is not wholly removed: ${message}`, { kind, code, hint, cause: first.fault });
};
