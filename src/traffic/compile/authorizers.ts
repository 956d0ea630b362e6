import { parseDuration } from '../../base/duration.ts';
import type { Mesh } from '../../model/mesh.ts';
import type {
  ExtensionProvider,
  ExtensionProviderEnvoyExternalAuthorizationGrpcProvider as GrpcProvider,
  ExtensionProviderEnvoyExternalAuthorizationHttpProvider as HttpProvider,
} from '../../model/schema/generated/types-mesh.ts';
import type { Authorizer } from '../authorizer.ts';
import type { StringMatcher } from '../tables.ts';
import { type ProviderPlace, providerPlace } from './provider-place.ts';
import type { Report } from './report.ts';
import type { ServiceRegistry } from './services.ts';

/** The authorizer behind a provider's name, or why Istio denies what would be asked of it. */
export type AuthorizerOf = (name: string) => Authorizer | { readonly fault: string };

/** Istio's own: ten minutes. */
const DEFAULT_TIMEOUT_MS = 600_000;
const DEFAULT_ERROR_STATUS = 403;

/** The statuses that Envoy's API has a name for. */
const NAMED_STATUSES: readonly (readonly [from: number, to: number])[] = [
  [100, 100],
  [200, 208],
  [226, 226],
  [300, 305],
  [307, 308],
  [400, 417],
  [421, 424],
  [426, 426],
  [428, 429],
  [431, 431],
  [500, 508],
  [510, 511],
];

/** Reads the authorizers of the mesh configuration. */
export const indexAuthorizers = (mesh: Mesh, registry: ServiceRegistry, report: Report): AuthorizerOf => {
  const { config } = mesh;
  const holder = mesh.find('ConfigMap', 'istio-system', 'istio') ?? mesh.of('IstioOperator')[0];
  for (const { name, envoyExtAuthzHttp, envoyExtAuthzGrpc } of config.extensionProviders) {
    if (holder === undefined || (envoyExtAuthzHttp ?? envoyExtAuthzGrpc)?.clearRouteCache !== true) continue;
    const effect = `what provider ${name} changes of a request does not choose another route: istiod does not act on it either`;
    report.unsupportedField(holder, 'clearRouteCache', effect);
  }
  const known = new Map(config.extensionProviders.map((provider) => [provider.name ?? '', provider]));
  return (name) => {
    const provider = known.get(name);
    const given = provider?.envoyExtAuthzHttp ?? provider?.envoyExtAuthzGrpc;
    if (provider === undefined || given === undefined) {
      return { fault: `the mesh configuration has no authorization provider "${name}"` };
    }
    const place = providerPlace(given, registry);
    const fault = faultOf(provider, given) ?? ('fault' in place ? place.fault : undefined);
    if (fault !== undefined || 'fault' in place) return { fault: `provider "${name}": ${fault}` };
    return authorizerOf(name, provider, given, place);
  };
};

const faultOf = (
  { name = '', envoyExtAuthzHttp: http }: ExtensionProvider,
  { port = 0, statusOnError = '' }: HttpProvider | GrpcProvider,
): string | undefined => {
  if (!/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(name)) return 'its name is no DNS label';
  if (port < 1 || port > 65_535) return `${port} is not a port`;
  if (statusOnError !== '' && !isNamedStatus(statusOnError)) return `statusOnError "${statusOnError}" is not a status`;
  if (http === undefined) return undefined;
  const { pathPrefix = '' } = http;
  if (pathPrefix !== '' && !pathPrefix.startsWith('/')) return `pathPrefix "${pathPrefix}" does not begin with /`;
  const lists = [
    http.includeRequestHeadersInCheck,
    http.includeHeadersInCheck,
    http.headersToDownstreamOnDeny,
    http.headersToDownstreamOnAllow,
    http.headersToUpstreamOnAllow,
  ];
  return lists.some((list) => list?.includes('*') === true) ? 'a lone * names no header' : undefined;
};

const isNamedStatus = (text: string): boolean =>
  /^\d{3}$/.test(text) && NAMED_STATUSES.some(([from, to]) => Number(text) >= from && Number(text) <= to);

const authorizerOf = (
  name: string,
  { envoyExtAuthzHttp: http }: ExtensionProvider,
  { timeout, failOpen = false, statusOnError = '', includeRequestBodyInCheck: body }: HttpProvider | GrpcProvider,
  place: ProviderPlace,
): Authorizer => ({
  name,
  protocol: http === undefined ? 'grpc' : 'http',
  ...place,
  timeoutMs: parseDuration(timeout ?? '') ?? DEFAULT_TIMEOUT_MS,
  failOpen,
  errorStatus: statusOnError === '' ? DEFAULT_ERROR_STATUS : Number(statusOnError),
  ...(body === undefined
    ? {}
    : {
        body: {
          maxBytes: body.maxRequestBytes ?? 0,
          allowsPart: body.allowPartialMessage ?? false,
          asBytes: body.packAsBytes ?? false,
        },
      }),
  ...(http === undefined ? {} : { http: httpPart(http) }),
});

const httpPart = (http: HttpProvider): NonNullable<Authorizer['http']> => ({
  pathPrefix: http.pathPrefix ?? '',
  requestHeaders: headerMatchers(
    (http.includeRequestHeadersInCheck ?? []).length > 0
      ? http.includeRequestHeadersInCheck
      : http.includeHeadersInCheck,
  ),
  addedHeaders: Object.entries(http.includeAdditionalHeadersInCheck ?? {})
    .map(([header, value]) => [header.toLowerCase(), value] as const)
    .sort(([left], [right]) => (left < right ? -1 : 1)),
  toBackend: headerMatchers(http.headersToUpstreamOnAllow),
  toClientOnDeny: headerMatchers(http.headersToDownstreamOnDeny),
  toClientOnAllow: headerMatchers(http.headersToDownstreamOnAllow),
});

/** `name`, `prefix-*` or `*-suffix`. */
const headerMatchers = (names: readonly string[] | undefined): readonly StringMatcher[] =>
  (names ?? []).map((name) => {
    const lower = name.toLowerCase();
    if (lower.startsWith('*')) return { kind: 'suffix', value: lower.slice(1) };
    return lower.endsWith('*') ? { kind: 'prefix', value: lower.slice(0, -1) } : { kind: 'exact', value: lower };
  });
