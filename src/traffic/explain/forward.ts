/** A route's forward action: every destination with its share, and what becomes of the request there. */
import { grpcStatusOfHttp } from '../grpc.ts';
import { expandOperators } from '../header-operators.ts';
import { applyHeaderOperations } from '../headers.ts';
import { type AttemptOutcome, decideRetry } from '../retry.ts';
import { rewritePath } from '../rewrite.ts';
import type { Cluster, HeaderOperations, ProxyTables, Route, RouteAction, WeightedDestination } from '../tables.ts';
import { sourceOf } from './conditions.ts';
import { endpointShares } from './endpoint-shares.ts';
import type { Branch, Met, TracedStep } from './explanation.ts';
import type { MeshView } from './mesh-view.ts';
import type { TravellingRequest } from './request-headers.ts';
import { type Reception, receive } from './server-side.ts';

type Forward = Extract<RouteAction, { readonly kind: 'forward' }>;

/** Where the first proxy sends from. */
export interface Sender {
  readonly view: MeshView;
  readonly tables: ProxyTables;
  /** Original destination of the connection. */
  readonly address: string;
  readonly port: number;
  readonly steps: TracedStep[];
}

/** The mesh's own answer, as a caller of HTTP or of gRPC sees it. */
export const ownAnswer = (request: TravellingRequest, status: number, grpcStatus = grpcStatusOfHttp(status)) =>
  request.isGrpc ? { status: 200, grpcStatus } : { status };

/** Follows a request to every destination of its route; probabilities are parts of `probability`. */
export const forward = (
  sender: Sender,
  route: Route,
  action: Forward,
  request: TravellingRequest,
  probability: number,
): readonly Branch[] => {
  describePolicies(sender, action, route);
  const { destinations, totalWeight } = action;
  return destinations.flatMap((destination) => {
    const share = destinations.length === 1 || totalWeight === 0 ? 1 : destination.weight / totalWeight;
    if (share === 0) return [];
    const sent = prepare(sender, route, action, destination, request);
    return toCluster(sender, destination, sent, action, probability * share);
  });
};

const describePolicies = (
  { steps }: Sender,
  { rewrite, timeoutMs, retry, mirrors, hash }: Forward,
  { origin }: Route,
): void => {
  const source = sourceOf(origin);
  const add = (stage: TracedStep['stage'], decision: string): number => steps.push({ stage, decision, ...source });
  if (timeoutMs > 0) add('timeout', `${timeoutMs} ms for the whole request`);
  if (retry !== undefined && retry.attempts > 0) {
    const each = retry.perTryTimeoutMs > 0 ? `, ${retry.perTryTimeoutMs} ms for each try` : '';
    add('retry', `up to ${retry.attempts} more on ${[...retry.on].join(',')}${each}`);
  }
  for (const { cluster, percent } of mirrors) add('mirror', `${percent} % of requests are copied to ${cluster}`);
  if (rewrite?.authority !== undefined) add('rewrite', `host becomes ${rewrite.authority}`);
  if (hash !== undefined)
    add('destination', `consistent hash by ${hash.map(({ kind }) => kind).join(', ')}: one client keeps its endpoint`);
};

const prepare = (
  { steps, tables, address, port }: Sender,
  route: Route,
  { rewrite }: Forward,
  destination: WeightedDestination,
  request: TravellingRequest,
): TravellingRequest => {
  const sent = request.copy();
  if (rewrite !== undefined) {
    sent.path = rewritePath(rewrite, request.path);
    if (sent.path !== request.path)
      steps.push({ stage: 'rewrite', decision: `${request.path} becomes ${sent.path}`, ...sourceOf(route.origin) });
    if (rewrite.path !== undefined) sent.set('x-envoy-original-path', request.path);
    if (rewrite.authority !== undefined) sent.authority = rewrite.authority;
  }
  const levels = [destination.requestHeaders, route.requestHeaders];
  if (levels.some((level) => level !== undefined)) {
    steps.push({
      stage: 'headers',
      decision: `changed on the way to ${destination.cluster}: ${operationsText(levels)}`,
      ...sourceOf(destination.origin ?? route.origin),
    });
    applyHeaderOperations(levels, sent, (template) =>
      expandOperators(template, {
        plain: (name) =>
          name === 'DOWNSTREAM_LOCAL_ADDRESS'
            ? `${address}:${port}`
            : name === 'HOSTNAME'
              ? tables.node.pod
              : undefined,
        request: (name) =>
          ({
            ':path': request.path,
            ':authority': request.authority,
            host: request.authority,
            ':method': request.method,
            ':scheme': request.scheme,
          })[name] ??
          request.headerValues(name)[0] ??
          '',
        response: () => '',
      }),
    );
  }
  const back = operationsText([destination.responseHeaders, route.responseHeaders]);
  if (back !== '')
    steps.push({
      stage: 'headers',
      decision: `changed on the way back from ${destination.cluster}: ${back}`,
      ...sourceOf(destination.origin ?? route.origin),
    });
  if (sent.authority !== request.authority) sent.set('x-envoy-original-host', request.authority);
  return sent;
};

/** `remove x-a, set x-b: 1, add x-c: 2`, in the order proxies apply them. */
const operationsText = (levels: readonly (HeaderOperations | undefined)[]): string =>
  levels
    .flatMap((level) => [
      ...(level?.remove ?? []).map((name) => `remove ${name}`),
      ...(level?.set ?? []).map(([name, value]) => `set ${name}: ${value}`),
      ...(level?.add ?? []).map(([name, value]) => `add ${name}: ${value}`),
    ])
    .join(', ');

const balancerText = ({ endpoints, balancer, kind }: Cluster): string => {
  if (kind === 'original-destination') return 'the address the client dialled';
  return `${balancer.kind.toUpperCase().replaceAll('-', '_')} over ${endpoints.length} ${endpoints.length === 1 ? 'endpoint' : 'endpoints'}`;
};

const percentText = (share: number): string => `${Math.round(share * 1000) / 10} %`;

const toCluster = (
  { view, tables, address, port, steps }: Sender,
  destination: WeightedDestination,
  request: TravellingRequest,
  action: Forward,
  probability: number,
): readonly Branch[] => {
  const name = destination.cluster;
  const met: readonly Met[] = [{ kind: 'destination', destination, share: probability, sent: request }];
  const cluster = tables.clusters.get(name);
  if (cluster === undefined) {
    const status = action.missingClusterStatus ?? 503;
    const because = `there is no cluster ${name}: the host, port or subset does not exist for this client`;
    steps.push({ stage: 'destination', decision: because, ...sourceOf(destination.origin), met });
    return [{ probability, ...ownAnswer(request, status), flags: 'NC', cluster: null, because }];
  }
  steps.push({
    stage: 'destination',
    decision: `${name}, ${percentText(probability)}, ${balancerText(cluster)}`,
    ...sourceOf(cluster.origin ?? destination.origin),
    met,
  });
  if (cluster.transport?.kind === 'tls') {
    const decision = `the client's proxy begins TLS, asking for ${cluster.transport.sni || 'no name'}`;
    steps.push({ stage: 'mtls', decision, ...sourceOf(cluster.tlsSetting?.origin) });
  }
  const shares = endpointShares(view, cluster, address, port);
  if (shares.length === 0)
    return [
      { probability, ...ownAnswer(request, 503), flags: 'UH', cluster: name, because: `${name} has no ready endpoint` },
    ];
  const told = new Set<string>();
  return shares.map(({ endpoint, share }) => {
    const reception = receive(
      view,
      {
        address: endpoint.address,
        port: endpoint.port,
        transport: endpoint.transport,
        fromAddress: tables.node.address,
        fromId: tables.node.spiffeId,
      },
      request,
    );
    const story = reception.steps.map(({ stage, decision }) => `${stage}: ${decision}`).join('\n');
    if (!told.has(story)) steps.push(...reception.steps);
    told.add(story);
    return branchOf(reception, request, action, name, probability * share);
  });
};

const branchOf = (
  reception: Reception,
  request: TravellingRequest,
  action: Forward,
  cluster: string,
  probability: number,
): Branch => {
  const at = { probability, cluster };
  switch (reception.kind) {
    case 'answered': {
      const { host, path, workload, version } = reception;
      // Nearly all end here, and spreading costs more than all else of it.
      return {
        probability,
        cluster,
        status: 200,
        flags: '-',
        because: 'the application answers',
        received: { host, path, workload, version },
      };
    }
    case 'refused-path':
      return { ...at, ...ownAnswer(request, 400), flags: '-', because: 'the path cannot be normalized' };
    case 'denied':
      return {
        ...at,
        ...ownAnswer(request, reception.status),
        flags: '-',
        because: `denied by ${reception.policy}`,
        policy: reception.policy,
      };
    default: {
      const isReset = reception.kind === 'reset';
      const outcome: AttemptOutcome = isReset ? { kind: 'reset', requestSent: true } : { kind: 'connect-failure' };
      const last = decideRetry(action.retry, (action.retry?.attempts ?? 0) + 1, outcome, 0);
      const exhausted = last.kind === 'stop' && last.limitExceeded ? 'URX,' : '';
      const because = reception.steps.at(-1)?.decision ?? 'the connection fails';
      return {
        ...at,
        ...ownAnswer(request, 503),
        flags: `${exhausted}${isReset ? 'UC' : 'UF'}`,
        because,
        ...(reception.policy === undefined ? {} : { policy: reception.policy }),
      };
    }
  }
};
