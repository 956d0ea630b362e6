import { Fault } from '../../base/fault.ts';
import type { Problem } from '../../base/problem.ts';
import { createAddressBook } from '../../local/address-book.ts';
import { SYSTEM_NAMESPACE } from '../../local/built-in.ts';
import { type LoadedConfiguration, loadConfiguration, podKey } from '../../local/configuration.ts';
import { planMesh } from '../../traffic/compile/compile-mesh.ts';
import type { World } from '../../traffic/compile/world.ts';
import { type MeshView, viewMesh } from '../../traffic/explain/mesh-view.ts';
import type { SourceText } from '../../yaml/source-text.ts';

/** Second octet of the addresses that pods and services get: only policies on addresses ever see them. */
const OCTET = 44;

/** A configuration as requests can be asked of it, and what its files have that does not work. */
export interface LoadedMesh {
  readonly view: MeshView;
  readonly problems: readonly Problem[];
}

/**
 * Compiles texts as local mode would, without running anything, over what a running cluster has where one is given;
 * throws a Fault where a text is no YAML.
 */
export const loadMesh = async (
  sources: readonly SourceText[],
  running: readonly SourceText[] = [],
): Promise<LoadedMesh> => {
  const configuration = await loadConfiguration(sources, { builtIns: running.length === 0, running });
  const broken = configuration.problems.find(({ code }) => code === 'YAML_SYNTAX');
  if (broken !== undefined)
    throw new Fault(
      `${broken.span === undefined ? '' : `${broken.span.file}:${broken.span.line}: `}${broken.message}`,
      { kind: 'input', code: broken.code, hint: broken.hint ?? 'correct the YAML' },
    );
  const world = placeMesh(configuration);
  const plan = planMesh(world, 1);
  return {
    view: viewMesh(world, plan, SYSTEM_NAMESPACE),
    problems: [...configuration.problems, ...plan.problems],
  };
};

/** The world of a configuration: addresses as local mode gives them, every pod ready. */
export const placeMesh = (configuration: LoadedConfiguration): World => {
  const book = createAddressBook(OCTET);
  const { mesh } = configuration;
  const hasAddress = new Set(
    mesh
      .of('Service')
      .filter(({ object }) => object.spec?.clusterIP !== 'None' && object.spec?.type !== 'ExternalName')
      .map(({ namespace, name }) => `${namespace}/${name}`),
  );
  return {
    mesh,
    pods: configuration.pods.map((pod) => ({ pod, address: book.podAddress(podKey(pod)), ready: true })),
    serviceAddress: (namespace, name) =>
      hasAddress.has(`${namespace}/${name}`) ? book.serviceAddress(`${namespace}/${name}`) : undefined,
    externals: new Map(),
  };
};
