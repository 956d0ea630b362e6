/** How a proxy's metrics differ from Istio's standard ones: what Telemetries of several levels come to. */
import type { Mesh } from '../../../model/mesh.ts';
import type {
  TelemetryMetric,
  TelemetryMetricOverride,
  TelemetryMetricOverrideMatch,
} from '../../../model/schema/generated/types-istio.ts';
import type { MetricRule, MetricRules, MetricTag } from '../../../telemetry/metric-rules.ts';
import { compileExpression } from '../../telemetry/expression.ts';
import { findProvider, matchesSide, namesOf, type Side } from './providers.ts';

/** Istio's names of metrics, and what Prometheus calls them behind `istio_`. */
const METRICS: Readonly<Record<string, string>> = {
  REQUEST_COUNT: 'requests_total',
  REQUEST_DURATION: 'request_duration_milliseconds',
  REQUEST_SIZE: 'request_bytes',
  RESPONSE_SIZE: 'response_bytes',
  TCP_OPENED_CONNECTIONS: 'tcp_connections_opened_total',
  TCP_CLOSED_CONNECTIONS: 'tcp_connections_closed_total',
  TCP_SENT_BYTES: 'tcp_sent_bytes_total',
  TCP_RECEIVED_BYTES: 'tcp_received_bytes_total',
};

const ALL = Object.values(METRICS);

/** Every metric there is: of others, an override changes nothing. */
export const isKnownMetric = (match: TelemetryMetricOverrideMatch | undefined): boolean =>
  metricsOf(match).some((name) => ALL.includes(name));

export interface CompiledMetrics {
  readonly rules: MetricRules;
  readonly usesHeaders: boolean;
}

/** The entries of all levels, the nearest to the proxy last. Metrics of providers other than Prometheus are none. */
export const compileMetrics = (entries: readonly TelemetryMetric[], mesh: Mesh, side: Side): CompiledMetrics => {
  // Istio's charts name Prometheus as the default; a mesh configuration that names none means the same here.
  const defaults = mesh.config.defaultProviders.metrics ?? ['prometheus'];
  const inScope = entries.reduce((names, { providers }) => ownOr(names, providers), defaults);
  const counted = inScope.filter((name) => findProvider(mesh, name)?.prometheus !== undefined);
  if (counted.length === 0) return { rules: 'off', usesHeaders: false };
  const draft = new Draft();
  let before = defaults;
  for (const { providers, overrides } of entries) {
    before = ownOr(before, providers);
    if (!before.some((name) => counted.includes(name))) continue;
    for (const override of overrides ?? []) if (matchesSide(override.match, side)) draft.apply(override);
  }
  return draft.finish();
};

const ownOr = (before: readonly string[], providers: TelemetryMetric['providers']): readonly string[] => {
  const own = namesOf(providers);
  return own.length > 0 ? own : before;
};

const isAll = ({ customMetric, metric }: TelemetryMetricOverrideMatch = {}): boolean =>
  customMetric === undefined && (metric === undefined || metric === 'ALL_METRICS');

const metricsOf = (match: TelemetryMetricOverrideMatch | undefined): readonly string[] => {
  if (match?.customMetric !== undefined) return [match.customMetric];
  return isAll(match) ? ALL : [METRICS[match?.metric ?? ''] ?? ''];
};

type TagOverride = NonNullable<TelemetryMetricOverride['tagOverrides']>[string];

interface DraftRule {
  isDropped: boolean;
  readonly tags: Map<string, TagOverride>;
}

/** What overrides have come to so far; a later one goes over what it says itself and leaves the rest. */
class Draft {
  readonly #byMetric = new Map<string, DraftRule>();
  #isOff = false;

  apply({ match, disabled, tagOverrides = {} }: TelemetryMetricOverride): void {
    if (isAll(match) && disabled === true) {
      this.#isOff = true;
      return;
    }
    this.#isOff = false;
    for (const metric of metricsOf(match)) {
      const rule = this.#byMetric.get(metric) ?? { isDropped: false, tags: new Map<string, TagOverride>() };
      if (disabled !== undefined) rule.isDropped = disabled;
      for (const [name, override] of Object.entries(tagOverrides)) rule.tags.set(name, override);
      this.#byMetric.set(metric, rule);
    }
  }

  finish(): CompiledMetrics {
    if (this.#isOff) return { rules: 'off', usesHeaders: false };
    let usesHeaders = false;
    const rules = new Map<string, MetricRule>();
    for (const [metric, { isDropped, tags }] of this.#byMetric) {
      const removed = [...tags].filter(([, { operation }]) => operation === 'REMOVE').map(([name]) => name);
      const written: MetricTag[] = [];
      for (const [name, { operation, value = '' }] of tags) {
        const expression = operation === 'REMOVE' ? undefined : compileExpression(value);
        if (expression === undefined || 'refused' in expression) continue;
        usesHeaders ||= expression.usesHeaders;
        written.push({ name, read: (record) => textOf(expression.evaluate(record)) });
      }
      written.sort((a, b) => (a.name < b.name ? -1 : 1));
      rules.set(metric, { isDropped, removed: new Set(removed), tags: written });
    }
    return { rules, usesHeaders };
  }
}

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' || typeof value === 'bigint' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : undefined;
