import type { Resource } from '../../model/resource.ts';
import type {
  EnvoyFilter,
  EnvoyFilterConfigPatch,
  EnvoyFilterConfigPatchMatch,
  EnvoyFilterSpec,
} from '../../model/schema/generated/types-istio.ts';
import { isObject } from '../../model/value.ts';
import { CURRENT_FILTER_NAMES, PATCH_FIELDS } from './envoy-names.ts';
import type { At, Review } from './review.ts';
import { reviewWorkloadSelector } from './selection.ts';
import { refuseRegex } from './text-rules.ts';

export const reviewEnvoyFilter = (resource: Resource<EnvoyFilter>, review: Review): void => {
  const spec: EnvoyFilterSpec = resource.object.spec ?? {};
  const message = 'an EnvoyFilter patches what Istio generates, which changes between versions';
  review.warn(message, [resource.object, 'kind']);
  if (!reviewWorkloadSelector(spec.workloadSelector, review)) return;
  for (const patch of spec.configPatches ?? []) {
    // What waypoints take is left to the schema.
    if (patch.match?.context !== 'WAYPOINT') reviewPatch(patch, review);
  }
};

const reviewPatch = (item: EnvoyFilterConfigPatch, review: Review): void => {
  const { applyTo = 'INVALID', match, patch } = item;
  const operation = patch?.operation ?? 'INVALID';
  if (applyTo === 'INVALID') review.refuse('a patch needs applyTo', [item, 'applyTo']);
  else if (patch === undefined) review.refuse('there is no patch to apply', [item]);
  else if (operation === 'INVALID') review.refuse('a patch needs an operation', [item, 'patch', 'key']);
  else if (operation !== 'REMOVE' && patch.value === undefined) {
    review.refuse(`operation ${operation} needs a value`, [patch, 'operation']);
  } else if (match === undefined || (reviewVersion(match, review) && reviewObject(applyTo, match, review))) {
    if (patch.value !== undefined) reviewValue(applyTo, patch.value, review);
  }
};

/** Whether the webhook would read on. */
const reviewVersion = ({ proxy }: EnvoyFilterConfigPatchMatch, review: Review): boolean => {
  const version = proxy?.proxyVersion ?? '';
  const refusal = version === '' ? undefined : refuseRegex(version);
  if (proxy === undefined || refusal === undefined) return true;
  const at: At = [proxy, 'proxyVersion'];
  if (version.length > MAX_VERSION) {
    review.warn(`proxyVersion is longer than ${MAX_VERSION} characters and is ignored`, at);
    return true;
  }
  review.refuse(`the regex of proxyVersion is not valid: ${refusal}`, at);
  return false;
};

const MAX_VERSION = 1024;

/** Which object of a match fits which `applyTo`; the others take any. */
const OBJECT_OF: Readonly<Record<string, 'listener' | 'routeConfiguration' | 'cluster'>> = {
  LISTENER: 'listener',
  FILTER_CHAIN: 'listener',
  NETWORK_FILTER: 'listener',
  HTTP_FILTER: 'listener',
  ROUTE_CONFIGURATION: 'routeConfiguration',
  VIRTUAL_HOST: 'routeConfiguration',
  HTTP_ROUTE: 'routeConfiguration',
  CLUSTER: 'cluster',
};

/** Whether the webhook would go on to the value. */
const reviewObject = (applyTo: string, match: EnvoyFilterConfigPatchMatch, review: Review): boolean => {
  const wanted = OBJECT_OF[applyTo];
  const given = (['listener', 'routeConfiguration', 'cluster'] as const).find((key) => match[key] !== undefined);
  if (wanted === undefined) return true;
  if (given !== undefined && given !== wanted) {
    review.refuse(`applyTo ${applyTo} is matched by ${wanted}, not by ${given}`, [match, given, 'key']);
    return wanted !== 'listener';
  }
  return wanted !== 'listener' || reviewFilterMatch(applyTo, match, review);
};

const CONNECTION_MANAGERS: ReadonlySet<string> = new Set([
  'envoy.filters.network.http_connection_manager',
  'envoy.http_connection_manager',
]);

const reviewFilterMatch = (applyTo: string, match: EnvoyFilterConfigPatchMatch, review: Review): boolean => {
  const chain = match.listener?.filterChain;
  const filter = chain?.filter;
  if (chain === undefined || filter === undefined) return true;
  const { name = '', subFilter } = filter;
  const refuse = (message: string, at: At): false => {
    review.refuse(message, at);
    return false;
  };
  if (applyTo === 'LISTENER' || applyTo === 'FILTER_CHAIN') {
    review.warn(`a match of a filter has no effect with applyTo ${applyTo}`, [chain, 'filter', 'key']);
  }
  if (name === '') return refuse('a match of a filter needs its name', [chain, 'filter', 'key']);
  if (subFilter !== undefined) {
    const at: At = [filter, 'subFilter', 'key'];
    if (applyTo !== 'HTTP_FILTER') return refuse('subFilter works with applyTo HTTP_FILTER alone', at);
    if (!CONNECTION_MANAGERS.has(name)) {
      return refuse('a subFilter is in the filter envoy.filters.network.http_connection_manager', [filter, 'name']);
    }
    if ((subFilter.name ?? '') === '') return refuse('a match of a subFilter needs its name', at);
  }
  for (const holder of [filter, subFilter ?? {}]) {
    const current = CURRENT_FILTER_NAMES.get(holder.name ?? '');
    if (current !== undefined)
      review.warn(`filter name ${holder.name} is deprecated: use ${current}`, [holder, 'name']);
  }
  return true;
};

const NAMED_EXTENSIONS: ReadonlySet<string> = new Set(['HTTP_FILTER', 'NETWORK_FILTER', 'LISTENER_FILTER']);

const reviewValue = (applyTo: string, value: Readonly<Record<string, unknown>>, review: Review): void => {
  const unknown = findOldType(value);
  if (unknown !== undefined) {
    const message = `Envoy has no type ${unknown.type}`;
    review.refuse(message, [unknown.holder, '@type'], 'the second version of its API is gone: use the v3 type');
    return;
  }
  const fields = PATCH_FIELDS.get(applyTo);
  const stray = Object.keys(value).find((key) => fields !== undefined && !fields.has(snakeCase(key)));
  if (stray !== undefined) {
    review.warn(`Envoy knows no field "${stray}" of what ${applyTo} stands for`, [value, stray, 'key']);
    return;
  }
  const hasConfig = ['typed_config', 'typedConfig', 'config_discovery', 'configDiscovery'].some(
    (key) => value[key] !== undefined,
  );
  if (NAMED_EXTENSIONS.has(applyTo) && !hasConfig) {
    review.warn('an extension without typed_config is found by its name, which is deprecated', [value, 'name']);
  }
};

const snakeCase = (key: string): string => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** Depth of messages within messages that is looked through; Envoy's own configuration stays far below. */
const MAX_DEPTH = 64;

/** The first `@type` of Envoy's second API version, of which no message is left. */
const findOldType = (value: unknown, depth = 0): { readonly type: string; readonly holder: object } | undefined => {
  if (depth > MAX_DEPTH) return undefined;
  if (isObject(value)) {
    const type = value['@type'];
    if (typeof type === 'string' && /\/envoy\.(?:.*\.)?v2(?:alpha\d*)?\./.test(type)) return { type, holder: value };
  }
  if (typeof value !== 'object' || value === null) return undefined;
  for (const item of Object.values(value)) {
    const found = findOldType(item, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
};
