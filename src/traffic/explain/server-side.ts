/** What happens at the other end of a connection: its sidecar, if there is one, and the application. */
import {
  authorize,
  type ConnectionFacts,
  describeDenial,
  describeOrigin,
  everyRule,
  firstMatch,
  type Question,
  type RequestFacts,
  unmetOfRule,
} from '../authorize.ts';
import { believedAddress } from '../forwarded.ts';
import { normalizePath } from '../path.ts';
import { findVirtualHost, matchRoute } from '../route.ts';
import type { Authorization, AuthorizationPolicies, Origin, ProxyTables, Route, UpstreamTransport } from '../tables.ts';
import { sourceOf, unmetPolicyText } from './conditions.ts';
import type { Met, TracedStep, Tried } from './explanation.ts';
import { limitSteps } from './limit-stage.ts';
import type { MeshView } from './mesh-view.ts';
import { type TravellingRequest, takeOver } from './request-headers.ts';
import { askForToken } from './token-stage.ts';

/** How a request fares at a proxy's policies. */
export interface Asked {
  readonly steps: readonly TracedStep[];
  /** The rule or policies that denied, with their lines; undefined = allowed. */
  readonly deniedBy: string | undefined;
  /** Of the proxy that denied; `-` otherwise. */
  readonly flags: string;
}

/** What an authorizer is taken to say, whom only a running mesh can ask; absent = that it allows. */
export type AssumedVerdict = 'allow' | 'deny' | undefined;

const triedOf = (
  policies: AuthorizationPolicies,
  connection: ConnectionFacts,
  request: RequestFacts | undefined,
): readonly Tried[] =>
  everyRule(policies).flatMap((rule) => {
    const unmet = unmetOfRule(rule, connection, request);
    if (unmet === undefined) return [];
    return [
      {
        rule: `${rule.origin.resource} ${rule.name}`,
        ...sourceOf(rule.origin),
        failed: unmetPolicyText(unmet, connection, request),
      },
    ];
  });

const policyMet = (origin: Origin): Met => ({ kind: 'policy', origin });

/** Asks the policies of a proxy, and tells which of them decided. */
export const askPolicies = (
  policies: AuthorizationPolicies,
  connection: ConnectionFacts,
  request: RequestFacts | undefined,
  assumed: AssumedVerdict,
): Asked => {
  const first = authorize(policies, connection, request);
  const tried = triedOf(policies, connection, request);
  const more = tried.length === 0 ? {} : { tried };
  const questions = first.kind === 'ask' ? [questionStep(first, assumed)] : [];
  if (first.kind === 'ask' && assumed === 'deny') {
    const deniedBy = `provider ${first.authorizer.name} for ${describeOrigin(first.by)}`;
    return { steps: questions, deniedBy, flags: 'UAEX' };
  }
  const decision = first.kind === 'ask' ? authorize(policies, connection, request, true) : first;
  if (decision.kind === 'deny') {
    const origin = decision.by === 'no ALLOW policy matched' ? decision.candidates[0] : decision.by;
    const deniedBy = describeDenial(decision);
    const step: TracedStep = {
      stage: 'authorization',
      decision: `denied by ${deniedBy}`,
      ...sourceOf(origin),
      ...more,
      met: (decision.by === 'no ALLOW policy matched' ? decision.candidates : [decision.by]).map(policyMet),
    };
    return { steps: [...questions, step], deniedBy, flags: '-' };
  }
  const rule = policies.allow === undefined ? undefined : firstMatch(policies.allow.rules, connection, request);
  const by = rule === undefined ? 'no DENY rule matches' : `by ${rule.origin.resource} ${rule.name}`;
  const step: TracedStep = {
    stage: 'authorization',
    decision: `allowed: ${by}`,
    ...sourceOf(rule?.origin),
    ...more,
    ...(rule && { met: [policyMet(rule.origin)] }),
  };
  return { steps: [...questions, step], deniedBy: undefined, flags: '-' };
};

const questionStep = ({ authorizer, by }: Question, assumed: AssumedVerdict): TracedStep => {
  const { name, host, protocol, failOpen } = authorizer;
  const says = assumed === 'deny' ? 'denies' : 'allows';
  const otherwise = failOpen ? 'requests pass' : `the answer is ${authorizer.errorStatus}`;
  return {
    stage: 'authorization',
    decision: `provider ${name} decides (${protocol === 'grpc' ? 'gRPC' : 'HTTP'}, ${host}); assumed: it ${says}. Without an answer ${otherwise}`,
    ...sourceOf(by),
    met: [policyMet(by)],
    assumes: `provider ${name} ${says}`,
  };
};

/** The facts of a request that policies ask for, at a proxy that has taken it over. */
export const factsOf = (
  request: TravellingRequest,
  { trustedProxies }: Authorization,
  connection: ConnectionFacts,
  isGateway: boolean,
): RequestFacts => ({
  method: request.method,
  path: request.path,
  authority: request.authority,
  scheme: request.scheme,
  remoteAddress: believedAddress(
    isGateway,
    trustedProxies,
    request.headerValues('x-forwarded-for').join(','),
    connection.remoteAddress,
  ),
  headerValues: (name) => request.headerValues(name),
  claims: request.claims,
});

/** A connection on its way to an endpoint. */
export interface Arrival {
  readonly address: string;
  readonly port: number;
  readonly transport: UpstreamTransport;
  readonly fromAddress: string;
  /** SPIFFE id the client's proxy presents; empty without one. */
  readonly fromId: string;
}

/** How it ended there. */
export type Reception =
  | {
      readonly kind: 'answered';
      readonly steps: readonly TracedStep[];
      readonly host: string;
      readonly path: string;
      readonly workload: string;
      readonly version: string;
    }
  | {
      readonly kind: 'denied';
      readonly steps: readonly TracedStep[];
      readonly policy: string;
      readonly status: 401 | 403;
    }
  | { readonly kind: 'refused-path'; readonly steps: readonly TracedStep[]; readonly policy: string }
  | { readonly kind: 'reset' | 'connect-failure'; readonly steps: readonly TracedStep[]; readonly policy?: string };

/** The name of an endpoint outside of the mesh, or its address. */
const outsideName = ({ world }: MeshView, address: string): string => {
  for (const [name, known] of world.externals) if (known === address && !name.startsWith('*')) return name;
  return address;
};

/** Follows a request into a pod. */
export const receive = (view: MeshView, arrival: Arrival, sent: TravellingRequest): Reception => {
  const placed = view.pods.get(arrival.address);
  const isMutual = arrival.transport.kind === 'istio-mutual';
  if (placed === undefined) {
    const decision = `${arrival.address}:${arrival.port}, outside of the mesh`;
    const steps: readonly TracedStep[] = [{ stage: 'application', decision }];
    return {
      kind: 'answered',
      steps,
      host: sent.authority,
      path: sent.path,
      workload: outsideName(view, arrival.address),
      version: '',
    };
  }
  const { pod } = placed;
  const tables = pod.proxyMode === 'none' ? undefined : view.tablesOf(placed);
  const answered = (steps: readonly TracedStep[], request: TravellingRequest): Reception => ({
    kind: 'answered',
    steps: [
      ...steps,
      {
        stage: 'application',
        decision: `${pod.namespace}/${pod.workload} receives ${request.method} ${request.authority}${request.path} on port ${arrival.port}; 200 assumed`,
      },
    ],
    host: request.authority,
    path: request.path,
    workload: pod.workload,
    version: pod.labels['version'] ?? '',
  });
  if (tables === undefined) {
    const step: TracedStep = {
      stage: 'mtls',
      decision: isMutual
        ? `failed: mutual TLS to ${pod.workload}, which has no sidecar (${pod.sidecar.reason})`
        : `${arrival.transport.kind === 'tls' ? "TLS is not the mesh's" : 'plaintext'}: ${pod.workload} has no sidecar (${pod.sidecar.reason})`,
    };
    return isMutual ? { kind: 'connect-failure', steps: [step] } : answered([step], sent);
  }
  const port = tables.inbound.get(arrival.port);
  const mode = port?.mtls ?? tables.inboundDefault;
  const source = sourceOf(port?.mtlsOrigin);
  const spoken = isMutual ? 'mutual TLS' : 'plaintext';
  if (mode === 'STRICT' && !isMutual)
    return {
      kind: 'reset',
      steps: [{ stage: 'mtls', decision: `refused: client plaintext, server STRICT`, ...source }],
    };
  if (mode === 'DISABLE' && isMutual)
    return {
      kind: 'connect-failure',
      steps: [{ stage: 'mtls', decision: 'failed: client mutual TLS, server DISABLE', ...source }],
    };
  const mtls: TracedStep = {
    stage: 'mtls',
    decision: `${spoken}: server ${mode}${isMutual ? `, client ${arrival.fromId}` : ''}`,
    ...source,
  };
  const connection: ConnectionFacts = {
    address: arrival.address,
    port: arrival.port,
    remoteAddress: arrival.fromAddress,
    tls:
      arrival.transport.kind === 'istio-mutual'
        ? { serverName: arrival.transport.sni, peerPrincipal: arrival.fromId }
        : undefined,
  };
  const isHttp = port !== undefined && port.protocol !== 'tcp';
  return isHttp
    ? serveHttp(view, tables, sent, connection, mtls, answered)
    : passBytes(view, tables, sent, connection, mtls, answered);
};

type Answer = (steps: readonly TracedStep[], request: TravellingRequest) => Reception;

const passBytes = (
  { authorizers }: MeshView,
  tables: ProxyTables,
  sent: TravellingRequest,
  connection: ConnectionFacts,
  mtls: TracedStep,
  answered: Answer,
): Reception => {
  if (tables.authorization === undefined) return answered([mtls], sent);
  const { steps: asked, deniedBy } = askPolicies(tables.authorization.tcp, connection, undefined, authorizers);
  const steps = [mtls, ...asked];
  return deniedBy === undefined ? answered(steps, sent) : { kind: 'reset', steps, policy: deniedBy };
};

const serveHttp = (
  { tokens, authorizers }: MeshView,
  tables: ProxyTables,
  sent: TravellingRequest,
  connection: ConnectionFacts,
  mtls: TracedStep,
  answered: Answer,
): Reception => {
  const request = sent.copy();
  takeOver(request, false, connection.tls !== undefined, connection.remoteAddress);
  const normal = normalizePath(request.path, tables.pathNormalization ?? 'BASE');
  if ('refused' in normal)
    return { kind: 'refused-path', steps: [mtls, { stage: 'path', decision: `400: ${normal.refused}` }], policy: '' };
  request.path = normal.path;
  const place = {
    direction: 'inbound',
    port: connection.port,
    route: inboundRoute(tables, connection.port, request),
  } as const;
  const limited = limitSteps(tables, place, false);
  const token = askForToken(tokens, tables, request);
  const before = [mtls, ...limitSteps(tables, place, true), ...(token.step === undefined ? [] : [token.step])];
  if (token.refused !== undefined) return { kind: 'denied', steps: before, ...token.refused };
  if (tables.authorization === undefined) return answered([...before, ...limited], request);
  const { steps: asked, deniedBy } = askPolicies(
    tables.authorization.http,
    connection,
    factsOf(request, tables.authorization, connection, false),
    authorizers,
  );
  const steps = [...before, ...asked];
  return deniedBy === undefined
    ? answered([...steps, ...limited], request)
    : { kind: 'denied', steps, policy: deniedBy, status: 403 };
};

const inboundRoute = ({ inbound }: ProxyTables, port: number, request: TravellingRequest): Route | undefined => {
  const routes = inbound.get(port)?.routes;
  const host = routes === undefined ? undefined : findVirtualHost(routes, request.authority);
  return host === undefined ? undefined : matchRoute(host, request);
};
