import type { Problem } from '../base/problem.ts';
import type { Mesh } from '../model/mesh.ts';
import { buildMesh } from '../model/mesh.ts';
import type { Pod } from '../model/pod.ts';
import { derivePods } from '../model/pods.ts';
import { createRunning } from '../model/running.ts';
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

export interface ConfigurationOptions {
  /** Adds what an Istio installation would bring, where the texts do not have it. */
  readonly builtIns: boolean;
  /** What a running cluster holds, an object each; gives way to the same object of the texts. */
  readonly running?: readonly SourceText[];
}

/**
 * Reads texts into a configuration. Never throws for what a user can write: look at `problems`, and use nothing when one is an error.
 */
export const loadConfiguration = async (
  sources: readonly SourceText[],
  { builtIns, running = [] }: ConfigurationOptions,
): Promise<LoadedConfiguration> => {
  const loaded = sources.map((source) => loadYaml(source));
  const provided = [...(builtIns ? [BUILT_IN] : []), ...running];
  const { has, soften } = createRunning(running);
  const documents = loaded.flatMap((stream) => stream.documents);
  const built = await buildMesh(documents, {
    defaults: provided.flatMap((source) => loadYaml(source).documents),
    // Of the objects of a cluster some are newer than heddle.
    unknownFields: running.length > 0 ? 'warning' : 'error',
  });
  const derived = derivePods(built.mesh, { isRunning: has });
  return {
    mesh: built.mesh,
    pods: derived.pods,
    problems: [
      ...loaded.flatMap((stream) => stream.problems),
      ...[...built.problems, ...derived.problems, ...bindingProblems(derived.pods)].flatMap(soften),
    ],
    sources: [...sources, ...provided],
  };
};
