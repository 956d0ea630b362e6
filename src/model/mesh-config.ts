import { hasErrors, type Problem, type Severity } from '../base/problem.ts';
import type { Span } from '../base/span.ts';
import { type LoadedDocument, loadYaml } from '../yaml/load.ts';
import { spanOf } from '../yaml/located.ts';
import type { Plain } from '../yaml/plain.ts';
import { lineStarts, type SourceText } from '../yaml/source-text.ts';
import type { IstioOperator } from './kinds.ts';
import { decodeMessage } from './mesh-message.ts';
import { type Resource, resourceId } from './resource.ts';
import type { ConfigMap } from './schema/generated/types-kubernetes.ts';
import type * as proto from './schema/generated/types-mesh.ts';
import type { SchemaSet } from './schema/schema.ts';
import { describeValue, isObject } from './value.ts';

/** The fields that always have a value, whatever the input leaves out. */
interface Settled {
  readonly accessLogEncoding: 'TEXT' | 'JSON';
  readonly accessLogFile: string;
  readonly accessLogFormat: string;
  readonly connectTimeout: string;
  readonly defaultConfig: proto.ProxyConfig;
  readonly defaultDestinationRuleExportTo: readonly string[];
  readonly defaultProviders: proto.DefaultProviders;
  readonly defaultServiceExportTo: readonly string[];
  readonly defaultVirtualServiceExportTo: readonly string[];
  readonly enableAutoMtls: boolean;
  readonly extensionProviders: readonly proto.ExtensionProvider[];
  readonly ingressClass: string;
  readonly ingressControllerMode: 'UNSPECIFIED' | 'OFF' | 'DEFAULT' | 'STRICT';
  readonly ingressSelector: string;
  readonly ingressService: string;
  readonly localityLbSetting: proto.LocalityLoadBalancerSetting;
  readonly outboundTrafficPolicy: proto.OutboundTrafficPolicy & {
    readonly mode: NonNullable<proto.OutboundTrafficPolicy['mode']>;
  };
  readonly pathNormalization: {
    readonly normalization: 'NONE' | 'BASE' | 'MERGE_SLASHES' | 'DECODE_AND_MERGE_SLASHES';
  };
  readonly protocolDetectionTimeout: string;
  readonly rootNamespace: string;
  readonly trustDomain: string;
}

/**
 * The mesh-wide configuration with Istio's defaults filled in. Names and shapes are those of Istio's MeshConfig, so
 * durations are strings as Go writes them (`10s`).
 */
export type MeshConfig = Omit<proto.MeshConfig, keyof Settled> & Settled;

/** What Istio assumes when it has no mesh configuration at all. */
export const DEFAULT_MESH_CONFIG: MeshConfig = {
  accessLogEncoding: 'TEXT',
  accessLogFile: '',
  accessLogFormat: '',
  connectTimeout: '10s',
  defaultConfig: { drainDuration: '45s', terminationDrainDuration: '5s', statusPort: 15020, proxyAdminPort: 15000 },
  defaultDestinationRuleExportTo: ['*'],
  defaultProviders: {},
  defaultServiceExportTo: ['*'],
  defaultVirtualServiceExportTo: ['*'],
  enableAutoMtls: true,
  enableTracing: true,
  extensionProviders: [
    { name: 'prometheus', prometheus: {} },
    { name: 'stackdriver', stackdriver: {} },
    { name: 'envoy', envoyFileAccessLog: { path: '/dev/stdout' } },
  ],
  ingressClass: 'istio',
  ingressControllerMode: 'STRICT',
  ingressSelector: 'ingressgateway',
  ingressService: 'istio-ingressgateway',
  localityLbSetting: { enabled: true },
  outboundTrafficPolicy: { mode: 'ALLOW_ANY' },
  pathNormalization: { normalization: 'BASE' },
  protocolDetectionTimeout: '0s',
  rootNamespace: 'istio-system',
  trustDomain: 'cluster.local',
};

/** Fields that change what the mesh does with a request, its logs or its identities. */
const ACTED_ON: ReadonlySet<string> = new Set<keyof proto.MeshConfig>([
  'accessLogEncoding',
  'accessLogFile',
  'accessLogFormat',
  'connectTimeout',
  'defaultConfig',
  'defaultDestinationRuleExportTo',
  'defaultHttpRetryPolicy',
  'defaultProviders',
  'defaultTrafficPolicy',
  'defaultServiceExportTo',
  'defaultVirtualServiceExportTo',
  'discoverySelectors',
  'enableAutoMtls',
  'enableTracing',
  'extensionProviders',
  'ingressClass',
  'ingressControllerMode',
  'ingressSelector',
  'ingressService',
  'localityLbSetting',
  'outboundTrafficPolicy',
  'pathNormalization',
  'protocolDetectionTimeout',
  'rootNamespace',
  'trustDomain',
  'trustDomainAliases',
]);

/** Fields about processes and addresses of a real installation, which have no counterpart and do no harm. */
const DEPLOYMENT_ONLY: ReadonlySet<string> = new Set<keyof proto.MeshConfig>([
  'caCertificates',
  'certificates',
  'configSources',
  'dnsRefreshRate',
  'enablePrometheusMerge',
  'proxyInboundListenPort',
  'proxyListenPort',
]);

interface Layer {
  readonly fields: Plain;
  /** Where a span of `fields` stands in the input. */
  readonly locate: (span: Span | undefined) => Span | undefined;
  readonly resource: Resource;
}

/**
 * Reads the mesh configuration from ConfigMap `istio` (key `mesh`, YAML inside YAML) and `IstioOperator.spec.meshConfig`
 * in input order, later fields over earlier ones as istiod layers them: whole top-level fields, except that proxy
 * defaults merge field by field and extension providers by name. A layer with an error is left out.
 */
export const readMeshConfig = (
  resources: readonly Resource[],
  documents: readonly LoadedDocument[],
  set: SchemaSet,
  unknownFields: Severity = 'error',
): { readonly config: MeshConfig; readonly problems: readonly Problem[] } => {
  const problems: Problem[] = [];
  let config = DEFAULT_MESH_CONFIG;
  for (const resource of resources) {
    const layer = layerOf(resource, documents, problems);
    if (layer !== undefined) config = applyLayer(config, layer, set, unknownFields, problems);
  }
  return { config, problems };
};

const layerOf = (resource: Resource, documents: readonly LoadedDocument[], problems: Problem[]): Layer | undefined => {
  if (resource.kind === 'IstioOperator') {
    const fields = (resource.object as IstioOperator).spec?.meshConfig;
    return isObject(fields) ? { fields, locate: (span) => span, resource } : undefined;
  }
  if (resource.kind !== 'ConfigMap' || resource.name !== 'istio' || resource.namespace !== 'istio-system') {
    return undefined;
  }
  const data = (resource.object as ConfigMap).data;
  const text = data?.['mesh'];
  if (data === undefined || text === undefined) return undefined;
  const span = spanOf(data, 'mesh') ?? resource.span;
  const source = documents.find((document) => document.source.name === span.file)?.source;
  const locate = source === undefined ? () => span : locateInner(source, span);
  const inner = loadYaml({ name: span.file, text });
  for (const problem of inner.problems) {
    const where = locate(problem.span);
    problems.push({ ...problem, ...(where && { span: where }), resource: resourceId(resource) });
  }
  const fields = inner.documents[0]?.value ?? {};
  if (isObject(fields)) return { fields, locate, resource };
  const message = `the mesh configuration must be a mapping, not ${describeValue(fields)}`;
  problems.push({ severity: 'error', code: 'WRONG_TYPE', message, span, resource: resourceId(resource) });
  return undefined;
};

/**
 * Maps spans of a text inside a scalar to the file: exactly for a literal block, whose lines are the file's own; for
 * other scalars (quoted, folded) to the whole scalar.
 */
const locateInner = (source: SourceText, span: Span): ((inner: Span | undefined) => Span) => {
  const start = (lineStarts(source)[span.line - 1] ?? 0) + span.column - 1;
  if (source.text[start] !== '|') return () => span;
  const firstLine = source.text
    .slice(lineStarts(source)[span.line] ?? start)
    .split(/\r?\n/)
    .find((line) => line.trim() !== '');
  const indent = firstLine?.search(/\S/) ?? 0;
  return (inner) =>
    inner === undefined
      ? span
      : {
          file: span.file,
          line: span.line + inner.line,
          column: indent + inner.column,
          endLine: span.line + inner.endLine,
          endColumn: indent + inner.endColumn,
        };
};

const applyLayer = (
  before: MeshConfig,
  layer: Layer,
  set: SchemaSet,
  unknownFields: Severity,
  problems: Problem[],
): MeshConfig => {
  const resource = resourceId(layer.resource);
  const at = (container: object, key?: string | number, part?: 'key' | 'value') => {
    const span = layer.locate(spanOf(container, key, part)) ?? layer.resource.span;
    return { span, resource };
  };
  const title = 'mesh configuration';
  const { decoded, problems: found } = decodeMessage(layer.fields, 'MeshConfig', set, { title, at, unknownFields });
  problems.push(...found);
  reportUnsupported(decoded, layer.fields, set, at, problems);
  // Like any object with an error, a layer with one is left out.
  return hasErrors(found) ? before : settle(before, decoded as proto.MeshConfig);
};

const reportUnsupported = (
  decoded: Plain,
  written: Plain,
  set: SchemaSet,
  at: (container: object, key: string, part: 'key') => { readonly span: Span; readonly resource: string },
  problems: Problem[],
): void => {
  for (const key of Object.keys(decoded)) {
    if (ACTED_ON.has(key) || !Object.hasOwn(set.roots['MeshConfig']?.properties ?? {}, key)) continue;
    const isHarmless = DEPLOYMENT_ONLY.has(key);
    problems.push({
      severity: isHarmless ? 'info' : 'warning',
      code: 'UNSUPPORTED_FIELD',
      message: `mesh configuration: ${key} ${isHarmless ? 'concerns a real installation only' : 'is not supported and has no effect'}`,
      ...at(written, key, 'key'),
    });
  }
};

const settle = (before: MeshConfig, fields: proto.MeshConfig): MeshConfig => {
  const { outboundTrafficPolicy, pathNormalization, defaultConfig, extensionProviders, ...rest } = fields;
  const normalization = pathNormalization?.normalization ?? 'DEFAULT';
  return {
    ...before,
    ...rest,
    // A policy without mode is the enum's zero value, which refuses unknown destinations.
    ...(outboundTrafficPolicy && {
      outboundTrafficPolicy: { ...outboundTrafficPolicy, mode: outboundTrafficPolicy.mode ?? 'REGISTRY_ONLY' },
    }),
    ...(pathNormalization && {
      pathNormalization: { normalization: normalization === 'DEFAULT' ? 'BASE' : normalization },
    }),
    ...(defaultConfig && { defaultConfig: mergeProxyConfig(before.defaultConfig, defaultConfig) }),
    ...(extensionProviders && {
      extensionProviders: mergeProviders(before.extensionProviders, extensionProviders),
    }),
  };
};

/** Field by field; environment variables of the proxy are united. */
const mergeProxyConfig = (before: proto.ProxyConfig, over: proto.ProxyConfig): proto.ProxyConfig => ({
  ...before,
  ...over,
  ...(over.proxyMetadata && { proxyMetadata: { ...before.proxyMetadata, ...over.proxyMetadata } }),
});

const mergeProviders = (
  before: readonly proto.ExtensionProvider[],
  over: readonly proto.ExtensionProvider[],
): readonly proto.ExtensionProvider[] => {
  const byName = new Map(before.map((provider) => [provider.name, provider]));
  for (const provider of over) byName.set(provider.name, provider);
  return [...byName.values()];
};
