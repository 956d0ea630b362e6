import { Fault } from '../../base/fault.ts';
import { inParallel } from '../../base/in-parallel.ts';
import type { ManifestObject } from '../../install/manifest/object.ts';
import { proxyPods } from '../../install/mesh/proxies.ts';
import { labelOf, OWNER_LABELS } from '../../install/owner/ownership.ts';
import { isUsersTag } from '../../install/tag/tags.ts';
import { type Dependent, dependentsOf } from '../../install/uninstall/dependents.ts';
import { selectOwned, type Target } from '../../install/uninstall/selection.ts';
import { read } from '../../install/values/path.ts';
import type { Cluster, Kind } from '../cluster.ts';
import { listVisible } from './mesh-state.ts';
import { fromKubernetes } from './objects.ts';
import { AT_ONCE, ownedObjects } from './owned.ts';

/** What an uninstallation would do. */
export interface RemovalPlan {
  /** In the order of removal. */
  readonly objects: readonly ManifestObject[];
  readonly dependents: readonly Dependent[];
  /** What could not be seen, a sentence each. */
  readonly unseen: readonly string[];
}

const INJECTORS: Kind = { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'MutatingWebhookConfiguration' };
/** Kinds that tags are made of. */
const TAG_KINDS: readonly Kind[] = [
  INJECTORS,
  { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingWebhookConfiguration' },
  { apiVersion: 'v1', kind: 'Service' },
];

/** Finds what goes and what still depends on it; throws a Fault where there is no such revision. */
export const planRemoval = async (cluster: Cluster, target: Target): Promise<RemovalPlan> => {
  const unseen: string[] = [];
  const [owned, tags, injectors, namespaces, pods] = await Promise.all([
    ownedObjects(cluster, target.isPurge ? undefined : target.revision),
    target.isPurge ? usersTags(cluster) : [],
    cluster.list(INJECTORS).then((list) => (list ?? []).map(fromKubernetes)),
    listVisible(cluster, { apiVersion: 'v1', kind: 'Namespace' }, {}, unseen),
    listVisible(cluster, { apiVersion: 'v1', kind: 'Pod' }, {}, unseen),
  ]);
  // A tag is the first that must not lead to an istiod that is gone.
  const selected = [...tags, ...selectOwned(owned, target)];
  if (!target.isPurge && selected.length === 0) throw await noRevision(cluster, target.revision);
  const configuration = await configurationOf(cluster, selected, unseen);
  const proxies = proxyPods(pods);
  const dependents = dependentsOf(target, { proxies, namespaces, injectors, configuration, selected });
  return { objects: selected, dependents, unseen };
};

const usersTags = async (cluster: Cluster): Promise<readonly ManifestObject[]> => {
  const lists = await inParallel(TAG_KINDS, AT_ONCE, (kind) =>
    cluster.list(kind, { labels: `istio.io/tag,${OWNER_LABELS.revision}` }),
  );
  return lists.flatMap((list) => (list ?? []).map(fromKubernetes)).filter(isUsersTag);
};

/** The objects whose definitions are among what goes. */
const configurationOf = async (
  cluster: Cluster,
  selected: readonly ManifestObject[],
  unseen: string[],
): Promise<readonly ManifestObject[]> => {
  const kinds = selected
    .filter(({ kind }) => kind === 'CustomResourceDefinition')
    .flatMap(({ value }): readonly Kind[] => {
      const [group, kind] = [read(value, 'spec.group'), read(value, 'spec.names.kind')];
      const versions = read(value, 'spec.versions');
      const stored = Array.isArray(versions) ? versions.find((each) => read(each, 'storage') === true) : undefined;
      const version = read(stored, 'name');
      return typeof kind === 'string' ? [{ apiVersion: `${String(group)}/${String(version)}`, kind }] : [];
    });
  const lists = await inParallel(kinds, AT_ONCE, (kind) => listVisible(cluster, kind, {}, unseen));
  return lists.flat();
};

const noRevision = async (cluster: Cluster, revision: string): Promise<Fault> => {
  const all = await ownedObjects(cluster, undefined);
  const names = new Set(selectNames(all));
  const known = [...names].toSorted().join(', ');
  return new Fault(`could not find target revision "${revision}": no object of the cluster belongs to it`, {
    kind: 'failure',
    code: 'NO_SUCH_REVISION',
    hint: known === '' ? 'nothing of Istio is installed here' : `the revisions here are ${known}`,
  });
};

const selectNames = (owned: readonly ManifestObject[]): readonly string[] =>
  owned
    .filter((object) => labelOf(object, OWNER_LABELS.component) !== 'Base')
    .map((object) => labelOf(object, OWNER_LABELS.revision))
    .filter((name) => name !== '');
