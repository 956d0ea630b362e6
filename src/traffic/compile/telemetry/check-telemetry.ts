import type { Problem } from '../../../base/problem.ts';
import type { Mesh } from '../../../model/mesh.ts';
import type { Resource } from '../../../model/resource.ts';
import type {
  Telemetry,
  TelemetryAccessLogging,
  TelemetryMetric,
  TelemetryMetricProvider,
  TelemetryTracing,
} from '../../../model/schema/generated/types-istio.ts';
import type { ExtensionProvider } from '../../../model/schema/generated/types-mesh.ts';
import { compileExpression } from '../../telemetry/expression.ts';
import { warnOfTargets } from '../policy-target.ts';
import type { At, Report } from '../report.ts';
import { compileFileLog, logKindOf } from './logs.ts';
import { isKnownMetric } from './metrics.ts';
import { findProvider } from './providers.ts';
import { bootstrapCollector, collectorOf, type TracingSources } from './tracing.ts';

type Of = Resource<Telemetry>;

/** Reports what admission refuses beyond the schema, and what has another effect here than its author expects. */
export const checkTelemetry = (resource: Of, sources: TracingSources, report: Report): void => {
  const { mesh } = sources;
  const { accessLogging = [], metrics = [], tracing = [] } = resource.object.spec ?? {};
  for (const entry of accessLogging) checkLogging(resource, entry, mesh, report);
  for (const entry of metrics) checkMetrics(resource, entry, mesh, report);
  for (const entry of tracing) checkTracing(resource, entry, sources, report);
  if (!report.isInvalid(resource)) warnOfTargets(resource, report);
};

const checkLogging = (resource: Of, entry: TelemetryAccessLogging, mesh: Mesh, report: Report): void => {
  checkProviders(resource, entry.providers, mesh, report, (provider, name, at) => {
    const kind = logKindOf(provider);
    if (kind === 'service') {
      report.unsupportedField(resource, `provider ${name}`, 'nothing is logged to a service', at);
    } else if (kind === undefined) {
      report.warn(
        resource,
        'PROVIDER_WITHOUT_EFFECT',
        `provider ${name} is no access log: nothing is logged by it`,
        at,
      );
    } else if (provider.envoyFileAccessLog !== undefined) {
      for (const problem of compileFileLog(name, provider.envoyFileAccessLog, mesh).problems) {
        report.warn(resource, problem.code, describe(name, problem), at);
      }
    }
  });
  const { filter } = entry;
  if (filter !== undefined) checkExpression(resource, filter.expression ?? '', report, [filter, 'expression']);
};

const describe = (provider: string, { message, hint }: Problem): string =>
  `provider ${provider}: ${message}${hint === undefined ? '' : ` (${hint})`}`;

const checkProviders = (
  resource: Of,
  providers: readonly TelemetryMetricProvider[] = [],
  mesh: Mesh,
  report: Report,
  check: (provider: ExtensionProvider, name: string, at: At) => void,
): void => {
  for (const entry of providers) {
    const { name } = entry;
    const at: At = [entry, 'name'];
    const provider = findProvider(mesh, name);
    if (provider !== undefined) check(provider, name, at);
    else {
      const message = `the mesh configuration has no extension provider "${name}", and Istio ignores the name`;
      report.warn(resource, 'PROVIDER_NOT_FOUND', message, at);
    }
  }
};

const checkExpression = (resource: Of, text: string, report: Report, at: At): void => {
  const expression = compileExpression(text);
  if ('refused' in expression) report.invalid(resource, `the expression is no CEL: ${expression.refused}`, at);
  else if (expression.doubt !== undefined) {
    report.warn(resource, 'EXPRESSION_WITHOUT_VALUE', `the expression never has a value: ${expression.doubt}`, at);
  }
};

const checkMetrics = (resource: Of, entry: TelemetryMetric, mesh: Mesh, report: Report): void => {
  checkProviders(resource, entry.providers, mesh, report, (provider, name, at) => {
    if (provider.prometheus !== undefined) return;
    report.warn(resource, 'PROVIDER_WITHOUT_EFFECT', `provider ${name} takes no metrics: nothing is counted by it`, at);
  });
  if (entry.reportingInterval !== undefined) {
    const effect = 'bytes of TCP connections are counted when they close';
    report.unsupportedField(resource, 'reportingInterval', effect, [entry, 'reportingInterval']);
  }
  for (const { match, tagOverrides = {} } of entry.overrides ?? []) {
    if (match !== undefined && !isKnownMetric(match)) {
      const name = match.customMetric ?? match.metric ?? '';
      report.unsupportedField(resource, `metric ${name}`, 'there is none of that name', [match]);
    }
    for (const [tag, override] of Object.entries(tagOverrides)) {
      const { operation = 'UPSERT', value = '' } = override;
      const at: At = [tagOverrides, tag];
      if (operation === 'REMOVE' && value !== '') report.invalid(resource, `tag ${tag} is removed and has a value`, at);
      else if (operation === 'UPSERT' && value === '') report.invalid(resource, `tag ${tag} needs a value`, at);
      else if (operation === 'UPSERT') checkTag(resource, tag, value, report, at);
    }
  }
};

/** Admission does not read the expressions of tags; a proxy without them writes no such tag. */
const checkTag = (resource: Of, tag: string, value: string, report: Report, at: At): void => {
  const expression = compileExpression(value);
  const reason = 'refused' in expression ? expression.refused : expression.doubt;
  if (reason !== undefined)
    report.warn(resource, 'EXPRESSION_WITHOUT_VALUE', `tag ${tag} never has a value: ${reason}`, at);
};

const checkTracing = (resource: Of, entry: TelemetryTracing, sources: TracingSources, report: Report): void => {
  checkProviders(resource, entry.providers, sources.mesh, report, (provider, name, at) => {
    for (const doubt of tracingDoubts(provider, sources)) {
      report.warn(resource, 'PROVIDER_WITHOUT_EFFECT', `provider ${name}: ${doubt}`, at);
    }
  });
};

/** What of a provider has no effect here. */
const tracingDoubts = (provider: ExtensionProvider, sources: TracingSources): readonly string[] => {
  const collector = collectorOf(provider, sources);
  if ('fault' in collector) return [`${collector.fault}, so nothing is traced`];
  const { resourceDetectors, serviceAttributeEnrichment, dynatraceSampler } = provider.opentelemetry ?? {};
  return [
    ...(resourceDetectors === undefined ? [] : ['resourceDetectors are not supported: spans name the service alone']),
    ...(serviceAttributeEnrichment === 'OTEL_SEMANTIC_CONVENTIONS'
      ? ['OTEL_SEMANTIC_CONVENTIONS is not supported: service.name is the canonical one']
      : []),
    ...(dynatraceSampler === undefined ? [] : ['dynatraceSampler is not supported: the percentage decides']),
  ];
};

/** The same for what the mesh configuration itself wants. */
export const checkDefaultTracing = (sources: TracingSources, report: Report): void => {
  const { mesh } = sources;
  const holder = mesh.find('ConfigMap', 'istio-system', 'istio') ?? mesh.of('IstioOperator')[0];
  const [name] = mesh.config.defaultProviders.tracing ?? [];
  if (holder === undefined) return;
  const provider = name === undefined ? undefined : findProvider(mesh, name);
  const doubts = provider === undefined ? [] : tracingDoubts(provider, sources);
  for (const doubt of doubts) report.warn(holder, 'PROVIDER_WITHOUT_EFFECT', `provider ${name}: ${doubt}`);
  const { zipkin, lightstep, datadog, stackdriver, openCensusAgent } = mesh.config.defaultConfig.tracing ?? {};
  const unread = Object.entries({ lightstep, datadog, stackdriver, openCensusAgent }).filter(([, value]) => value);
  for (const [field] of unread) {
    report.unsupportedField(holder, `defaultConfig.tracing.${field}`, 'no spans are reported to it');
  }
  if (zipkin !== undefined && bootstrapCollector(sources) === undefined) {
    const message = `no service of the mesh is at the tracer's address ${zipkin.address}: nothing is traced`;
    report.warn(holder, 'PROVIDER_WITHOUT_EFFECT', message);
  }
};
