import { Buffer } from 'node:buffer';
import { resolveShortName } from '../../model/names.ts';
import type { Resource } from '../../model/resource.ts';
import type {
  Destination,
  VirtualServiceHttp,
  VirtualServiceHttpRedirect,
  VirtualServiceHttpRoute,
} from '../../model/schema/generated/types-istio.ts';
import { compileRegex } from '../regex.ts';
import type { RetryPolicy, Rewrite, RouteMatch } from '../tables.ts';
import { originOf, type Report } from './report.ts';
import { compileHeaderOperations } from './rule-headers.ts';
import type { ActionPlan, DestinationPlan } from './rule-plan.ts';
import { compileCors, compileDuration, compileFault, compileRetries } from './rule-policies.ts';

/** What a rule's action is compiled against. */
export interface RuleContext {
  readonly resource: Resource;
  /** Of the VirtualService (or delegate): short hosts mean this namespace. */
  readonly namespace: string;
  readonly defaultRetry: RetryPolicy | undefined;
  readonly report: Report;
  /** Rules of the Gateway API: prefixes go by segment, and a missing backend is answered 500. */
  readonly semantics?: 'gateway-api';
}

/** Compiles what a rule does with a request; undefined when the rule is invalid (and reported). */
export const compileAction = (
  context: RuleContext,
  rule: VirtualServiceHttp,
  authority: string | undefined,
): ((match: RouteMatch) => ActionPlan) | undefined => {
  const { resource, report } = context;
  const fault = compileFault(resource, rule.fault, report);
  const kinds = [rule.route !== undefined, rule.redirect !== undefined, rule.directResponse !== undefined];
  if (kinds.filter(Boolean).length !== 1) {
    report.invalid(resource, 'an http rule needs exactly one of route, redirect and directResponse', [rule]);
    return undefined;
  }
  if (rule.redirect !== undefined) {
    const { redirect } = rule;
    const action = compileRedirect(context, redirect, fault);
    return (match) => ({ ...action, path: redirectPath(match, redirect) });
  }
  if (rule.directResponse !== undefined) {
    const action = compileResponse(context, rule.directResponse, fault);
    return () => action;
  }
  return compileForward(context, rule, authority, fault);
};

type Fault = ActionPlan['fault'];
type RedirectPlan = Extract<ActionPlan, { readonly kind: 'redirect' }>;

const REDIRECT_CODES: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

const compileRedirect = (
  { resource, report }: RuleContext,
  redirect: VirtualServiceHttpRedirect,
  fault: Fault,
): Omit<RedirectPlan, 'path'> => {
  const code = redirect.redirectCode ?? 301;
  if (!REDIRECT_CODES.has(code)) {
    report.invalid(resource, `redirectCode ${code} is not a redirect that Envoy sends`, [redirect, 'redirectCode']);
  }
  return {
    kind: 'redirect',
    code,
    scheme: redirect.scheme,
    authority: redirect.authority === '' ? undefined : redirect.authority,
    port: redirect.derivePort === 'FROM_REQUEST_PORT' ? 'from-request' : redirect.port,
    fault,
  };
};

/** A new prefix stands for what matched; it wins over a whole new path. */
const redirectPath = (match: RouteMatch, { prefixRewrite, uri }: VirtualServiceHttpRedirect): RedirectPlan['path'] => {
  if (prefixRewrite !== undefined && prefixRewrite !== '') return pathRewrite(match, prefixRewrite);
  return uri === undefined || uri === '' ? undefined : { kind: 'replace', value: uri };
};

const compileResponse = (
  { resource, report }: RuleContext,
  response: NonNullable<VirtualServiceHttp['directResponse']>,
  fault: Fault,
): ActionPlan => {
  if (response.status < 200 || response.status > 599) {
    report.invalid(resource, `directResponse status ${response.status} is not between 200 and 599`, [
      response,
      'status',
    ]);
  }
  const { body = {} } = response;
  const decoded = body.bytes === undefined ? '' : decodeBase64(body.bytes);
  if (decoded === undefined) report.invalid(resource, 'directResponse.body.bytes is not base64', [body, 'bytes']);
  return { kind: 'respond', status: response.status, body: body.string ?? decoded ?? '', fault };
};

/** The bytes as UTF-8 text, which is what direct responses hold in practice. */
const decodeBase64 = (text: string): string | undefined => {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4 === 1) return undefined;
  return Buffer.from(text, 'base64').toString('utf8');
};

const compileForward = (
  context: RuleContext,
  rule: VirtualServiceHttp,
  authority: string | undefined,
  fault: Fault,
): ((match: RouteMatch) => ActionPlan) | undefined => {
  const { resource, report } = context;
  const destinations = compileDestinations(context, rule);
  const rewrite = compileRewrite(context, rule, authority);
  const forward = {
    kind: 'forward' as const,
    isWeighted: (rule.route ?? []).length > 1,
    timeoutMs: compileDuration(resource, 'timeout', rule.timeout, [rule, 'timeout'], report) ?? 0,
    retry: compileRetries(resource, rule.retries, context.defaultRetry, report),
    mirrors: compileMirrors(context, rule),
    fault,
    cors: compileCors(resource, rule.corsPolicy, report),
    ...(context.semantics === undefined ? {} : { missingClusterStatus: 500 }),
  };
  const [first, ...rest] = destinations;
  if (first === undefined) return undefined;
  return (match) => ({ ...forward, destinations: [first, ...rest], rewrite: rewrite(match) });
};

const compileDestinations = (context: RuleContext, rule: VirtualServiceHttp): readonly DestinationPlan[] => {
  const { resource, report } = context;
  const routes = rule.route ?? [];
  for (const route of routes) {
    if ((route.weight ?? 0) < 0) report.invalid(resource, `weight ${route.weight} is negative`, [route, 'weight']);
    if (route.destination === undefined) report.invalid(resource, 'a route needs a destination', [route]);
  }
  if (routes.length === 0) report.invalid(resource, 'route is empty', [rule, 'route']);
  const weighted = routes.filter((route) => (route.weight ?? 0) > 0);
  if (routes.length > 1 && weighted.length === 0) {
    report.invalid(resource, 'the weights of several destinations are all 0', [rule, 'route']);
  }
  return (routes.length > 1 ? weighted : routes).flatMap((route) =>
    route.destination === undefined ? [] : [compileDestination(context, route.destination, route)],
  );
};

const compileDestination = (
  context: RuleContext,
  destination: Destination,
  route: VirtualServiceHttpRoute | undefined,
): DestinationPlan => {
  const { resource, report } = context;
  if (destination.host === '') report.invalid(resource, 'a destination needs a host', [destination, 'host']);
  const headers = compileHeaderOperations(resource, route?.headers, report);
  return {
    host: resolveShortName(destination.host, context.namespace),
    subset: destination.subset ?? '',
    port: destination.port?.number,
    weight: route?.weight ?? 0,
    requestHeaders: headers.request,
    responseHeaders: headers.response,
    authority: headers.authority,
    origin: originOf(resource, [route ?? destination]),
  };
};

const compileMirrors = (
  context: RuleContext,
  rule: VirtualServiceHttp,
): readonly { readonly destination: DestinationPlan; readonly percent: number }[] => {
  const { resource, report } = context;
  const single = rule.mirrorPercentage?.value ?? rule.mirrorPercent ?? rule.mirror_percent;
  const written =
    rule.mirror === undefined
      ? (rule.mirrors ?? []).map((mirror) => ({ destination: mirror.destination, percent: mirror.percentage?.value }))
      : [{ destination: rule.mirror, percent: rule.mirrorPercentage === undefined ? single : (single ?? 0) }];
  if (rule.mirror !== undefined && (rule.mirrors ?? []).length > 0) {
    report.invalid(resource, 'a rule has both mirror and mirrors', [rule, 'mirrors']);
  }
  return written.flatMap(({ destination, percent = 100 }) => {
    if (percent < 0 || percent > 100) {
      report.invalid(resource, `mirror percentage ${percent} is not between 0 and 100`, [rule]);
    }
    return percent === 0 ? [] : [{ destination: compileDestination(context, destination, undefined), percent }];
  });
};

/** A rewrite depends on how the path matched: a prefix keeps the rest, an exact path or a regex is replaced whole. */
const compileRewrite = (
  { resource, report, semantics }: RuleContext,
  rule: VirtualServiceHttp,
  setHost: string | undefined,
): ((match: RouteMatch) => Rewrite | undefined) => {
  const { rewrite } = rule;
  const authority = rewrite?.authority === undefined || rewrite.authority === '' ? setHost : rewrite.authority;
  const regexRewrite = rewrite?.uriRegexRewrite;
  const uri = rewrite?.uri === '' ? undefined : rewrite?.uri;
  if (rewrite !== undefined && regexRewrite !== undefined && uri !== undefined) {
    report.invalid(resource, 'rewrite has both uri and uriRegexRewrite', [rewrite, 'uriRegexRewrite']);
  }
  if (regexRewrite !== undefined) {
    const regex = compileRegex(regexRewrite.match ?? '');
    if ('refused' in regex) {
      report.invalid(resource, `uriRegexRewrite: ${regex.refused}`, [regexRewrite, 'match']);
      return () => undefined;
    }
    const replacement = regexRewrite.rewrite ?? '';
    const path: Rewrite['path'] = {
      kind: 'regex',
      replace: (text) => regex.replaceAll(text, replacement),
      pattern: regex.source,
      substitution: replacement,
    };
    return () => ({ authority, path });
  }
  if (uri === undefined && authority === undefined) return () => undefined;
  // Without a prefix of its own, "/" means that the prefix goes and one slash stays.
  const toPath = semantics === 'gateway-api' && uri === '/' ? prefixRemoval : pathRewrite;
  return (match) => ({ authority, path: uri === undefined ? undefined : toPath(match, uri) });
};

const prefixRemoval = ({ path }: RouteMatch): Rewrite['path'] => {
  const length = path?.kind === 'segment-prefix' ? path.value.length : 0;
  return {
    kind: 'regex',
    replace: (text) => `/${text.slice(text.charAt(length) === '/' ? length + 1 : length)}`,
    pattern: `^.{${length}}/?(.*)$`,
    substitution: '/\\1',
  };
};

const pathRewrite = ({ path }: RouteMatch, value: string): NonNullable<RedirectPlan['path']> => {
  if (path?.kind === 'exact' || path?.kind === 'regex') return { kind: 'replace', value };
  return { kind: 'replace-prefix', prefix: path !== undefined && 'value' in path ? path.value : '/', value };
};
