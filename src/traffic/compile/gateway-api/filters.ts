import type {
  GRPCRouteRuleFilter,
  HeaderModifier,
  HTTPRouteFilter,
  HTTPRouteFilterCors,
  HTTPRouteFilterRequestMirror,
  HTTPRouteFilterRequestRedirect,
} from '../../../model/schema/generated/types-gateway-api.ts';
import type {
  HeaderOperations,
  HeaderOperationsRequest,
  StringMatch,
  VirtualServiceHttp,
  VirtualServiceHttpCorsPolicy,
  VirtualServiceHttpRedirect,
  VirtualServiceHttpRewrite,
} from '../../../model/schema/generated/types-istio.ts';
import { copyPosition } from '../../../yaml/located.ts';
import { type BackendContext, resolveBackend } from './backends.ts';

type Filter = HTTPRouteFilter | GRPCRouteRuleFilter;

/** The parts of a VirtualService's rule that filters decide. */
type FilteredRule = Pick<VirtualServiceHttp, 'headers' | 'redirect' | 'rewrite' | 'corsPolicy' | 'mirrors'>;

/** What a rule's filters come to; undefined where one of them costs the route all of its rules, as in Istio. */
export const convertFilters = (context: BackendContext, filters: readonly Filter[]): FilteredRule | undefined => {
  const mirrors: NonNullable<VirtualServiceHttp['mirrors']>[number][] = [];
  let headers: HeaderOperations = {};
  let rule: Omit<FilteredRule, 'mirrors' | 'headers'> = {};
  for (const filter of filters) {
    const changed = convertHeaders(headers, filter);
    if (changed !== undefined) headers = changed;
    else if (filter.type === 'RequestMirror') {
      const mirror = filter.requestMirror === undefined ? 'none' : convertMirror(context, filter.requestMirror);
      if (mirror === undefined) return undefined;
      if (mirror !== 'none') mirrors.push(mirror);
    } else {
      const part = convertRouting(filter);
      if (part === undefined) return refuseFilter(context, filter);
      rule = { ...rule, ...part };
    }
  }
  return { ...rule, headers, mirrors };
};

/** Backends have filters of headers only; undefined for others, which cost the route all of its rules. */
export const convertBackendFilters = (
  context: BackendContext,
  filters: readonly Filter[],
): HeaderOperations | undefined => {
  let headers: HeaderOperations = {};
  for (const filter of filters) {
    const changed = convertHeaders(headers, filter);
    if (changed === undefined) return refuseFilter(context, filter);
    headers = changed;
  }
  return headers;
};

const refuseFilter = ({ resource, report }: BackendContext, filter: Filter): undefined => {
  const message = `Istio has no filter ${filter.type} here, and uses no rule of a ${resource.kind} that has one`;
  report.warn(resource, 'ROUTE_NOT_USED', message, [filter, 'type']);
};

const convertHeaders = (headers: HeaderOperations, filter: Filter): HeaderOperations | undefined => {
  const { type, requestHeaderModifier, responseHeaderModifier } = filter;
  if (type === 'RequestHeaderModifier') return { ...headers, request: toOperations(requestHeaderModifier) };
  if (type === 'ResponseHeaderModifier') return { ...headers, response: toOperations(responseHeaderModifier) };
  return undefined;
};

const toOperations = ({ set, add, remove }: HeaderModifier = {}): HeaderOperationsRequest => ({
  set: byName(set),
  add: byName(add),
  ...(remove === undefined ? {} : { remove }),
});

/** Of several entries for one header only the first counts. */
const byName = (entries: HeaderModifier['set'] = []): Readonly<Record<string, string>> => {
  const named = new Map<string, string>();
  for (const { name, value } of entries) {
    const key = name.toLowerCase();
    if (!named.has(key)) named.set(key, value);
  }
  return Object.fromEntries(named);
};

/** Redirects, rewrites and CORS; undefined for filters that Istio does not have. */
const convertRouting = (filter: Filter): Omit<FilteredRule, 'mirrors' | 'headers'> | undefined => {
  switch (filter.type) {
    case 'RequestRedirect':
      return filter.requestRedirect === undefined ? {} : { redirect: toRedirect(filter.requestRedirect) };
    case 'URLRewrite':
      return filter.urlRewrite === undefined ? {} : toRewrite(filter.urlRewrite);
    case 'CORS':
      return filter.cors === undefined ? {} : { corsPolicy: toCors(filter.cors) };
    default:
      return undefined;
  }
};

const toRedirect = (filter: HTTPRouteFilterRequestRedirect): VirtualServiceHttpRedirect => {
  const { hostname, path, port, scheme, statusCode } = filter;
  // Without a scheme the port of the listener stays; with one it is the scheme's own.
  const derived: VirtualServiceHttpRedirect = scheme === undefined ? { derivePort: 'FROM_REQUEST_PORT' } : {};
  const redirect: VirtualServiceHttpRedirect = {
    redirectCode: statusCode ?? 302,
    ...(hostname === undefined ? {} : { authority: hostname }),
    ...(scheme === undefined ? {} : { scheme }),
    ...(port === undefined ? derived : { port }),
    ...(path?.replaceFullPath === undefined ? {} : { uri: path.replaceFullPath }),
    ...(path?.replacePrefixMatch === undefined ? {} : { prefixRewrite: path.replacePrefixMatch }),
  };
  copyPosition(filter, redirect);
  return redirect;
};

const toRewrite = ({ hostname, path }: NonNullable<HTTPRouteFilter['urlRewrite']>): FilteredRule => {
  const rewrite: VirtualServiceHttpRewrite = {
    ...(hostname === undefined ? {} : { authority: hostname }),
    ...(path?.replacePrefixMatch === undefined ? {} : { uri: path.replacePrefixMatch.replace(/\/$/, '') || '/' }),
    ...(path?.replaceFullPath === undefined
      ? {}
      : { uriRegexRewrite: { match: '/.*', rewrite: path.replaceFullPath } }),
  };
  return Object.keys(rewrite).length === 0 ? {} : { rewrite };
};

const convertMirror = (
  context: BackendContext,
  { backendRef, fraction, percent }: HTTPRouteFilterRequestMirror,
): NonNullable<VirtualServiceHttp['mirrors']>[number] | 'none' | undefined => {
  const backend = resolveBackend(context, backendRef);
  // A mirror to nowhere is left out of an HTTPRoute; a GRPCRoute that has one is not used.
  if (backend === undefined || backend.isMissing) return context.resource.kind === 'HTTPRoute' ? 'none' : undefined;
  const value = fraction === undefined ? percent : (100 * fraction.numerator) / (fraction.denominator ?? 100);
  const { destination } = backend;
  return { destination, ...(value === undefined ? {} : { percentage: { value } }) };
};

const toCors = (filter: HTTPRouteFilterCors): VirtualServiceHttpCorsPolicy => {
  const { allowOrigins = [], allowMethods, allowHeaders, exposeHeaders, maxAge = 0, allowCredentials } = filter;
  const policy: VirtualServiceHttpCorsPolicy = {
    allowOrigins: allowOrigins.filter((origin) => origin !== '').map(toOrigin),
    ...(allowMethods === undefined ? {} : { allowMethods }),
    ...(allowHeaders === undefined ? {} : { allowHeaders }),
    ...(exposeHeaders === undefined ? {} : { exposeHeaders }),
    ...(allowCredentials === undefined ? {} : { allowCredentials }),
    ...(maxAge > 0 ? { maxAge: `${maxAge}s` } : {}),
    unmatchedPreflights: 'IGNORE',
  };
  copyPosition(filter, policy);
  return policy;
};

/** A star stands for anything within an origin; alone it stands for whatever has the form of one. */
const toOrigin = (origin: string): StringMatch => {
  if (origin === '*') return { regex: '[a-zA-Z][a-zA-Z0-9+.-]*://[^/\\s?#]+' };
  const star = origin.indexOf('*');
  if (star < 0) return { exact: origin };
  if (star === origin.length - 1) return { prefix: origin.slice(0, -1) };
  return { regex: origin.replace(/[\\.+?()|[\]{}^$]/g, '\\$&').replaceAll('*', '.*') };
};
