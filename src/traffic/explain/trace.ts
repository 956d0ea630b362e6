/** One request through compiled tables, by the functions the proxies call, with chance as probability. */
import { decideCors } from '../cors.ts';
import { decideFault } from '../fault.ts';
import { selectOutbound } from '../listener.ts';
import { normalizePath } from '../path.ts';
import { redirectLocation } from '../redirect.ts';
import { findVirtualHost, matchRoute, unmetCondition } from '../route.ts';
import { PASSTHROUGH, routesAt } from '../routing.ts';
import type { Route, RouteTable, TcpRoute } from '../tables.ts';
import { matchText, sourceOf, unmetText } from './conditions.ts';
import { endpointShares } from './endpoint-shares.ts';
import type { AskedRequest, Branch, Explanation, TracedStep, Tried, Unanswerable } from './explanation.ts';
import { forward, ownAnswer, type Sender } from './forward.ts';
import { decidePort } from './gateway-port.ts';
import { limitSteps } from './limit-stage.ts';
import { answeringAt, findClient, findGateway, gatewayPort, type MeshView, resolveName } from './mesh-view.ts';
import { groupLines, TravellingRequest, takeOver } from './request-headers.ts';
import { askPolicies, factsOf, receive } from './server-side.ts';
import { summarize } from './summarize.ts';
import { askForToken } from './token-stage.ts';

/** Addresses as a client outside of the mesh has them, where a policy asks. */
const OUTSIDE = '10.44.0.1';

/** Follows a request; `from` or `gateway` must be given. */
export const trace = (view: MeshView, asked: AskedRequest): Explanation | Unanswerable => {
  // A client that writes a whole URL means its host, not the Host header (RFC 9112 3.2.2).
  const [whole = '', host = asked.authority] = /^https?:\/\/([^/?#@]+)(?=[/?]|$)/i.exec(asked.path) ?? [];
  const path = asked.path.slice(whole.length);
  const lines = groupLines(asked.headers);
  const request = new TravellingRequest(
    asked.method,
    host,
    whole !== '' && !path.startsWith('/') ? `/${path}` : path,
    lines,
  );
  const steps: TracedStep[] = [];
  const branches =
    asked.gateway === undefined
      ? fromClient(view, asked, request, steps)
      : atGateway(view, asked, asked.gateway, request, steps);
  if ('code' in branches) return branches;
  const assumed = [...new Set(steps.flatMap(({ assumes }) => assumes ?? []))];
  return {
    result: { ...summarize(branches), ...(assumed.length === 0 ? {} : { assumed }) },
    steps: steps.map(({ met: _met, assumes: _assumes, ...step }) => step),
    met: steps.flatMap(({ met }) => met ?? []),
  };
};

const portOf = (asked: AskedRequest): number =>
  asked.port ?? Number(/:(\d+)$/.exec(asked.authority)?.[1] ?? (asked.isTls ? 443 : 80));

const failed = (error: string, flags = '-', cluster: string | null = null): readonly Branch[] => [
  { probability: 1, status: null, flags, cluster, because: error, error },
];

const atGateway = (
  view: MeshView,
  asked: AskedRequest,
  name: string,
  request: TravellingRequest,
  steps: TracedStep[],
): readonly Branch[] | Unanswerable => {
  const placed = findGateway(view, name);
  if ('code' in placed) return placed;
  const tables = view.tablesOf(placed);
  const port = gatewayPort(view, placed, portOf(asked));
  const served = tables?.gateway.get(port);
  if (tables === undefined || served === undefined) {
    steps.push({
      stage: 'gateway',
      decision: `${placed.pod.workload} does not listen on port ${port}: no Gateway opens it`,
    });
    return failed('connection refused');
  }
  const taken = decidePort(served, asked.isTls ? serverNameOf(asked) : undefined);
  steps.push({ stage: 'gateway', decision: `${placed.pod.workload} ${taken.decision}`, ...sourceOf(taken.origin) });
  if (taken.kind === 'refused') return failed('connection reset', taken.flags);
  const sender: Sender = { view, tables, address: placed.address, port, steps };
  if (taken.kind === 'http') return route(sender, 'gateway', asked, request, OUTSIDE);
  if (tables.authorization !== undefined) {
    const connection = { address: placed.address, port, remoteAddress: OUTSIDE, tls: undefined };
    const { steps: asked, deniedBy } = askPolicies(tables.authorization.tcp, connection, undefined, view.authorizers);
    steps.push(...asked);
    if (deniedBy !== undefined) return failed('connection closed');
  }
  return tcp(sender, taken.route, request);
};

/** What a client asks TLS for: the host of its URL. */
const serverNameOf = ({ authority }: AskedRequest): string => authority.replace(/:\d*$/, '').toLowerCase();

const fromClient = (
  view: MeshView,
  asked: AskedRequest,
  request: TravellingRequest,
  steps: TracedStep[],
): readonly Branch[] | Unanswerable => {
  const client = asked.from === 'outside' ? undefined : findClient(view, asked.from ?? '');
  if (client !== undefined && 'code' in client) return client;
  const target = destinationOf(view, asked, client?.pod.namespace ?? 'default');
  if ('code' in target) return target;
  const { address, port } = target;
  const tables = client === undefined || client.pod.proxyMode !== 'sidecar' ? undefined : view.tablesOf(client);
  if (tables === undefined) {
    steps.push({
      stage: 'client',
      decision: `${client?.pod.workload ?? 'outside of the mesh'}, without sidecar: plaintext`,
    });
    return withoutSidecar(view, { address, port }, client?.address ?? OUTSIDE, request, steps);
  }
  steps.push({ stage: 'client', decision: `${tables.node.id}, sidecar, ${tables.node.spiffeId}` });
  const sender: Sender = { view, tables, address, port, steps };
  const listener = selectOutbound(tables.outbound, address, port);
  const where = `${address}:${port}`;
  if (typeof listener === 'string') {
    const cluster = listener === 'passthrough' ? PASSTHROUGH : 'BlackHoleCluster';
    steps.push({
      stage: 'listener',
      decision: `${where} is unknown to the mesh: ${listener === 'passthrough' ? 'passed through (ALLOW_ANY)' : 'refused (REGISTRY_ONLY)'}`,
    });
    return listener === 'passthrough' ? asBytes(sender, cluster, request) : failed('connection closed', 'UH', cluster);
  }
  const isHttp = listener.protocol !== 'tcp' && !asked.isTls;
  steps.push({ stage: 'listener', decision: `${listener.name} for ${where}, ${isHttp ? 'HTTP' : 'TCP'}` });
  if (isHttp) return route(sender, 'outbound', asked, request, tables.node.address);
  return listener.tcp === undefined ? failed('connection closed') : tcp(sender, listener.tcp, request);
};

const destinationOf = (
  view: MeshView,
  asked: AskedRequest,
  namespace: string,
): { readonly address: string; readonly port: number } | Unanswerable => {
  const text = asked.dial ?? asked.authority;
  const isPod = text.startsWith('pod:');
  const [, host = '', written] = /^(.*?)(?::(\d+))?$/.exec(isPod ? text.slice(4) : text) ?? [];
  const port =
    written !== undefined && (asked.dial !== undefined || asked.port === undefined) ? Number(written) : portOf(asked);
  if (isPod) {
    const pod = findClient(view, host);
    return 'code' in pod ? pod : { address: pod.address, port };
  }
  const address = resolveName(view, host, namespace);
  return typeof address === 'string' ? { address, port } : address;
};

/** What kube-proxy does with a virtual address: any ready endpoint. */
const withoutSidecar = (
  view: MeshView,
  { address, port }: { readonly address: string; readonly port: number },
  from: string,
  request: TravellingRequest,
  steps: TracedStep[],
): readonly Branch[] => {
  const endpoints = answeringAt(view, address, port);
  return endpoints.flatMap((endpoint) => {
    const reception = receive(
      view,
      { ...endpoint, transport: { kind: 'plaintext' }, fromAddress: from, fromId: '' },
      request,
    );
    steps.push(...reception.steps);
    return received(reception, request, null, 1 / endpoints.length);
  });
};

const received = (
  reception: ReturnType<typeof receive>,
  request: TravellingRequest,
  cluster: string | null,
  probability: number,
): readonly Branch[] => {
  switch (reception.kind) {
    case 'answered':
      return [
        { probability, status: 200, flags: '-', cluster, because: 'the application answers', received: reception },
      ];
    case 'denied':
      return [
        {
          probability,
          ...ownAnswer(request, reception.status),
          flags: '-',
          cluster,
          because: `denied by ${reception.policy}`,
          policy: reception.policy,
        },
      ];
    case 'refused-path':
      return [
        { probability, ...ownAnswer(request, 400), flags: '-', cluster, because: 'the path cannot be normalized' },
      ];
    default: {
      const because = reception.steps.at(-1)?.decision ?? '';
      const policy = reception.policy === undefined ? {} : { policy: reception.policy };
      return [{ probability, status: null, flags: '-', cluster, because, error: 'connection reset', ...policy }];
    }
  }
};

const asBytes = (
  { view, tables, address, port, steps }: Sender,
  name: string,
  request: TravellingRequest,
  probability = 1,
): readonly Branch[] => {
  const cluster = tables.clusters.get(name);
  const shares = cluster === undefined ? [] : endpointShares(view, cluster, address, port);
  if (cluster === undefined || shares.length === 0)
    return failed('connection closed', cluster === undefined ? 'NC' : 'UH', name);
  steps.push({ stage: 'destination', decision: name, ...sourceOf(cluster.origin) });
  return shares.flatMap(({ endpoint, share }) => {
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
    steps.push(...reception.steps);
    return received(reception, request, name, probability * share);
  });
};

const tcp = (
  sender: Sender,
  { destinations, totalWeight, origin }: TcpRoute,
  request: TravellingRequest,
): readonly Branch[] => {
  sender.steps.push({ stage: 'route', decision: 'the TCP route of the listener', ...sourceOf(origin) });
  return destinations.flatMap(({ cluster, weight }) =>
    asBytes(sender, cluster, request, destinations.length === 1 || totalWeight === 0 ? 1 : weight / totalWeight),
  );
};

/** The HTTP stages of the first proxy, in the order of proxy/exchange.ts. */
const route = (
  sender: Sender,
  direction: 'outbound' | 'gateway',
  asked: AskedRequest,
  request: TravellingRequest,
  peer: string,
): readonly Branch[] => {
  const { tables, steps, address, port } = sender;
  const answer = (status: number, flags: string, because: string, more: Partial<Branch> = {}): readonly Branch[] => [
    { probability: 1, ...ownAnswer(request, status), flags, cluster: null, because, ...more },
  ];
  takeOver(request, direction === 'gateway', asked.isTls, peer);
  if (!request.path.startsWith('/')) return answer(404, '-', 'the target is no path');
  const normal = normalizePath(request.path, tables.pathNormalization ?? 'BASE');
  if ('refused' in normal) {
    steps.push({ stage: 'path', decision: `400: ${normal.refused}` });
    return answer(400, '-', normal.refused);
  }
  if (normal.path !== request.path) steps.push({ stage: 'path', decision: `${request.path} becomes ${normal.path}` });
  request.path = normal.path;
  const tls = asked.isTls ? { serverName: serverNameOf(asked), peerPrincipal: '' } : undefined;
  // Claims choose routes, so the token comes first.
  const token = direction === 'gateway' ? askForToken(sender.view.tokens, tables, request) : undefined;
  if (token?.step !== undefined) steps.push(token.step);
  const chosen = chooseRoute(routesAt(tables, { direction, address, port, tls }), request, steps);
  const place = { direction, port, route: chosen };
  steps.push(...limitSteps(tables, place, true));
  if (token?.refused !== undefined) {
    const { status, policy } = token.refused;
    return answer(status, '-', `denied by ${policy}`, { policy, cluster: firstCluster(chosen) });
  }
  if (direction === 'gateway' && tables.authorization !== undefined) {
    const connection = { address, port, remoteAddress: peer, tls };
    const {
      steps: told,
      deniedBy,
      flags,
    } = askPolicies(
      tables.authorization.http,
      connection,
      factsOf(request, tables.authorization, connection, true),
      sender.view.authorizers,
    );
    steps.push(...told);
    if (deniedBy !== undefined)
      return answer(403, flags, `denied by ${deniedBy}`, { policy: deniedBy, cluster: firstCluster(chosen) });
  }
  steps.push(...limitSteps(tables, place, false));
  if (chosen === undefined) return answer(404, 'NR', 'no route matches');
  return act(sender, chosen, request);
};

const firstCluster = (chosen: Route | undefined): string | null =>
  chosen?.action.kind === 'forward' ? chosen.action.destinations[0].cluster : null;

const chooseRoute = (
  routes: RouteTable | Route | undefined,
  request: TravellingRequest,
  steps: TracedStep[],
): Route | undefined => {
  if (routes === undefined || !('exact' in routes)) return routes;
  const virtualHost = findVirtualHost(routes, request.authority);
  if (virtualHost === undefined) {
    steps.push({
      stage: 'virtual host',
      decision: `none of route table ${routes.name} answers for ${request.authority}`,
    });
    return undefined;
  }
  steps.push({
    stage: 'virtual host',
    decision: `${virtualHost.name} of route table ${routes.name}`,
    ...sourceOf(virtualHost.origin),
  });
  const chosen = matchRoute(virtualHost, request);
  const tried: Tried[] = [];
  for (const candidate of virtualHost.routes) {
    const unmet = candidate === chosen ? undefined : unmetCondition(candidate.match, request);
    if (unmet === undefined) break;
    const rule = candidate.name === '' ? `rule ${tried.length + 1}` : candidate.name;
    tried.push({ rule, ...sourceOf(candidate.origin), failed: unmetText(candidate.match, unmet, request) });
  }
  const more = tried.length === 0 ? {} : { tried };
  if (chosen === undefined) steps.push({ stage: 'route', decision: 'no route matches', ...more });
  else {
    const name = chosen.name === '' ? `rule ${tried.length + 1}` : chosen.name;
    const never = virtualHost.routes.length - tried.length - 1;
    const rest = never === 0 ? '' : `; the ${never} after it are never asked`;
    steps.push({
      stage: 'route',
      decision: `${name}: ${matchText(chosen.match)}${rest}`,
      ...sourceOf(chosen.origin),
      ...more,
      met: [{ kind: 'route', route: chosen }],
    });
  }
  return chosen;
};

const act = (sender: Sender, chosen: Route, request: TravellingRequest): readonly Branch[] => {
  const { action } = chosen;
  const { steps } = sender;
  const source = sourceOf(chosen.origin);
  const abort = action.fault?.abort;
  const delay = action.fault?.delay;
  if (delay !== undefined)
    steps.push({ stage: 'fault', decision: `${delay.percent} % are delayed by ${delay.ms} ms`, ...source });
  const certain = decideFault(action.fault, () => 0.999_999);
  const delayed = certain.delayMs > 0 ? 'DI' : '';
  const withDelay = (flags: string): string =>
    delayed === '' ? flags : flags === '-' ? delayed : `${delayed},${flags}`;
  const aborted = Math.min(1, (abort?.percent ?? 0) / 100);
  const ends: Branch[] = [];
  if (abort !== undefined && aborted > 0) {
    steps.push({ stage: 'fault', decision: `${abort.percent} % are aborted with ${abort.status}`, ...source });
    ends.push({
      probability: aborted,
      ...ownAnswer(request, abort.status, abort.grpcStatus),
      flags: withDelay('FI'),
      cluster: firstCluster(chosen),
      because: 'a fault rule aborts',
    });
  }
  if (aborted === 1) return ends;
  const rest = 1 - aborted;
  const own = (status: number, because: string, more: Partial<Branch> = {}): Branch => ({
    probability: rest,
    ...ownAnswer(request, status),
    flags: withDelay('-'),
    cluster: null,
    because,
    ...more,
  });
  if (action.kind === 'redirect') {
    const redirect = redirectLocation(action, request);
    steps.push({ stage: 'redirect', decision: `${action.code} to ${redirect}`, ...source });
    return [...ends, own(action.code, 'a redirect', { redirect })];
  }
  if (action.kind === 'respond') {
    steps.push({ stage: 'respond', decision: `${action.status} by the proxy itself`, ...source });
    return [...ends, own(action.status, 'a direct response')];
  }
  const cors = decideCors(action.cors, request);
  if (cors.kind !== 'none')
    steps.push({
      stage: 'cors',
      decision:
        cors.kind === 'preflight'
          ? 'the proxy answers the preflight'
          : 'headers for the origin are set on the response',
      ...source,
    });
  if (cors.kind === 'preflight')
    return [...ends, own(200, 'the preflight is answered', { cluster: firstCluster(chosen) })];
  const forwarded = forward(sender, chosen, action, request, rest);
  return [...ends, ...forwarded.map((branch) => ({ ...branch, flags: withDelay(branch.flags) }))];
};
