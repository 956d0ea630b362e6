import type { Resource } from '../../model/resource.ts';
import type {
  Telemetry,
  TelemetryMetric,
  TelemetryMetricProvider,
  TelemetrySpec,
  TelemetryTracing,
} from '../../model/schema/generated/types-istio.ts';
import { refuseExpression } from './cel-syntax.ts';
import type { Review } from './review.ts';
import { reviewAttachment } from './selection.ts';

export const reviewTelemetry = (resource: Resource<Telemetry>, review: Review): void => {
  const spec: TelemetrySpec = resource.object.spec ?? {};
  reviewAttachment(spec, review);
  for (const metric of spec.metrics ?? []) reviewMetric(metric, review);
  const tracing = spec.tracing ?? [];
  if (tracing.length > 1) review.warn('only the first entry of tracing counts', [tracing, 1]);
  for (const entry of tracing) reviewTracing(entry, review);
  for (const { filter, providers } of spec.accessLogging ?? []) {
    const refusal = filter === undefined ? undefined : refuseExpression(filter.expression ?? '');
    if (filter !== undefined && refusal !== undefined) {
      review.refuse(`the filter is no CEL expression: ${refusal}`, [filter, 'expression']);
    }
    reviewProviders(providers, review);
  }
};

const reviewProviders = (providers: readonly TelemetryMetricProvider[] = [], review: Review): void => {
  for (const provider of providers) {
    if (provider.name === '') review.refuse('a provider needs a name', [provider, 'name']);
  }
};

const reviewMetric = (metric: TelemetryMetric, review: Review): void => {
  reviewProviders(metric.providers, review);
  for (const { match, tagOverrides = {} } of metric.overrides ?? []) {
    for (const [tag, override] of Object.entries(tagOverrides)) {
      const { operation = 'UPSERT', value = '' } = override;
      if (tag === '') review.warn('a tag without a name is overridden', [tagOverrides, tag, 'key']);
      if (operation === 'UPSERT' && value === '') {
        review.refuse(`tag ${tag} needs a value to be set to`, [tagOverrides, tag, 'key']);
      }
      if (operation === 'REMOVE' && value !== '') {
        review.refuse(`tag ${tag} is removed and has a value`, [override, 'value', 'key']);
      }
    }
    if (match?.customMetric === '') review.refuse('customMetric is empty', [match, 'customMetric']);
  }
};

const reviewTracing = (tracing: TelemetryTracing, review: Review): void => {
  const { customTags = {}, providers = [], randomSamplingPercentage = 0 } = tracing;
  if (providers.length > 1) review.warn('only the first tracing provider counts', [providers, 1]);
  reviewProviders(providers, review);
  if (randomSamplingPercentage < 0 || randomSamplingPercentage > 100) {
    const message = `randomSamplingPercentage ${randomSamplingPercentage} is not from 0 to 100`;
    review.refuse(message, [tracing, 'randomSamplingPercentage']);
  }
  for (const [name, tag] of Object.entries(customTags)) {
    const { environment, header, literal } = tag;
    if (name === '') review.refuse('a custom tag needs a name', [customTags, name, 'key']);
    if (literal?.value === '') review.refuse(`custom tag ${name} has an empty value`, [literal, 'value']);
    if (header?.name === '') review.refuse(`custom tag ${name} names no header`, [header, 'name']);
    if (environment?.name === '') review.refuse(`custom tag ${name} names no variable`, [environment, 'name']);
  }
};
