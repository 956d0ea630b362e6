import type { Problem } from '../base/problem.ts';
import type { LoadedDocument } from '../yaml/load.ts';
import { type DecodeOptions, decodeDocuments } from './decode.ts';
import { deployGateways } from './gateway-deployment.ts';
import { type KindName, type KindTypes, kindOf, splitApiVersion } from './kinds.ts';
import { DEFAULT_MESH_CONFIG, type MeshConfig, readMeshConfig } from './mesh-config.ts';
import { type Resource, resourceId } from './resource.ts';
import { loadSchemas } from './schema/load.ts';

/** Every object of one configuration, indexed and immutable. */
export interface Mesh {
  readonly resources: readonly Resource[];
  /** Istio's defaults under the `mesh` key of ConfigMap istio-system/istio, where the input has one. */
  readonly config: MeshConfig;
  /** Objects of one kind in input order (that is, oldest first), whatever served version they were written in. */
  of<K extends KindName>(kind: K): readonly Resource<KindTypes[K]>[];
  find<K extends KindName>(kind: K, namespace: string, name: string): Resource<KindTypes[K]> | undefined;
  /** Labels of a namespace; empty when the input has no such Namespace object. */
  namespaceLabels(namespace: string): Readonly<Record<string, string>>;
}

export interface MeshOptions extends DecodeOptions {
  /** Objects of an installation, older than all others, that give way to objects of the same kind, namespace and name. */
  readonly defaults?: readonly LoadedDocument[];
}

export interface BuiltMesh {
  readonly mesh: Mesh;
  /** Of decoding and the mesh configuration; problems of loading the documents are the loader's to report. */
  readonly problems: readonly Problem[];
}

/**
 * Decodes documents and indexes what is sound. An object with an error is left out of the mesh; of two objects with the
 * same identity the later content counts, at the place (age) of the first, as applying both in turn would leave it.
 * What Istio's controller deploys for Gateways of the Gateway API comes last.
 */
export const buildMesh = async (
  documents: readonly LoadedDocument[],
  options: MeshOptions = {},
): Promise<BuiltMesh> => {
  const base = await decodeDocuments(options.defaults ?? [], options);
  const decoded = await decodeDocuments(documents, options);
  const problems = [...base.problems, ...decoded.problems];
  const own = deduplicate(decoded.resources, problems);
  const overridden = new Set(own.map(identityOf));
  const resources = [...base.resources.filter((resource) => !overridden.has(identityOf(resource))), ...own].map(
    (resource, order) => ({ ...resource, order }),
  );
  const config = await configOf(resources, [...(options.defaults ?? []), ...documents], options, problems);
  const written = createMesh(resources, config);
  const deployed = deployGateways(written);
  return { mesh: deployed.length === 0 ? written : createMesh([...resources, ...deployed], config), problems };
};

const identityOf = (resource: Resource): string =>
  `${splitApiVersion(resource.apiVersion).group}/${resource.kind}/${resource.namespace}/${resource.name}`;

const deduplicate = (resources: readonly Resource[], problems: Problem[]): readonly Resource[] => {
  const byIdentity = new Map<string, Resource>();
  for (const resource of resources) {
    const identity = identityOf(resource);
    const first = byIdentity.get(identity);
    // Nameless objects (IstioOperator) cannot be told apart and do not replace one another.
    if (first !== undefined && resource.name !== '') {
      problems.push({
        severity: 'warning',
        code: 'DUPLICATE_RESOURCE',
        message: `${resourceId(resource)} is also defined at ${first.span.file}:${first.span.line}; this one replaces it`,
        span: resource.span,
        resource: resourceId(resource),
      });
    }
    // Setting a key that a Map has keeps its place, which is the object's age.
    byIdentity.set(resource.name === '' ? `${identity}${resource.order}` : identity, resource);
  }
  return [...byIdentity.values()];
};

const configOf = async (
  resources: readonly Resource[],
  documents: readonly LoadedDocument[],
  { unknownFields }: MeshOptions,
  problems: Problem[],
): Promise<MeshConfig> => {
  const sources = resources.filter(
    ({ kind, name }) => kind === 'IstioOperator' || (kind === 'ConfigMap' && name === 'istio'),
  );
  if (sources.length === 0) return DEFAULT_MESH_CONFIG;
  const set = (await loadSchemas(['mesh'])).get('mesh');
  if (set === undefined) return DEFAULT_MESH_CONFIG;
  const read = readMeshConfig(sources, documents, set, unknownFields);
  for (const problem of read.problems) problems.push(problem);
  return read.config;
};

const createMesh = (resources: readonly Resource[], config: MeshConfig): Mesh => {
  const byKind = new Map<KindName, Resource[]>();
  const byName = new Map<string, Resource>();
  for (const resource of resources) {
    const kind = kindOf(resource.apiVersion, resource.kind)?.name;
    if (kind === undefined) continue;
    const list = byKind.get(kind);
    if (list === undefined) byKind.set(kind, [resource]);
    else list.push(resource);
    byName.set(`${kind}/${resource.namespace}/${resource.name}`, resource);
  }
  // Decoding checked every object of a kind against the schema its type was generated from.
  return {
    resources,
    config,
    of: <K extends KindName>(kind: K) =>
      (byKind.get(kind) ?? []) as readonly unknown[] as readonly Resource<KindTypes[K]>[],
    find: <K extends KindName>(kind: K, namespace: string, name: string) =>
      byName.get(`${kind}/${namespace}/${name}`) as unknown as Resource<KindTypes[K]> | undefined,
    namespaceLabels: (namespace) => byName.get(`Namespace//${namespace}`)?.labels ?? {},
  };
};
