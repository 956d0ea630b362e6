/**
 * What one proxy knows, compiled once from the configuration and never changed afterwards: a reload swaps the whole
 * value, and a request keeps the tables it began with. Everything that can fail (regexes, hosts, weights, missing
 * subsets) has failed, or was reported as a problem, before a table exists.
 */
import type { Cidr } from '../base/cidr.ts';
import type { Span } from '../base/span.ts';
import type { Peer } from '../telemetry/peer.ts';
import type { Authorizer } from './authorizer.ts';
import type { PathNormalization } from './path.ts';
import type { RateLimits } from './rate-limit.ts';
import type { SuffixTable } from './suffix-table.ts';
import type { ProxyTelemetry } from './telemetry/proxy-telemetry.ts';
import type { TokenRule } from './token-rules.ts';

/** The object and line of the user's input a table entry comes from; absent for what Istio adds by itself. */
export interface Origin {
  /** `VirtualService default/reviews`. */
  readonly resource: string;
  readonly span: Span;
}

export interface ProxyNode {
  /** `NAMESPACE/POD`. */
  readonly id: string;
  readonly mode: 'sidecar' | 'gateway';
  readonly namespace: string;
  readonly pod: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Mesh address of the pod (10.x.y.z). */
  readonly address: string;
  /** `spiffe://TRUST-DOMAIN/ns/NS/sa/SA`. */
  readonly spiffeId: string;
  readonly trustDomain: string;
  readonly locality: string;
  readonly peer: Peer;
}

export interface ProxyTables {
  /** Counts up with every reload; 1 is the first. */
  readonly generation: number;
  readonly node: ProxyNode;
  readonly outbound: OutboundTables;
  /** By the pod's own port. A port that is absent is passed through by the sidecar with `inboundDefault`. */
  readonly inbound: ReadonlyMap<number, InboundPort>;
  readonly inboundDefault: MtlsMode;
  /** Gateways only: by the port the gateway's pod listens on. */
  readonly gateway: ReadonlyMap<number, GatewayPort>;
  /** By Envoy's name: `outbound|80|v1|reviews.default.svc.cluster.local`. */
  readonly clusters: ClusterTable;
  /** Peers by mesh address, for telemetry of plaintext callers. */
  readonly peers: ReadonlyMap<string, Peer>;
  /** What is logged and counted; absent = nothing is logged, and Istio's standard metrics are counted. */
  readonly telemetry?: ProxyTelemetry;
  /** Mesh config `pathNormalization`; absent = BASE, Istio's default. */
  readonly pathNormalization?: PathNormalization;
  /** What AuthorizationPolicies say of this proxy's inbound and gateway ports; absent = nothing, and all is allowed. */
  readonly authorization?: Authorization;
  /** What RequestAuthentications say of this proxy's inbound and gateway ports; absent = tokens are not looked at. */
  readonly tokens?: readonly TokenRule[];
  /** Absent = nothing is limited. */
  readonly rateLimits?: RateLimits;
}

// ---- outbound: chosen by the connection's original destination, then by Host

export interface OutboundTables {
  /** `ADDRESS:PORT` of a service's virtual address: listeners of TCP and undeclared protocols. */
  readonly byAddress: ReadonlyMap<string, OutboundListener>;
  /** Port -> the wildcard listener that all HTTP services of that port share. */
  readonly byPort: ReadonlyMap<number, OutboundListener>;
  /** ALLOW_ANY: unknown destinations pass through; REGISTRY_ONLY: they are refused. */
  readonly unknown: 'passthrough' | 'blackhole';
}

/** `auto`: HTTP when the first bytes are an HTTP request, otherwise TCP (Istio's protocol selection). */
export interface OutboundListener {
  readonly name: string;
  readonly protocol: 'http' | 'tcp' | 'auto';
  readonly routes: RouteTable | undefined;
  /** Connections that are neither HTTP nor any chain's; undefined = they are unknown to the mesh. */
  readonly tcp: TcpRoute | undefined;
  /** The narrowest address block first; absent = none. */
  readonly chains?: readonly DestinationChains[];
}

/** Connections to one address block that server names tell apart. What none of them takes goes the listener's `tcp`. */
export interface DestinationChains extends ServerNames<TcpRoute> {
  /** Undefined: every address that is in no other block, where HTTP may come too. */
  readonly block: Cidr | undefined;
}

export interface TcpRoute {
  readonly destinations: Destinations;
  /** For consistent hashing by the client's address, the one kind that connections know. */
  readonly hash?: readonly HashPolicy[];
  readonly totalWeight: number;
  readonly origin: Origin | undefined;
}

export interface InboundPort {
  readonly port: number;
  readonly mtls: MtlsMode;
  readonly protocol: 'http' | 'tcp' | 'auto';
  /** `inbound|8080||`, to the application itself. */
  readonly cluster: string;
  readonly routes: RouteTable;
  /** The PeerAuthentication that set `mtls`; absent = Istio's default. */
  readonly mtlsOrigin: Origin | undefined;
  /** The service this port belongs to, for metrics; the first by name where several do. */
  readonly service: ServiceRef | undefined;
}

export type MtlsMode = 'STRICT' | 'PERMISSIVE' | 'DISABLE';

/** Cleartext HTTP, unless `tcp` or `tls` says otherwise. */
export interface GatewayPort {
  readonly port: number;
  readonly routes: RouteTable;
  readonly origin: Origin | undefined;
  /** The port carries connections without HTTP or TLS of its own, all of them by this route. */
  readonly tcp?: TcpRoute;
  /** The port carries TLS alone; which of these takes a connection is a matter of its server name. */
  readonly tls?: TlsServers;
}

/** What server names (lower case) lead to, each as the first that has it says. */
export interface ServerNames<T> {
  readonly exact: ReadonlyMap<string, T>;
  /** `.example.com` for `*.example.com`. */
  readonly suffixes: SuffixTable<T>;
  /** Takes every connection, also one that names no server. */
  readonly any: T | undefined;
}

export interface TlsServers extends ServerNames<GatewayTlsServer> {
  readonly all: readonly GatewayTlsServer[];
}

/** A filter chain of a TLS port: exactly one of `routes` (HTTP behind TLS) and `tcp` (its bytes) is there. */
export interface GatewayTlsServer {
  /** Lower case; a name, `*.suffix`, or `*` for every connection, also one that names no server. */
  readonly serverNames: readonly string[];
  /** Absent: TLS is not ended here, its bytes are passed on. */
  readonly terminate?: TlsTermination;
  readonly routes?: RouteTable;
  readonly tcp?: TcpRoute;
  readonly origin: Origin | undefined;
}

/** How TLS of clients is ended. */
export interface TlsTermination {
  /** PEM; empty where they are not at hand, and then every connection is reset. `workload`: this proxy's own. */
  readonly certificates: 'workload' | readonly { readonly chain: string; readonly key: string }[];
  readonly client: 'none' | 'optional' | 'required';
  /** PEM of the authorities that may vouch for clients; `mesh` are those of the workloads. */
  readonly clientAuthorities?: 'mesh' | string;
  /** One of them must be in a client's certificate; empty = any client. */
  readonly clientNames: readonly string[];
  readonly minVersion: 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';
  readonly maxVersion: 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';
  /** Of TLS 1.2 and before, as OpenSSL names them; empty = the engine's own choice. */
  readonly cipherSuites: readonly string[];
}

// ---- routes

/** Hosts are matched as Envoy does: exact, then the longest `*.suffix`, then the longest `prefix.*`, then `*`. */
export interface RouteTable {
  /** `80`, `http.8080`, `inbound|8080||`. */
  readonly name: string;
  /** Lower-case host, with and without port where Istio lists both. */
  readonly exact: ReadonlyMap<string, VirtualHost>;
  /** `.example.com` for `*.example.com`. */
  readonly suffixes: SuffixTable<VirtualHost>;
  readonly any: VirtualHost | undefined;
  /** Gateways ignore the port in Host (Istio sets ignore_port_in_host_matching there). */
  readonly ignorePort: boolean;
}

export interface VirtualHost {
  readonly name: string;
  readonly domains: readonly string[];
  readonly routes: readonly Route[];
  readonly origin: Origin | undefined;
}

export interface Route {
  /** As the access log prints it; `default` where Istio names it so. */
  readonly name: string;
  readonly match: RouteMatch;
  readonly action: RouteAction;
  readonly requestHeaders: HeaderOperations | undefined;
  readonly responseHeaders: HeaderOperations | undefined;
  /** `x-envoy-decorator-operation`: `reviews.default.svc.cluster.local:80/*`. */
  readonly operation: string;
  readonly origin: Origin | undefined;
}

/** All parts must hold. Compiled: `path` has its regex ready. */
export interface RouteMatch {
  readonly path: StringMatcher | undefined;
  readonly ignoreCase: boolean;
  readonly method: StringMatcher | undefined;
  readonly authority: StringMatcher | undefined;
  readonly scheme: StringMatcher | undefined;
  readonly headers: readonly HeaderMatcher[];
  readonly query: readonly QueryMatcher[];
}

export type StringMatcher =
  | { readonly kind: 'exact'; readonly value: string }
  | { readonly kind: 'prefix'; readonly value: string }
  | { readonly kind: 'suffix'; readonly value: string }
  | { readonly kind: 'contains'; readonly value: string }
  /** By path segment (Gateway API PathPrefix): `/a` matches `/a` and `/a/b`, not `/ab`. */
  | { readonly kind: 'segment-prefix'; readonly value: string }
  | { readonly kind: 'regex'; readonly source: string; readonly test: (text: string) => boolean }
  | { readonly kind: 'present' };

export interface HeaderMatcher {
  /** Lower case. */
  readonly name: string;
  /** Not a header but this claim of the request's token. */
  readonly claim?: readonly string[];
  readonly value: StringMatcher;
  /** withoutHeaders: the condition must not hold. */
  readonly invert: boolean;
  /** An inverted matcher that also holds when the header is absent (see compile). */
  readonly matchesAbsent: boolean;
}

export interface QueryMatcher {
  readonly name: string;
  readonly value: StringMatcher;
}

export type RouteAction =
  | {
      readonly kind: 'forward';
      readonly destinations: Destinations;
      readonly totalWeight: number;
      readonly rewrite: Rewrite | undefined;
      /** 0 = none. */
      readonly timeoutMs: number;
      /** For consistent hashing: all that apply are mixed, and without any it picks at random. */
      readonly hash?: readonly HashPolicy[];
      readonly retry: RetryPolicy | undefined;
      readonly mirrors: readonly Mirror[];
      readonly fault: FaultInjection | undefined;
      readonly cors: CorsPolicy | undefined;
      /** The answer where the cluster is missing; 503 when absent. The Gateway API wants 500. */
      readonly missingClusterStatus?: number;
    }
  | {
      readonly kind: 'redirect';
      readonly code: number;
      readonly scheme: string | undefined;
      readonly authority: string | undefined;
      /** Only where the Location must name it: Istio leaves default ports out. */
      readonly port: number | undefined;
      readonly path:
        | { readonly kind: 'replace'; readonly value: string }
        | { readonly kind: 'replace-prefix'; readonly prefix: string; readonly value: string }
        | undefined;
      readonly fault: FaultInjection | undefined;
    }
  | {
      readonly kind: 'respond';
      readonly status: number;
      readonly body: string;
      readonly fault: FaultInjection | undefined;
    };

/** Never empty. */
export type Destinations = readonly [WeightedDestination, ...WeightedDestination[]];

export interface WeightedDestination {
  /** Name of a cluster that may be missing from the tables: Envoy answers 503 NC then. */
  readonly cluster: string;
  readonly weight: number;
  readonly requestHeaders: HeaderOperations | undefined;
  readonly responseHeaders: HeaderOperations | undefined;
  readonly origin: Origin | undefined;
}

export interface HeaderOperations {
  /** Lower-case names, `host` for :authority; the value may be an Envoy format string, compiled by the caller. */
  readonly set: readonly (readonly [name: string, value: string])[];
  readonly add: readonly (readonly [name: string, value: string])[];
  readonly remove: readonly string[];
}

export interface Rewrite {
  readonly authority: string | undefined;
  readonly path:
    | { readonly kind: 'replace'; readonly value: string }
    | { readonly kind: 'replace-prefix'; readonly prefix: string; readonly value: string }
    | {
        readonly kind: 'regex';
        readonly replace: (path: string) => string;
        /** What `replace` does, in RE2's and Envoy's words (`\1` is a group). */
        readonly pattern: string;
        readonly substitution: string;
      }
    | undefined;
}

export interface RetryPolicy {
  /** Retries after the first attempt. */
  readonly attempts: number;
  readonly perTryTimeoutMs: number;
  /** Envoy's words: connect-failure, refused-stream, unavailable, cancelled, retriable-status-codes, 5xx, ... */
  readonly on: ReadonlySet<string>;
  readonly statusCodes: ReadonlySet<number>;
  /** Prefer hosts not tried yet (Envoy's previous_hosts predicate). */
  readonly avoidPreviousHosts: boolean;
  /** The policy itself says whether to avoid them; where it does not, consistent hashing does not avoid any. */
  readonly choosesHosts?: boolean;
  /** Every second attempt leaves out the priorities tried so far (retryRemoteLocalities). */
  readonly avoidPreviousPriorities?: boolean;
  readonly backOffBaseMs: number;
}

interface Mirror {
  readonly cluster: string;
  /** 0..100. */
  readonly percent: number;
}

export interface FaultInjection {
  readonly delay: { readonly ms: number; readonly percent: number } | undefined;
  readonly abort:
    | { readonly status: number; readonly grpcStatus: number | undefined; readonly percent: number }
    | undefined;
}

export interface CorsPolicy {
  readonly allowOrigins: readonly StringMatcher[];
  readonly allowMethods: string;
  readonly allowHeaders: string;
  readonly exposeHeaders: string;
  readonly maxAge: string;
  readonly allowCredentials: boolean;
  readonly forwardUnmatchedPreflights: boolean;
}

// ---- clusters

export interface ServiceRef {
  readonly host: string;
  readonly name: string;
  readonly namespace: string;
}

/** Clusters by name. Those of a service may be made when they are first asked for; they never change. */
export interface ClusterTable {
  get(name: string): Cluster | undefined;
  values(): Iterable<Cluster>;
}

export interface Cluster {
  readonly name: string;
  /**
   * `original-destination`: the connection's own address (PassthroughCluster, headless services); an endpoint of that
   * address and port, where listed, names the transport to use. `application`: the pod's own app.
   */
  readonly kind: 'endpoints' | 'original-destination' | 'application' | 'blackhole';
  readonly endpoints: readonly Endpoint[];
  readonly balancer: Balancer;
  readonly connectTimeoutMs: number;
  /** 0 = no limit. */
  readonly maxRequestsPerConnection: number;
  /** Protocol towards HTTP backends: HTTP/1.1 when absent; `same` follows the client's (protocol not declared). */
  readonly http?: 'http2' | 'same';
  readonly service: ServiceRef | undefined;
  /** The DestinationRule in force. */
  readonly origin: Origin | undefined;
  /** What the DestinationRule says of TLS (`ISTIO_MUTUAL`, `SIMPLE`, ...); absent = nothing, and auto mTLS decides. */
  readonly tlsSetting?: { readonly mode: string; readonly origin: Origin };
  /** How addresses that are no endpoint of it are called; absent = in plaintext. */
  readonly transport?: UpstreamTransport;
  /** Absent = no endpoint is ever ejected. */
  readonly outlier?: OutlierDetection;
  /** With less than this percentage of healthy endpoints in a priority, all of them serve; absent = never. */
  readonly panicPercent?: number;
  /** Load is shared among these groups first, then among the endpoints of one; absent = all endpoints share alike. */
  readonly localities?: readonly LocalityShare[];
  /** Absent = nothing is limited. */
  readonly limits?: ClusterLimits;
  readonly lifetimes?: ConnectionLifetimes;
}

/** The endpoints of one priority and locality; a part of the cluster's. */
export interface LocalityShare {
  readonly priority: number;
  readonly weight: number;
  readonly endpoints: readonly Endpoint[];
}

/** Envoy's outlier detection as Istio writes it. 0 for a count switches that detection off. */
export interface OutlierDetection {
  readonly consecutive5xx: number;
  readonly consecutiveGatewayErrors: number;
  readonly consecutiveLocalOriginFailures: number;
  /** Failures to connect count by themselves and not as 5xx. */
  readonly splitsLocalOrigin: boolean;
  readonly intervalMs: number;
  readonly baseEjectionMs: number;
  readonly maxEjectionPercent: number;
}

/** What may be under way in a cluster at one time. */
export interface ClusterLimits {
  readonly maxConnections?: number;
  /** Requests waiting for a connection. */
  readonly maxPending?: number;
  readonly maxRequests?: number;
  readonly maxRetries?: number;
  /** Replaces `maxRetries`: a percentage of the requests under way, at least `minimum`. */
  readonly retryBudget?: { readonly percent: number; readonly minimum: number };
}

/** How long connections to endpoints live; all absent = the proxy's own. */
export interface ConnectionLifetimes {
  readonly idleMs?: number;
  /** Of connections without HTTP; 0 = for ever. */
  readonly tcpIdleMs?: number;
  readonly maxDurationMs?: number;
  /** Silence before the operating system asks whether the peer is alive. */
  readonly keepAliveMs?: number;
  /** HTTP/2: requests at a time on one connection. */
  readonly maxStreams?: number;
}

export interface Endpoint {
  /** Mesh address. */
  readonly address: string;
  readonly port: number;
  /** `ADDRESS:PORT`; names the endpoint in logs and keys its runtime state across reloads. */
  readonly key: string;
  readonly pod: string;
  readonly peer: Peer;
  readonly weight: number;
  readonly locality: string;
  readonly transport: UpstreamTransport;
  /** 0, also when absent, is served first; others when too few of the better ones are healthy. */
  readonly priority?: number;
  /** Known not to be ready, and only listed so that its priority counts as less healthy. */
  readonly isUnready?: boolean;
}

export type UpstreamTransport =
  | { readonly kind: 'plaintext' }
  /** Istio mutual TLS: own workload certificate; the peer must present one of `spiffeIds`. */
  | { readonly kind: 'istio-mutual'; readonly sni: string; readonly spiffeIds: readonly string[] }
  /**
   * TLS towards servers outside the mesh's trust: the peer's certificate must be vouched for by `authorities` (PEM; those
   * of the operating system; `any` = it is not verified) and carry one of `names`, if any.
   */
  | {
      readonly kind: 'tls';
      /** Empty = none is sent. */
      readonly sni: string;
      readonly names: readonly string[];
      readonly authorities: 'system' | 'any' | readonly string[];
      /** PEM; shown to the server. */
      readonly certificate?: { readonly chain: string; readonly key: string };
    };

export interface Balancer {
  readonly kind: 'round-robin' | 'least-request' | 'random' | 'ring-hash' | 'maglev';
  /** Consistent hashing: the least number of points on the ring, or the entries of Maglev's table. */
  readonly tableSize?: number;
  /** New endpoints get their share of the load little by little. */
  readonly warmup?: Warmup;
}

/** Envoy's slow start. */
export interface Warmup {
  readonly durationMs: number;
  /** 1 is linear; more is faster at the beginning. */
  readonly aggression: number;
  readonly minimumPercent: number;
}

/** Where a request's hash comes from. */
export type HashPolicy =
  /** Lower-case name. */
  | { readonly kind: 'header'; readonly name: string }
  | { readonly kind: 'query'; readonly name: string }
  | { readonly kind: 'source-address' }
  | { readonly kind: 'cookie'; readonly name: string; readonly creation: CookieCreation | undefined };

/** How a cookie is made for a client that has none. */
export interface CookieCreation {
  /** 0 = until the client ends. */
  readonly maxAgeSeconds: number;
  readonly path: string;
  /** Without a value, the name alone. */
  readonly attributes: readonly (readonly [name: string, value: string])[];
}

// ---- authorization

/** The AuthorizationPolicies in force at one proxy. They hold for all of its ports; a rule may ask for some. */
export interface Authorization {
  readonly http: AuthorizationPolicies;
  /** The same policies as connections without HTTP meet them (see compile/authorization.ts). */
  readonly tcp: AuthorizationPolicies;
  /** Gateways: how many proxies in front are trusted to say in X-Forwarded-For where a request came from. */
  readonly trustedProxies: number;
}

export interface AuthorizationPolicies {
  /** Whatever one of these matches is denied, first of all: CUSTOM rules whose provider cannot be asked. */
  readonly custom: readonly AuthorizationRule[];
  /** The other CUSTOM rules: their provider is asked about whatever one of them matches. */
  readonly check?: { readonly authorizer: Authorizer; readonly rules: readonly AuthorizationRule[] };
  readonly deny: readonly AuthorizationRule[];
  /** Absent without any ALLOW policy: what is not denied is allowed then. Present and empty: nothing is. */
  readonly allow: AllowRules | undefined;
}

interface AllowRules {
  readonly rules: readonly AuthorizationRule[];
  /** The ALLOW policies themselves, also those without a rule. */
  readonly policies: readonly Origin[];
}

/** Holds when `when` does, and one of `from` (if any), and one of `to` (if any). */
export interface AuthorizationRule {
  /** As response code details name it: `ns[default]-policy[viewer]-rule[0]`. */
  readonly name: string;
  readonly origin: Origin;
  readonly when: readonly AuthorizationCondition[];
  /** Sources; all conditions of one must hold. */
  readonly from: readonly (readonly AuthorizationCondition[])[];
  /** Operations; all conditions of one must hold. */
  readonly to: readonly (readonly AuthorizationCondition[])[];
}

/** One of `values` (if any) must hold and none of `notValues`; of an attribute that is absent, no value ever holds. */
export type AuthorizationCondition =
  | Tests<'source-ip' | 'remote-ip' | 'destination-ip', Cidr>
  | Tests<'destination-port', number>
  | Tests<AuthorizationText, StringMatcher>
  /** `name` is lower case; one matching line is enough. */
  | (Tests<'header', StringMatcher> & { readonly name: string })
  | Tests<'request-principal', RequestPrincipal>
  /** `path` leads to a claim of the request's token. */
  | (Tests<'claim', StringMatcher> & { readonly path: readonly string[] })
  /** What no request here has: metadata of a filter. */
  | Tests<'metadata', string>;

/** Of a token's `iss` and `sub`, both of which must be there. */
export interface RequestPrincipal {
  readonly issuer: StringMatcher;
  readonly subject: StringMatcher;
}

/**
 * `principal` is the peer's SPIFFE id without its scheme, `service-account` is `NAMESPACE/NAME`; both ends of `host` are
 * lower case, and its port counts; `path` has no query.
 */
export type AuthorizationText =
  | 'principal'
  | 'trust-domain'
  | 'namespace'
  | 'service-account'
  | 'server-name'
  | 'method'
  | 'host'
  | 'path'
  /** Pseudo-headers as a condition on request headers may name them: case-sensitive, the target with its query. */
  | 'authority'
  | 'target'
  | 'scheme';

interface Tests<On extends string, Value> {
  readonly on: On;
  readonly values: readonly Value[];
  readonly notValues: readonly Value[];
}
