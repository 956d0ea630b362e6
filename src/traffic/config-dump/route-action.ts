import type { CorsPolicy, FaultInjection, HashPolicy, RetryPolicy, Rewrite, Route, RouteAction } from '../tables.ts';
import { anyOf, extension, fractionalPercent, seconds } from './any.ts';
import { headerFields } from './header-operations.ts';
import { stringMatch } from './match.ts';

type Forward = Extract<RouteAction, { readonly kind: 'forward' }>;
type Redirect = Extract<RouteAction, { readonly kind: 'redirect' }>;

const REDIRECT_CODES: Readonly<Record<number, string>> = {
  301: 'MOVED_PERMANENTLY',
  302: 'FOUND',
  303: 'SEE_OTHER',
  307: 'TEMPORARY_REDIRECT',
  308: 'PERMANENT_REDIRECT',
};

/** Where requests go: one cluster, or several by weight. */
const target = ({ destinations }: Forward): object => {
  const [only, ...more] = destinations;
  const hasHeaders = only.requestHeaders !== undefined || only.responseHeaders !== undefined;
  if (more.length === 0 && !hasHeaders) return { cluster: only.cluster };
  const clusters = destinations.map((destination) => ({
    name: destination.cluster,
    weight: destination.weight,
    ...headerFields(destination),
  }));
  return { weighted_clusters: { clusters } };
};

const rewriteFields = ({ match }: Route, rewrite: Rewrite | undefined): object => {
  const path = rewrite?.path;
  const authority = rewrite?.authority === undefined ? {} : { host_rewrite_literal: rewrite.authority };
  if (path === undefined) return authority;
  const regexRewrite = (regex: string, substitution: string): object => ({
    ...authority,
    regex_rewrite: { pattern: { regex }, substitution },
  });
  if (path.kind === 'regex') return regexRewrite(path.pattern, path.substitution);
  // Envoy's prefix rewrite replaces what the match took of the path: all of it where that was exact.
  const isPrefix = path.kind === 'replace-prefix' || match.path?.kind === 'exact';
  return isPrefix ? { ...authority, prefix_rewrite: path.value } : regexRewrite('^.*$', path.value);
};

const retryPolicy = (retry: RetryPolicy): object => ({
  retry_on: [...retry.on].join(','),
  num_retries: retry.attempts,
  ...(retry.perTryTimeoutMs === 0 ? {} : { per_try_timeout: seconds(retry.perTryTimeoutMs) }),
  ...(retry.statusCodes.size === 0 ? {} : { retriable_status_codes: [...retry.statusCodes] }),
  ...(retry.avoidPreviousHosts
    ? {
        retry_host_predicate: [
          extension(
            'envoy.retry_host_predicates.previous_hosts',
            'envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate',
            {},
          ),
        ],
        host_selection_retry_max_attempts: '5',
      }
    : {}),
  ...(retry.avoidPreviousPriorities === true
    ? {
        retry_priority: extension(
          'envoy.retry_priorities.previous_priorities',
          'envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig',
          { update_frequency: 2 },
        ),
      }
    : {}),
  retry_back_off: { base_interval: seconds(retry.backOffBaseMs) },
});

/** A HashPolicy of a route or connection. */
export const hashPolicy = (policy: HashPolicy): object => {
  switch (policy.kind) {
    case 'header':
      return { header: { header_name: policy.name } };
    case 'query':
      return { query_parameter: { name: policy.name } };
    case 'source-address':
      return { connection_properties: { source_ip: true } };
    case 'cookie': {
      const { name, creation } = policy;
      const made = creation && { ttl: seconds(creation.maxAgeSeconds * 1000), path: creation.path };
      const attributes = (creation?.attributes ?? []).map(([key, value]) => ({ name: key, value }));
      return { cookie: { name, ...made, ...(attributes.length === 0 ? {} : { attributes }) } };
    }
  }
};

const forwardFields = (route: Route, action: Forward): object => ({
  route: {
    ...target(action),
    ...rewriteFields(route, action.rewrite),
    timeout: seconds(action.timeoutMs),
    ...(action.retry === undefined ? {} : { retry_policy: retryPolicy(action.retry) }),
    ...(action.hash === undefined ? {} : { hash_policy: action.hash.map(hashPolicy) }),
    ...(action.mirrors.length === 0
      ? {}
      : {
          request_mirror_policies: action.mirrors.map(({ cluster, percent }) => ({
            cluster,
            runtime_fraction: { default_value: fractionalPercent(percent) },
          })),
        }),
    ...(action.missingClusterStatus === 500 ? { cluster_not_found_response_code: 'INTERNAL_SERVER_ERROR' } : {}),
  },
});

const redirectFields = ({ code, scheme, authority, port, path }: Redirect): object => ({
  redirect: {
    ...(scheme === undefined ? {} : { scheme_redirect: scheme }),
    ...(authority === undefined ? {} : { host_redirect: authority }),
    ...(port === undefined ? {} : { port_redirect: port }),
    ...(path === undefined ? {} : { [path.kind === 'replace' ? 'path_redirect' : 'prefix_rewrite']: path.value }),
    response_code: REDIRECT_CODES[code] ?? code,
  },
});

/** The field of a route that says what becomes of a request: `route`, `redirect` or `direct_response`. */
export const actionFields = (route: Route): object => {
  const { action } = route;
  switch (action.kind) {
    case 'forward':
      return forwardFields(route, action);
    case 'redirect':
      return redirectFields(action);
    case 'respond':
      return {
        direct_response: {
          status: action.status,
          ...(action.body === '' ? {} : { body: { inline_string: action.body } }),
        },
      };
  }
};

const faultFilter = ({ delay, abort }: FaultInjection): object =>
  anyOf('envoy.extensions.filters.http.fault.v3.HTTPFault', {
    ...(delay === undefined
      ? {}
      : { delay: { fixed_delay: seconds(delay.ms), percentage: fractionalPercent(delay.percent) } }),
    ...(abort === undefined
      ? {}
      : {
          abort: {
            ...(abort.grpcStatus === undefined ? { http_status: abort.status } : { grpc_status: abort.grpcStatus }),
            percentage: fractionalPercent(abort.percent),
          },
        }),
  });

const corsFilter = (cors: CorsPolicy): object =>
  anyOf('envoy.extensions.filters.http.cors.v3.CorsPolicy', {
    allow_origin_string_match: cors.allowOrigins.map(stringMatch),
    ...(cors.allowMethods === '' ? {} : { allow_methods: cors.allowMethods }),
    ...(cors.allowHeaders === '' ? {} : { allow_headers: cors.allowHeaders }),
    ...(cors.exposeHeaders === '' ? {} : { expose_headers: cors.exposeHeaders }),
    ...(cors.maxAge === '' ? {} : { max_age: cors.maxAge }),
    allow_credentials: cors.allowCredentials,
    forward_not_matching_preflights: cors.forwardUnmatchedPreflights,
  });

/** What filters are told on a route alone: its faults and its CORS policy. */
export const perRouteFilters = ({ action }: Route): object => {
  const cors = action.kind === 'forward' ? action.cors : undefined;
  const filters = {
    ...(action.fault === undefined ? {} : { 'envoy.filters.http.fault': faultFilter(action.fault) }),
    ...(cors === undefined ? {} : { 'envoy.filters.http.cors': corsFilter(cors) }),
  };
  return Object.keys(filters).length === 0 ? {} : { typed_per_filter_config: filters };
};
