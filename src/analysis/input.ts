import type { Problem } from '../base/problem.ts';
import { buildMesh, type Mesh } from '../model/mesh.ts';
import { readMeshConfig } from '../model/mesh-config.ts';
import { decodeMessage } from '../model/mesh-message.ts';
import { derivePods } from '../model/pods.ts';
import { type KubernetesObject, type Resource, resourceId } from '../model/resource.ts';
import { createRunning } from '../model/running.ts';
import { loadSchemas } from '../model/schema/load.ts';
import { isObject } from '../model/value.ts';
import { type LoadedDocument, loadYaml } from '../yaml/load.ts';
import { copyPosition, spanOf } from '../yaml/located.ts';
import type { SourceText } from '../yaml/source-text.ts';
import type { AnalysisInput, Cluster } from './check.ts';

export interface InputOptions {
  /** A MeshConfig document that counts instead of what the input says. */
  readonly meshConfig?: SourceText;
  /** A MeshNetworks document that counts instead of key `meshNetworks` of ConfigMap istio-system/istio. */
  readonly meshNetworks?: SourceText;
  /** What a running cluster holds, an object each: it gives way to the same object of the texts. */
  readonly running?: readonly SourceText[];
  /** Namespace of objects that name none: `default` unless told otherwise. */
  readonly defaultNamespace?: string;
  /** What other clusters of the mesh hold. */
  readonly clusters?: readonly ClusterSources[];
  /** Reads certificates, which needs cryptography and a clock. */
  readonly judgeCertificate?: AnalysisInput['judgeCertificate'];
}

/** The files of one more cluster. */
export interface ClusterSources {
  readonly name: string;
  readonly sources: readonly SourceText[];
}

export interface LoadedInput {
  readonly input: AnalysisInput;
  readonly documents: readonly LoadedDocument[];
  /** What could not be read or would be refused as a whole (errors), and what was read with reservation (warnings). */
  readonly problems: readonly Problem[];
}

/** What local mode has to say about its own limits is of no interest where nothing is run. */
const IRRELEVANT = new Set(['UNSUPPORTED_FIELD', 'POD_NAME_CLASH', 'TOO_MANY_PODS', 'NOT_KUBERNETES']);

/**
 * Reads texts for an analysis: as lenient as Istio's own, that is, unknown fields, keys written twice, missing required
 * fields and values out of bounds are warnings; a wrong type or enum leaves the object out.
 */
export const loadInput = async (sources: readonly SourceText[], options: InputOptions = {}): Promise<LoadedInput> => {
  const loaded = sources.map((source) => loadYaml(source));
  const problems = loaded.flatMap((result) => result.problems.map(lenient));
  const documents = loaded.flatMap((result) => result.documents.map(lenientDocument));
  const { running = [], defaultNamespace } = options;
  const defaults = running.flatMap((source) => loadYaml(source).documents);
  const built = await buildMesh(documents, {
    unknownFields: 'warning',
    tolerance: 'readable',
    defaults,
    ...(defaultNamespace !== undefined && { defaultNamespace }),
  });
  const mesh = await withConfig(built.mesh, options.meshConfig, problems);
  const meshNetworks = await readNetworks(options.meshNetworks ?? networksIn(mesh, [...running, ...sources]), problems);
  const clusters = await readClusters(options.clusters ?? [], problems);
  const { has, soften } = createRunning(running);
  const derived = derivePods(mesh, { withoutSpec: true, isRunning: has });
  const found = [...built.problems, ...derived.problems].filter(({ code }) => !IRRELEVANT.has(code));
  problems.push(...found.flatMap(soften));
  const { judgeCertificate } = options;
  return {
    input: {
      mesh,
      pods: derived.pods,
      meshNetworks,
      clusters: clusters.map(({ cluster }) => cluster),
      judgeCertificate,
    },
    documents: [...documents, ...defaults, ...clusters.flatMap((one) => one.documents)],
    problems,
  };
};

const lenient = (problem: Problem): Problem =>
  problem.code === 'YAML_DUPLICATE_KEY' ? { ...problem, severity: 'warning' } : problem;

const lenientDocument = (document: LoadedDocument): LoadedDocument =>
  document.problems.length === 0 ? document : { ...document, problems: document.problems.map(lenient) };

/** One mapping of a configuration file that is no Kubernetes object; an empty file is an empty mapping. */
const readMapping = (source: SourceText, problems: Problem[]): LoadedDocument | undefined => {
  const { documents, problems: found } = loadYaml(source);
  problems.push(...found.map(lenient));
  const [document] = documents;
  if (document === undefined || isObject(document.value)) return document;
  problems.push({
    severity: 'error',
    code: 'WRONG_TYPE',
    message: `${source.name} is no mapping`,
    span: document.span,
  });
  return undefined;
};

const withConfig = async (mesh: Mesh, source: SourceText | undefined, problems: Problem[]): Promise<Mesh> => {
  if (source === undefined) return mesh;
  const document = readMapping(source, problems);
  const set = (await loadSchemas(['mesh'])).get('mesh');
  if (document === undefined || set === undefined) return mesh;
  // An IstioOperator holds a mesh configuration as it is, positions and all.
  const operator = resourceOf(document, 'IstioOperator', 'istio', { spec: { meshConfig: document.value } });
  const read = readMeshConfig([operator], [], set, 'warning');
  for (const problem of read.problems)
    if (!IRRELEVANT.has(problem.code)) problems.push({ ...problem, resource: 'MeshConfig istio-system/istio' });
  return { ...mesh, config: read.config };
};

/**
 * The networks in ConfigMap istio-system/istio. Of a literal block the lines are those of the file; any other scalar is
 * taken to stand at its first line.
 */
const networksIn = (mesh: Mesh, sources: readonly SourceText[]): SourceText | undefined => {
  const data = mesh.find('ConfigMap', 'istio-system', 'istio')?.object.data;
  const text = data?.['meshNetworks'];
  const span = data === undefined ? undefined : spanOf(data, 'meshNetworks');
  if (text === undefined || span === undefined) return undefined;
  const lines = sources.find(({ name }) => name === span.file)?.text.split(/\r\n|\n|\r/) ?? [];
  const isBlock = lines[span.line - 1]?.charAt(span.column - 1) === '|';
  const above = '\n'.repeat(isBlock ? span.line : span.line - 1);
  return { name: span.file, text: above + (isBlock ? lines.slice(span.line, span.endLine).join('\n') : text) };
};

const readNetworks = async (source: SourceText | undefined, problems: Problem[]): Promise<Resource | undefined> => {
  const document = source === undefined ? undefined : readMapping(source, problems);
  const set = document === undefined ? undefined : (await loadSchemas(['mesh'])).get('mesh');
  if (document === undefined || set === undefined || !isObject(document.value)) return undefined;
  const networks = resourceOf(document, 'MeshNetworks', 'meshnetworks', document.value);
  const { problems: found } = decodeMessage(document.value, 'MeshNetworks', set, {
    title: 'mesh networks',
    at: (...place) => ({ span: spanOf(...place) ?? document.span, resource: resourceId(networks) }),
    unknownFields: 'warning',
  });
  problems.push(...found);
  // What else it says is read all the same: each network stands for itself.
  return networks;
};

interface LoadedCluster {
  readonly cluster: Cluster;
  readonly documents: readonly LoadedDocument[];
}

const readClusters = async (
  clusters: readonly ClusterSources[],
  problems: Problem[],
): Promise<readonly LoadedCluster[]> => {
  const read: LoadedCluster[] = [];
  for (const { name, sources } of clusters) {
    const loaded = await loadInput(sources);
    problems.push(...loaded.problems);
    read.push({ cluster: { name, mesh: loaded.input.mesh }, documents: loaded.documents });
  }
  return read;
};

const resourceOf = (document: LoadedDocument, kind: string, name: string, content: object): Resource => {
  const metadata = { name, namespace: 'istio-system' };
  const object: KubernetesObject = { ...content, apiVersion: '', kind, metadata };
  if (isObject(document.value)) copyPosition(document.value, object);
  return { apiVersion: '', kind, ...metadata, labels: {}, annotations: {}, object, order: 0, span: document.span };
};
