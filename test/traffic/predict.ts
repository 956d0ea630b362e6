import { existsSync, readFileSync } from 'node:fs';
import { buildRegistry } from '../../src/traffic/compile/services.ts';
import type { PlacedPod } from '../../src/traffic/compile/world.ts';
import { decideCors } from '../../src/traffic/cors.ts';
import { decideFault } from '../../src/traffic/fault.ts';
import { applyHeaderOperations } from '../../src/traffic/headers.ts';
import { selectOutbound } from '../../src/traffic/listener.ts';
import { normalizePath } from '../../src/traffic/path.ts';
import { redirectLocation } from '../../src/traffic/redirect.ts';
import type { RequestHead } from '../../src/traffic/request.ts';
import { type AttemptOutcome, decideRetry } from '../../src/traffic/retry.ts';
import { rewritePath } from '../../src/traffic/rewrite.ts';
import { findVirtualHost, matchRoute } from '../../src/traffic/route.ts';
import type { Destinations, Endpoint, ProxyTables, RetryPolicy, Route, RouteTable } from '../../src/traffic/tables.ts';
import { type CompiledText, compileText } from './compile-text.ts';
import { predictAuthorization } from './predict-authorization.ts';

/** A request of a corpus case, as its requests.json describes it. */
export interface CaseRequest {
  readonly host: string;
  readonly path: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly from?: string;
  readonly gateway?: string;
  readonly port?: number;
  readonly dial?: string;
  readonly protocol?: string;
  readonly grpc?: { readonly service: string; readonly method: string };
  readonly tls?: unknown;
  readonly http10?: boolean;
}

/** What the tables and decisions alone say about a request. */
export interface Prediction {
  /** Undefined: whatever the backend answers. */
  readonly status?: number;
  readonly flags?: string;
  readonly route?: string;
  readonly clusters: readonly string[];
  /** Names of the pods that may answer; undefined where a route of the mesh does not decide it. */
  readonly pods?: ReadonlySet<string>;
  readonly operation?: string;
  readonly path?: string;
  readonly location?: string;
  /** The connection itself fails, in the words of the recordings. */
  readonly error?: string;
  /** Requests that reach backends, retries included. */
  readonly attempts?: number;
  /** Header operations of the mesh applied to the request; undefined values are removed headers. */
  readonly headers?: ReadonlyMap<string, string | undefined>;
}

interface OutsideWorld {
  readonly externals?: readonly { readonly name: string; readonly ip: string }[];
  /** Names, `*.` wildcards among them. */
  readonly dns?: Readonly<Record<string, string>>;
}

/** Compiles a case's configuration with the addresses the recordings used. */
export const compileCase = (directory: string): Promise<CompiledText> => {
  const world = `${directory}/world.json`;
  const outside: OutsideWorld = existsSync(world) ? JSON.parse(readFileSync(world, 'utf8')) : {};
  const own = (outside.externals ?? []).map(({ name, ip }) => [name, ip] as const);
  const externals = new Map([...own, ...Object.entries(outside.dns ?? {})]);
  return compileText(readFileSync(`${directory}/config.yaml`, 'utf8'), externals);
};

/** Undefined for what pure decisions do not cover: a name that does not resolve, TLS, HTTP/1.0. */
export const predict = (compiled: CompiledText, request: CaseRequest): Prediction | undefined => {
  if (request.tls !== undefined || request.http10 === true || request.host === '') return undefined;
  const client = findPod(compiled, request.from ?? 'client');
  const gateway = request.gateway === undefined ? undefined : findPod(compiled, request.gateway);
  const head = toHead(request, request.path, request.gateway === undefined ? 'sidecar' : 'gateway');
  const asked = predictAuthorization(compiled, request, head, client, gateway);
  if (asked?.decision.kind !== 'deny') return predictRouting(compiled, request);
  if (!asked.isHttp) return { clusters: [], error: 'connection closed' };
  // At a client's sidecar the denial is an answer like any other, and its route is as ever.
  const clusters = predictRouting(compiled, request)?.clusters ?? [];
  return { status: 403, flags: '-', clusters };
};

const predictRouting = (compiled: CompiledText, request: CaseRequest): Prediction | undefined => {
  if (request.gateway !== undefined) return predictAtGateway(compiled, request);
  const client = findPod(compiled, request.from ?? 'client');
  const tables = client === undefined ? undefined : compiled.proxies.get(`${client.pod.namespace}/${client.pod.name}`);
  if (client === undefined) return undefined;
  if (tables === undefined) return predictPlaintext(compiled, request, client.pod.namespace);
  const target = dialTarget(compiled, request, client.pod.namespace);
  if (target === undefined) return undefined;
  const listener = selectOutbound(tables.outbound, target.address, target.port);
  if (listener === 'blackhole') return undefined;
  if (listener === 'passthrough') return { clusters: ['PassthroughCluster'] };
  const isHttp = listener.protocol !== 'tcp' && listener.routes !== undefined;
  if (isHttp && listener.routes !== undefined)
    return predictRoute(compiled, tables, listener.routes, request, 'sidecar');
  return listener.tcp === undefined ? undefined : { clusters: clusterNames(listener.tcp.destinations) };
};

const findPod = (compiled: CompiledText, name: string): PlacedPod | undefined => {
  const [first = '', second] = name.split('/');
  const workload = second ?? first;
  return compiled.world.pods.find(
    ({ pod }) =>
      (pod.workload === workload || pod.name === workload) && (second === undefined || pod.namespace === first),
  );
};

const predictAtGateway = (compiled: CompiledText, request: CaseRequest): Prediction | undefined => {
  const placed = findPod(compiled, request.gateway ?? '');
  const tables = placed === undefined ? undefined : compiled.proxies.get(`${placed.pod.namespace}/${placed.pod.name}`);
  if (placed === undefined || tables === undefined) return undefined;
  for (const service of compiled.world.mesh.of('Service')) {
    const selector = Object.entries(service.object.spec?.selector ?? {});
    if (selector.length === 0 || !selector.every(([key, value]) => placed.pod.labels[key] === value)) continue;
    const port = service.object.spec?.ports?.find((candidate) => candidate.port === (request.port ?? 80));
    const served = tables.gateway.get(Number(port?.targetPort ?? port?.port));
    if (served?.tcp !== undefined) return { clusters: clusterNames(served.tcp.destinations) };
    if (served !== undefined) return predictRoute(compiled, tables, served.routes, request, 'gateway');
  }
  return undefined;
};

const dialTarget = (
  compiled: CompiledText,
  request: CaseRequest,
  namespace: string,
): { readonly address: string; readonly port: number } | undefined => {
  const written = request.dial ?? request.host;
  const parts = written.split(':');
  const port = request.port ?? Number(parts.length > 1 ? parts.at(-1) : 80);
  if (parts[0] === 'pod') {
    const address = findPod(compiled, parts[1] ?? '')?.address;
    return address === undefined ? undefined : { address, port: Number(parts[2] ?? 80) };
  }
  const name = (parts[0] ?? '').toLowerCase();
  if (/^[\d.]+$/.test(name)) return { address: name, port };
  const [service = '', own = namespace] = name.replace(/\.svc(\.cluster\.local)?$/, '').split('.');
  const { serviceAddress, externals, mesh } = compiled.world;
  const entry = mesh.of('ServiceEntry').find(({ object }) => object.spec.hosts.includes(name));
  const address =
    serviceAddress(own, service) ??
    entry?.object.spec.addresses?.[0] ??
    externals.get(name) ??
    externals.get(`*${name.slice(name.indexOf('.'))}`);
  return address === undefined ? undefined : { address, port };
};

const predictRoute = (
  compiled: CompiledText,
  tables: ProxyTables,
  table: RouteTable,
  request: CaseRequest,
  kind: 'sidecar' | 'gateway',
): Prediction => {
  const target = request.grpc === undefined ? request.path : `/${request.grpc.service}/${request.grpc.method}`;
  const normal = normalizePath(target, tables.pathNormalization ?? 'BASE');
  if ('refused' in normal) return { status: 400, flags: '-', clusters: [] };
  const head = toHead(request, normal.path, kind);
  const virtualHost = findVirtualHost(table, head.authority);
  const route = virtualHost === undefined ? undefined : matchRoute(virtualHost, head);
  // Callers that speak gRPC read the failure from grpc-status.
  if (route === undefined) return { status: request.grpc === undefined ? 404 : 200, flags: 'NR', clusters: [] };
  return predictAction(compiled, tables, route, head);
};

const toHead = (request: CaseRequest, path: string, kind: 'sidecar' | 'gateway'): RequestHead => {
  const headers = new Map<string, string[]>();
  for (const [name, value] of Object.entries(request.headers ?? {})) {
    const lines = value.split('\n').map((line) => line.trim());
    headers.set(name.toLowerCase(), [...(headers.get(name.toLowerCase()) ?? []), ...lines]);
  }
  const forwarded = kind === 'sidecar' ? headers.get('x-forwarded-proto')?.[0] : undefined;
  return {
    method: request.method ?? (request.grpc === undefined ? 'GET' : 'POST'),
    path,
    authority: request.host,
    scheme: forwarded ?? 'http',
    headerValues: (name) => headers.get(name) ?? [],
  };
};

const clusterNames = (destinations: Destinations): readonly string[] => destinations.map(({ cluster }) => cluster);

/** A client without proxy meets the inbound policy of the pod behind the service. */
const predictPlaintext = (compiled: CompiledText, request: CaseRequest, namespace: string): Prediction | undefined => {
  const [name = '', own = namespace] = request.host.replace(/\.svc(\.cluster\.local)?$/, '').split('.');
  const service = buildRegistry(compiled.world).get(`${name}.${own}.svc.cluster.local`);
  const endpoint = service?.ports.find((port) => port.number === (request.port ?? 80))?.endpoints[0];
  if (endpoint === undefined) return undefined;
  const { pod } = endpoint.placed;
  const inbound = compiled.proxies.get(`${pod.namespace}/${pod.name}`)?.inbound.get(endpoint.port);
  return inbound?.mtls === 'STRICT' ? { clusters: [], error: 'connection reset' } : { clusters: [], attempts: 1 };
};

const isRefusedByPeer = (compiled: CompiledText, endpoint: Endpoint): boolean => {
  const placed = compiled.world.pods.find(({ address }) => address === endpoint.address);
  const tables = placed === undefined ? undefined : compiled.proxies.get(`${placed.pod.namespace}/${placed.pod.name}`);
  const mtls = tables?.inbound.get(endpoint.port)?.mtls ?? tables?.inboundDefault;
  return endpoint.transport.kind === 'plaintext' ? mtls === 'STRICT' : mtls === undefined || mtls === 'DISABLE';
};

const predictAction = (compiled: CompiledText, tables: ProxyTables, route: Route, head: RequestHead): Prediction => {
  const { action, name, operation } = route;
  const fault = decideFault(action.fault, () => 0.999_999);
  if (fault.abort !== undefined) {
    const clusters = action.kind === 'forward' ? clusterNames(action.destinations) : [];
    return { status: fault.abort.status, flags: fault.delayMs > 0 ? 'DI,FI' : 'FI', route: name, clusters };
  }
  if (action.kind === 'respond') return { status: action.status, route: name, clusters: [] };
  if (action.kind === 'redirect') {
    return { status: action.code, route: name, clusters: [], location: redirectLocation(action, head) };
  }
  const cors = decideCors(action.cors, head);
  if (cors.kind === 'preflight') return { status: 200, clusters: clusterNames(action.destinations) };
  const names = clusterNames(action.destinations);
  const clusters = names.map((cluster) => tables.clusters.get(cluster));
  const [only] = clusters;
  if (names.length === 1 && only === undefined) {
    return { status: action.missingClusterStatus ?? 503, flags: 'NC', route: name, clusters: [] };
  }
  const path = action.rewrite === undefined ? head.path : rewritePath(action.rewrite, head.path);
  if (clusters.some((cluster) => cluster?.kind === 'original-destination')) {
    return { route: name, clusters: names, path };
  }
  if (names.length === 1 && only?.endpoints.length === 0) {
    return { status: 503, flags: 'UH', route: name, clusters: names };
  }
  const endpoints = clusters.flatMap((cluster) => cluster?.endpoints ?? []);
  if (endpoints.every((endpoint) => isRefusedByPeer(compiled, endpoint)) && endpoints.every(isProxied(compiled))) {
    return { status: 503, clusters: names, route: name };
  }
  const attempts = predictAttempts(action.retry, action.timeoutMs, head);
  return {
    route: name,
    clusters: names,
    ...(endpoints.some(({ pod }) => pod === '') ? {} : { pods: new Set(endpoints.map(({ pod }) => pod)) }),
    operation,
    path,
    ...(attempts === undefined ? {} : { attempts }),
    ...(names.length > 1 ? {} : { headers: changedHeaders(route, head) }),
  };
};

const isProxied =
  (compiled: CompiledText) =>
  (endpoint: Endpoint): boolean =>
    compiled.world.pods.some(({ address, pod }) => address === endpoint.address && pod.proxyMode !== 'none');

/** Lets the recorded application fail as its headers ask, and retries as the policy answers. */
const predictAttempts = (retry: RetryPolicy | undefined, timeoutMs: number, head: RequestHead): number | undefined => {
  const first = (name: string): string | undefined => head.headerValues(name)[0];
  if (first('x-echo-on') !== undefined || first('x-echo-delay') !== undefined || timeoutMs > 0) return undefined;
  const failures = Number(first('x-echo-fail-first') ?? Number.POSITIVE_INFINITY);
  for (let attempt = 1; ; attempt += 1) {
    let outcome: AttemptOutcome = { kind: 'response', status: 200, grpcStatus: undefined };
    const status = first('x-echo-status');
    if (attempt <= failures && status !== undefined) {
      outcome = { kind: 'response', status: Number(status), grpcStatus: undefined };
    }
    if (attempt <= failures && first('x-echo-reset') !== undefined) outcome = { kind: 'reset', requestSent: true };
    if (decideRetry(retry, attempt, outcome, 0).kind === 'stop') return attempt;
  }
};

/** What the mesh's own operations do to the request, for values without Envoy operators. */
const changedHeaders = (route: Route, head: RequestHead): ReadonlyMap<string, string | undefined> => {
  const changed = new Map<string, string | undefined>();
  const before = (name: string): string | undefined => {
    const lines = head.headerValues(name);
    return lines.length === 0 ? undefined : lines.join(',');
  };
  applyHeaderOperations(
    [route.requestHeaders],
    {
      set: (name, value) => changed.set(name, value),
      add: (name, value) => {
        const known = changed.has(name) ? changed.get(name) : before(name);
        changed.set(name, known === undefined ? value : `${known},${value}`);
      },
      remove: (name) => changed.set(name, undefined),
    },
    () => '',
  );
  return changed;
};
