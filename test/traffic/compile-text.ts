import type { Problem } from '../../src/base/problem.ts';
import { buildMesh } from '../../src/model/mesh.ts';
import { derivePods } from '../../src/model/pods.ts';
import { compileMesh } from '../../src/traffic/compile/compile-mesh.ts';
import type { PlacedPod, World } from '../../src/traffic/compile/world.ts';
import type { ProxyTables } from '../../src/traffic/tables.ts';
import { loadYaml } from '../../src/yaml/load.ts';

export interface CompiledText {
  readonly world: World;
  readonly proxies: ReadonlyMap<string, ProxyTables>;
  readonly problems: readonly Problem[];
}

/** Compiles YAML with fixed addresses: pods 10.44.1.1, .2, ... and services 10.144.0.1, .2, ... in document order. */
export const compileText = async (
  text: string,
  externals: ReadonlyMap<string, string> = new Map(),
  name = 'mesh.yaml',
): Promise<CompiledText> => {
  const { documents, problems } = loadYaml({ name, text });
  if (problems.length > 0) throw new Error(JSON.stringify(problems));
  const { mesh } = await buildMesh(documents);
  const pods: PlacedPod[] = derivePods(mesh).pods.map((pod, index) => ({
    pod,
    address: `10.44.1.${index + 1}`,
    ready: pod.annotations['test/ready'] !== 'false',
  }));
  const addresses = new Map<string, string>();
  for (const service of mesh.of('Service')) {
    const { clusterIP, type } = service.object.spec ?? {};
    if (clusterIP === 'None' || type === 'ExternalName') continue;
    addresses.set(`${service.namespace}/${service.name}`, `10.144.0.${addresses.size + 1}`);
  }
  const world: World = {
    mesh,
    pods,
    serviceAddress: (namespace, service) => addresses.get(`${namespace}/${service}`),
    externals,
  };
  return { world, ...compileMesh(world, 1) };
};
