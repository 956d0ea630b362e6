import type { Problem } from '../base/problem.ts';
import type { Mesh } from '../model/mesh.ts';
import { buildMesh } from '../model/mesh.ts';
import type { Pod } from '../model/pod.ts';
import { derivePods } from '../model/pods.ts';
import { loadYaml } from '../yaml/load.ts';
import type { SourceText } from '../yaml/source-text.ts';
import { bindingProblems } from './binding.ts';
import { BUILT_IN } from './built-in.ts';

/** A whole configuration as read from its texts: objects and the pods they make, before any address or table. */
export interface LoadedConfiguration {
  readonly mesh: Mesh;
  readonly pods: readonly Pod[];
  readonly problems: readonly Problem[];
  /** By name, for code frames under problems. */
  readonly sources: readonly SourceText[];
}

/** `NAMESPACE/NAME`, what a pod is known by throughout local mode. */
export const podKey = (pod: Pick<Pod, 'namespace' | 'name'>): string => `${pod.namespace}/${pod.name}`;

/**
 * Reads texts into a configuration. With `builtIns`, what an Istio installation would bring is added where the texts
 * do not have it. Never throws for what a user can write: look at `problems`, and use nothing when one is an error.
 */
export const loadConfiguration = async (
  sources: readonly SourceText[],
  options: { readonly builtIns: boolean },
): Promise<LoadedConfiguration> => {
  const loaded = sources.map((source) => loadYaml(source));
  const builtIn = options.builtIns ? loadYaml(BUILT_IN).documents : [];
  const documents = loaded.flatMap((stream) => stream.documents);
  const built = await buildMesh(documents, { defaults: builtIn });
  const derived = derivePods(built.mesh);
  return {
    mesh: built.mesh,
    pods: derived.pods,
    problems: [
      ...loaded.flatMap((stream) => stream.problems),
      ...built.problems,
      ...derived.problems,
      ...bindingProblems(derived.pods),
    ],
    sources: options.builtIns ? [...sources, BUILT_IN] : sources,
  };
};
