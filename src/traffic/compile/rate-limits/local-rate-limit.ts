/** The configuration of Envoy's filter for local rate limits, out of an EnvoyFilter. */
import type { Resource } from '../../../model/resource.ts';
import type { HeaderChange } from '../../authorizer.ts';
import type { RateLimit, TokenBucket } from '../../rate-limit.ts';
import { originOf, type Report } from '../report.ts';
import { readTemplates } from './descriptor-templates.ts';
import type { EnvoyMessage } from './envoy-message.ts';

/** Its type in Envoy's API. */
export const LOCAL_RATE_LIMIT = 'envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit';

const TOO_MANY_REQUESTS = 429;
const RESOURCE_EXHAUSTED = 8;
/** Envoy refuses to fill more often, and all of the configuration with it. */
const MIN_FILL_MS = 50;

/** Reads one; undefined when Envoy would refuse it. */
export const readRateLimit = (message: EnvoyMessage, resource: Resource, report: Report): RateLimit | undefined => {
  const origin = originOf(resource, message.at);
  const { span } = origin;
  const place = `${origin.resource} ${span.file}:${span.line}`;
  const bucket = readBucket(message, place, resource, report);
  const descriptors = message.messages('descriptors').map((descriptor, index) => {
    const entries = descriptor
      .messages('entries')
      .map((entry) => [entry.text('key') ?? '', entry.text('value') ?? ''] as const);
    return { entries, bucket: readBucket(descriptor, `${place} descriptor ${index}`, resource, report) };
  });
  if (bucket === 'refused' || descriptors.some((descriptor) => descriptor.bucket === 'refused')) return undefined;
  const templates = message.messages('rate_limits');
  // Names of statistics and of runtime keys, of which there are none.
  message.text('stat_prefix');
  const limit: RateLimit = {
    origin,
    ...(bucket === undefined ? {} : { bucket }),
    enabledPercent: readPercent(message.message('filter_enabled')),
    enforcedPercent: readPercent(message.message('filter_enforced')),
    status: Math.max(readStatus(message) ?? TOO_MANY_REQUESTS, 400),
    responseHeaders: readHeaderChanges(message.messages('response_headers_to_add')),
    requestHeaders: readHeaderChanges(message.messages('request_headers_to_add_when_not_enforced')),
    descriptors: descriptors.flatMap(({ entries, bucket: own }) =>
      own === undefined || own === 'refused' ? [] : [{ entries, bucket: own }],
    ),
    ...(templates.length === 0 ? {} : { templates: readTemplates(templates, resource, report) }),
    stage: message.number('stage') ?? 0,
    isPerConnection: message.flag('local_rate_limit_per_downstream_connection') ?? false,
    tellsRemaining: message.text('enable_x_ratelimit_headers') === 'DRAFT_VERSION_03',
    alwaysUsesBucket: message.flag('always_consume_default_token_bucket') ?? true,
    ...(message.flag('rate_limited_as_resource_exhausted') === true ? { grpcStatus: RESOURCE_EXHAUSTED } : {}),
  };
  message.text('@type');
  message.reportRest('the limit is applied without it');
  return limit;
};

const readStatus = (message: EnvoyMessage): number | undefined => message.message('status')?.number('code');

const readBucket = (
  message: EnvoyMessage,
  place: string,
  resource: Resource,
  report: Report,
): TokenBucket | undefined | 'refused' => {
  const bucket = message.message('token_bucket');
  if (bucket === undefined) return undefined;
  const maxTokens = bucket.number('max_tokens') ?? 0;
  const fillMs = bucket.durationMs('fill_interval') ?? 0;
  const tokensPerFill = bucket.number('tokens_per_fill') ?? 1;
  if (maxTokens < 1 || tokensPerFill < 1 || fillMs < MIN_FILL_MS) {
    const text = `a token bucket needs max_tokens and tokens_per_fill above 0 and a fill_interval of at least ${MIN_FILL_MS}ms: Envoy refuses the configuration, and nothing is limited`;
    report.warn(resource, 'REFUSED_BY_ENVOY', text, bucket.at);
    return 'refused';
  }
  return { id: `${place} ${maxTokens}/${tokensPerFill}/${fillMs}`, maxTokens, tokensPerFill, fillMs };
};

const PER_CENT: Readonly<Record<string, number>> = { HUNDRED: 1, TEN_THOUSAND: 100, MILLION: 10_000 };

/** Of a RuntimeFractionalPercent; nothing when it is absent. */
const readPercent = (message: EnvoyMessage | undefined): number => {
  const value = message?.message('default_value');
  if (value === undefined) return 0;
  return (value.number('numerator') ?? 0) / (PER_CENT[value.text('denominator') ?? 'HUNDRED'] ?? 1);
};

const ACTIONS: Readonly<Record<string, HeaderChange['how']>> = {
  APPEND_IF_EXISTS_OR_ADD: 'add',
  ADD_IF_ABSENT: 'add-if-absent',
  OVERWRITE_IF_EXISTS_OR_ADD: 'set',
  OVERWRITE_IF_EXISTS: 'set-if-present',
};

const readHeaderChanges = (options: readonly EnvoyMessage[]): readonly HeaderChange[] =>
  options.flatMap((option) => {
    const header = option.message('header');
    const name = header?.text('key')?.toLowerCase() ?? '';
    if (name === '') return [];
    const append = option.flag('append');
    const action = ACTIONS[option.text('append_action') ?? ''] ?? 'add';
    return [{ how: append === undefined ? action : append ? 'add' : 'set', name, value: header?.text('value') ?? '' }];
  });
