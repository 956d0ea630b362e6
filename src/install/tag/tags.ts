import type { ManifestObject } from '../manifest/object.ts';
import { labelOf, OWNER_LABELS } from '../owner/ownership.ts';
import { DEFAULT_TAG, TAG_LABEL } from './tag-objects.ts';

/** What of a cluster tags are made of. */
export interface TagState {
  /** All MutatingWebhookConfigurations. */
  readonly injectors: readonly ManifestObject[];
  /** Services with a revision in the namespace of istiod. */
  readonly services: readonly ManifestObject[];
  /** All namespaces. */
  readonly namespaces: readonly ManifestObject[];
}

/** A tag and where it leads; the empty text stands for a revision without one. */
export interface TagRow {
  readonly tag: string;
  readonly revision: string;
  /** That are labelled with the tag. */
  readonly namespaces: readonly string[];
}

const revisionOf = (object: ManifestObject): string => labelOf(object, OWNER_LABELS.revision);
const tagOf = (object: ManifestObject): string => labelOf(object, TAG_LABEL);

/** Whether an object makes a tag that a user set: no installation owns it, and it leads to a revision nevertheless. */
export const isUsersTag = (object: ManifestObject): boolean =>
  tagOf(object) !== '' && revisionOf(object) !== '' && labelOf(object, OWNER_LABELS.component) === '';

/** The namespaces that a tag injects by their label; those that say nothing of a revision belong to the default tag. */
export const namespacesOf = (tag: string, namespaces: readonly ManifestObject[]): readonly string[] =>
  namespaces
    .filter(
      (namespace) =>
        revisionOf(namespace) === tag || (tag === DEFAULT_TAG && labelOf(namespace, 'istio-injection') === 'enabled'),
    )
    .map(({ name }) => name);

/** Tags by their revisions, and revisions that have none. */
export const tagRows = ({ injectors, services, namespaces }: TagState): readonly TagRow[] => {
  const rows = new Map<string, TagRow>();
  for (const object of [...injectors, ...services]) {
    const [tag, revision] = [tagOf(object), revisionOf(object)];
    if (revision === '') continue;
    const labelled = namespaces.filter((each) => tag !== '' && revisionOf(each) === tag).map(({ name }) => name);
    rows.set(JSON.stringify([revision, tag]), { tag, revision, namespaces: labelled });
  }
  const all = [...rows.values()];
  const tagged = new Set(all.filter(({ tag }) => tag !== '').map(({ revision }) => revision));
  const byName = (a: TagRow, b: TagRow): number => {
    const [left, right] = a.revision === b.revision ? [a.tag, b.tag] : [a.revision, b.revision];
    return left < right ? -1 : 1;
  };
  return all.filter(({ tag, revision }) => tag !== '' || !tagged.has(revision)).toSorted(byName);
};

/** The webhooks and Services that make a tag; none where there is no such tag. */
export const partsOfTag = ({ injectors, services }: TagState, tag: string): readonly ManifestObject[] =>
  [...injectors, ...services].filter((object) => tagOf(object) === tag);

/** The webhooks and Services that an installation made for a revision. */
export const partsOfRevision = (
  { injectors, services }: TagState,
  revision: string,
): { readonly injectors: readonly ManifestObject[]; readonly services: readonly ManifestObject[] } => {
  const isOwn = (object: ManifestObject): boolean => revisionOf(object) === revision && tagOf(object) === '';
  return {
    injectors: injectors.filter(isOwn),
    services: services.filter((object) => isOwn(object) && labelOf(object, 'app') === 'istiod'),
  };
};
