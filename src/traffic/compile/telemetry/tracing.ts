/** How a proxy traces: what Telemetries of several levels and the mesh configuration come to. */
import { parseDuration } from '../../../base/duration.ts';
import type { Mesh } from '../../../model/mesh.ts';
import { serviceFqdn } from '../../../model/names.ts';
import type { Pod } from '../../../model/pod.ts';
import type { TelemetryTracing } from '../../../model/schema/generated/types-istio.ts';
import type {
  ExtensionProvider,
  ExtensionProviderHttpHeader,
  Tracing,
} from '../../../model/schema/generated/types-mesh.ts';
import { compileAccessLog } from '../../../telemetry/access-log.ts';
import type { SpanTag, TraceCollector, TracingRules } from '../../telemetry/tracing.ts';
import { providerPlace } from '../provider-place.ts';
import type { ServiceRegistry } from '../services.ts';
import { findProvider, matchesSide, namesOf, type Side } from './providers.ts';

export interface TracingSources {
  readonly mesh: Mesh;
  readonly registry: ServiceRegistry;
}

interface CustomTag {
  readonly literal?: { readonly value?: string };
  /** A variable of the proxy. */
  readonly environment?: { readonly name?: string; readonly defaultValue?: string };
  readonly header?: { readonly name?: string; readonly defaultValue?: string };
  /** A format of the access log. */
  readonly formatter?: { readonly value?: string };
}

type CustomTags = Readonly<Record<string, CustomTag>>;

/** PILOT_TRACE_SAMPLING. */
const DEFAULT_SAMPLING = 1;
const DEFAULT_TIMEOUT_MS = 5_000;
const DEFAULT_PATH_LENGTH = 256;
const ZIPKIN_PATH = '/api/v2/spans';

/** The entries of all levels, the nearest to the proxy last; undefined where nothing is traced. */
export const compileTracing = (
  sources: TracingSources,
  entries: readonly TelemetryTracing[],
  pod: Pod,
  side: Side,
): TracingRules | undefined => {
  const { config } = sources.mesh;
  const settings = config.defaultConfig.tracing ?? {};
  const own = entries.filter(({ match }) => matchesSide(match, side));
  const [fallback] = config.defaultProviders.tracing ?? [];
  if (entries.length === 0 && fallback === undefined) {
    return config.enableTracing === true ? bootstrapTracing(sources, settings, pod) : undefined;
  }
  const last = <K extends keyof TelemetryTracing>(field: K): TelemetryTracing[K] | undefined =>
    own.findLast((entry) => entry[field] !== undefined)?.[field];
  const name = own.reduce((before: string | undefined, { providers }) => namesOf(providers)[0] ?? before, fallback);
  const provider = name === undefined ? undefined : findProvider(sources.mesh, name);
  if (provider === undefined || last('disableSpanReporting') === true) return undefined;
  const collector = collectorOf(provider, sources);
  if ('fault' in collector) return undefined;
  const customTags: CustomTags = last('customTags') ?? {};
  return {
    collector,
    service: serviceOf(pod, sources.mesh),
    ...formatOf(provider),
    samplingPercent: last('randomSamplingPercentage') ?? samplingOf(settings),
    usesRequestId: last('useRequestIdForTraceSampling') ?? true,
    propagates: last('disableContextPropagation') !== true,
    tags: [
      ...(last('enableIstioTags') === false ? [] : istioTags(pod, sources.mesh)),
      ...compileTags(Object.keys(customTags).length > 0 ? customTags : (settings.customTags ?? {}), sources.mesh),
    ].sort(byName),
    maxPathLength: maxPathLength(provider, settings),
  };
};

const byName = (a: SpanTag, b: SpanTag): number => (a.name < b.name ? -1 : 1);

/** The tracer of a proxy's bootstrap, from before there were Telemetries. */
const bootstrapTracing = (sources: TracingSources, settings: Tracing, pod: Pod): TracingRules | undefined => {
  const { mesh } = sources;
  const collector = bootstrapCollector(sources);
  if (collector === undefined) return undefined;
  return {
    collector,
    service: serviceOf(pod, sources.mesh),
    format: 'b3',
    traceIdBytes: 16,
    samplingPercent: samplingOf(settings),
    usesRequestId: true,
    propagates: true,
    tags: [
      ...(settings.enableIstioTags === false ? [] : istioTags(pod, mesh)),
      ...compileTags(settings.customTags ?? {}, mesh),
    ].sort(byName),
    maxPathLength: settings.maxPathTagLength || DEFAULT_PATH_LENGTH,
  };
};

/** Zipkin at an address of the mesh configuration, which is that of a service by any of its names. */
export const bootstrapCollector = ({ mesh, registry }: TracingSources): TraceCollector | undefined => {
  const address = mesh.config.defaultConfig.tracing?.zipkin?.address ?? '';
  const [, host = '', port = ''] = /^(.+):(\d+)$/.exec(address) ?? [];
  const [name = '', namespace = mesh.config.rootNamespace] = host.split('.');
  const service = registry.has(host) ? host : serviceFqdn(name, namespace);
  const place = providerPlace({ service, port: Number(port) }, registry);
  if (host === '' || 'fault' in place) return undefined;
  return { protocol: 'zipkin', ...place, path: ZIPKIN_PATH, timeoutMs: DEFAULT_TIMEOUT_MS, headers: [] };
};

/** The name of a proxy's cluster, as its bootstrap has it. */
const serviceOf = ({ labels, namespace, canonicalService }: Pod, { config }: Mesh): string => {
  switch (config.defaultConfig.tracingServiceName) {
    case 'CANONICAL_NAME_ONLY':
      return canonicalService;
    case 'CANONICAL_NAME_AND_NAMESPACE':
      return `${canonicalService}.${namespace}`;
    default:
      return `${labels['app'] ?? 'istio-proxy'}.${namespace}`;
  }
};

const samplingOf = ({ sampling = 0 }: Tracing): number =>
  // What is over 100 counts as 1, as in istiod.
  sampling === 0 ? DEFAULT_SAMPLING : sampling > 100 ? 1 : sampling;

const maxPathLength = ({ zipkin, opentelemetry }: ExtensionProvider, settings: Tracing): number =>
  (zipkin ?? opentelemetry)?.maxTagLength || settings.maxPathTagLength || DEFAULT_PATH_LENGTH;

const formatOf = ({ zipkin }: ExtensionProvider): Pick<TracingRules, 'format' | 'traceIdBytes'> => ({
  format: zipkin === undefined ? 'w3c' : zipkin.traceContextOption === 'USE_B3_WITH_W3C_PROPAGATION' ? 'b3-w3c' : 'b3',
  traceIdBytes: zipkin?.enable64bitTraceId === true ? 8 : 16,
});

/** Where a provider's spans go; `fault` says why nowhere. */
export const collectorOf = (
  provider: ExtensionProvider,
  { mesh, registry }: TracingSources,
): TraceCollector | { readonly fault: string } => {
  const { zipkin, opentelemetry } = provider;
  const given = zipkin ?? opentelemetry;
  if (given === undefined) return { fault: 'local mode reports spans to Zipkin and OpenTelemetry only' };
  const place = providerPlace(given, registry);
  if ('fault' in place) return place;
  if (zipkin !== undefined) {
    const timeoutMs = parseDuration(zipkin.timeout ?? '') ?? DEFAULT_TIMEOUT_MS;
    const headers = compileHeaders(zipkin.headers, mesh);
    return { protocol: 'zipkin', ...place, path: zipkin.path || ZIPKIN_PATH, timeoutMs, headers };
  }
  const { http, grpc } = opentelemetry ?? {};
  const timeoutMs = parseDuration((http ?? grpc)?.timeout ?? '') ?? 0;
  if (http === undefined) {
    return {
      protocol: 'otlp-grpc',
      ...place,
      path: '',
      timeoutMs,
      headers: compileHeaders(grpc?.initialMetadata, mesh),
    };
  }
  const path = `/${(http.path ?? '').replace(/^\/+/, '')}`;
  return { protocol: 'otlp-http', ...place, path, timeoutMs, headers: compileHeaders(http.headers, mesh) };
};

const compileHeaders = (
  headers: readonly ExtensionProviderHttpHeader[] | undefined,
  mesh: Mesh,
): TraceCollector['headers'] =>
  (headers ?? []).flatMap(({ name = '', value, envName = '' }) => {
    const text = value ?? environmentOf(mesh, envName);
    return name === '' || text === undefined ? [] : [[name.toLowerCase(), text] as const];
  });

/** Of a proxy's environment files say what the mesh configuration puts there. */
const environmentOf = ({ config }: Mesh, name: string): string | undefined =>
  config.defaultConfig.proxyMetadata?.[name];

const istioTags = (pod: Pod, { config }: Mesh): readonly SpanTag[] => {
  const constant = (name: string, value: string): SpanTag => ({ name: `istio.${name}`, read: () => value });
  return [
    constant('canonical_revision', pod.canonicalRevision),
    constant('canonical_service', pod.canonicalService),
    constant('mesh_id', config.defaultConfig.meshId || config.trustDomain),
    constant('namespace', pod.namespace),
    constant('cluster_id', 'Kubernetes'),
  ];
};

const compileTags = (tags: CustomTags, mesh: Mesh): readonly SpanTag[] =>
  Object.entries(tags).map(([name, tag]) => ({ name, read: readerOf(tag, mesh) }));

const readerOf = ({ literal, environment, header, formatter }: CustomTag, mesh: Mesh): SpanTag['read'] => {
  if (header !== undefined) {
    const { defaultValue = '' } = header;
    const name = (header.name ?? '').toLowerCase();
    return (record) => record.headers?.request.get(name) ?? defaultValue;
  }
  if (formatter !== undefined) {
    const { format } = compileAccessLog({ encoding: 'TEXT', format: formatter.value ?? '', omitsEmpty: true });
    return (record) => format(record).trimEnd();
  }
  const value = literal?.value ?? environmentOf(mesh, environment?.name ?? '') ?? environment?.defaultValue ?? '';
  return () => value;
};

/** Whether a tag reads what records keep on demand. */
export const tracingUsesHeaders = (entries: readonly TelemetryTracing[], { config }: Mesh): boolean =>
  [...entries, config.defaultConfig.tracing ?? {}].some(({ customTags = {} }) =>
    Object.values(customTags).some(
      (tag) => tag.header !== undefined || ('formatter' in tag && tag.formatter !== undefined),
    ),
  );
