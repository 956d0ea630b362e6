import { Fault } from '../../base/fault.ts';
import type { Cluster } from '../../cluster/cluster.ts';
import { canonicalInjector, readTagState, rivalsOfDefault } from '../../cluster/tags.ts';
import type { ManifestObject } from '../../install/manifest/object.ts';
import { labelOf, OWNER_LABELS } from '../../install/owner/ownership.ts';
import { neverMatching } from '../../install/tag/never-match.ts';
import { DEFAULT_TAG, type TagCharts, tagObjects } from '../../install/tag/tag-objects.ts';
import { namespacesOf, partsOfTag, type TagState } from '../../install/tag/tags.ts';
import { loadGoStructs, loadMeshProto, loadValuesProto } from '../../model/typed/load.ts';
import { ISTIO_NAMESPACE } from '../cluster/flags.ts';
import type { Context } from '../command.ts';
import { platformOf, refuse } from '../install/render.ts';
import { readTree } from '../install/tree.ts';
import { webhookConflicts } from '../install/webhook-conflicts.ts';

/** What the flags of a tag were given. */
export interface TagOptions {
  readonly revision: string | undefined;
  readonly overwrite: boolean;
  readonly autoInjectNamespaces: boolean;
  readonly webhookName: string | undefined;
  readonly manifests: string | undefined;
  readonly istioNamespace: string | undefined;
}

/** A tag that is ready to be applied or printed. */
export interface PreparedTag {
  readonly tag: string;
  readonly revision: string;
  /** Where the tag led before; undefined for a new one, the same revision for one that stays. */
  readonly previous: string | undefined;
  readonly objects: readonly ManifestObject[];
  /** Injectors that the tag takes the place of. */
  readonly rivals: readonly ManifestObject[];
  /** That follow the tag. */
  readonly namespaces: readonly string[];
  /** Pods that would be injected twice, a sentence each. */
  readonly conflicts: readonly string[];
}

const chartsFor = async (manifests: string | undefined, kubeVersion: string, { io }: Context): Promise<TagCharts> => {
  const [tree, structs, mesh, values] = await Promise.all([
    readTree(manifests, io),
    loadGoStructs(),
    loadMeshProto(),
    loadValuesProto(),
  ]);
  return { tree, descriptors: { structs, mesh, values }, platform: platformOf({ kubeVersion, detected: [] }) };
};

/** Renders a tag for a revision that the cluster has; changes nothing. */
export const prepareTag = async (
  cluster: Cluster,
  tag: string,
  options: TagOptions,
  isOnlyPrinted: boolean,
  context: Context,
): Promise<PreparedTag> => {
  const { revision, overwrite, webhookName, istioNamespace: namespace = ISTIO_NAMESPACE } = options;
  if (revision === undefined)
    throw new Fault('--revision is missing', {
      kind: 'usage',
      code: 'NO_REVISION',
      hint: 'name the control plane that the tag leads to, such as -r default; heddle tag list shows those there are',
    });
  const [{ gitVersion }, state] = await Promise.all([cluster.version(), readTagState(cluster, namespace)]);
  const canonical = canonicalInjector(state, { tag, revision, overwrite, isOnlyPrinted });
  const { objects, problems } = tagObjects(await chartsFor(options.manifests, gitVersion, context), {
    tag,
    revision,
    namespace,
    canonical: canonical.value,
    autoInject: options.autoInjectNamespaces,
    owner: 'user',
    ...(webhookName !== undefined && { webhookName }),
  });
  refuse(problems, [], context);
  const rivals = tag === DEFAULT_TAG ? rivalsOfDefault(state) : [];
  const [old] = partsOfTag(state, tag);
  return {
    tag,
    revision,
    previous: old && labelOf(old, OWNER_LABELS.revision),
    objects,
    rivals,
    namespaces: namespacesOf(tag, state.namespaces),
    conflicts: await conflictsOf(objects, rivals, state),
  };
};

const conflictsOf = async (
  objects: readonly ManifestObject[],
  rivals: readonly ManifestObject[],
  { injectors }: TagState,
): Promise<readonly string[]> => {
  const others = injectors.map((injector) => (rivals.includes(injector) ? neverMatching(injector) : injector));
  const conflicts = await webhookConflicts(objects, others);
  return conflicts.map(({ code, origin, message }) => `${code} ${origin}: ${message}`);
};
