import type { SchemaSet, SchemaSetName } from './schema.ts';

const LOADERS: Readonly<Record<SchemaSetName, () => Promise<{ readonly json: string }>>> = {
  istio: () => import('./generated/schemas-istio.ts'),
  'gateway-api': () => import('./generated/schemas-gateway-api.ts'),
  kubernetes: () => import('./generated/schemas-kubernetes.ts'),
  mesh: () => import('./generated/schemas-mesh.ts'),
};

const loaded = new Map<SchemaSetName, SchemaSet>();

/** Reads the sets asked for, each once a process; a command pays only for the API groups its input uses. */
export const loadSchemas = async (names: Iterable<SchemaSetName>): Promise<ReadonlyMap<SchemaSetName, SchemaSet>> => {
  const wanted = [...new Set(names)];
  await Promise.all(
    wanted
      .filter((name) => !loaded.has(name))
      .map(async (name) => loaded.set(name, JSON.parse((await LOADERS[name]()).json) as SchemaSet)),
  );
  return loaded;
};
