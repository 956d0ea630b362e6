/** One request through compiled tables, by the functions the proxies call, with chance as probability. */
import { connectionRoute, mayCarryHttp, selectOutbound } from '../listener.ts';
import { PASSTHROUGH } from '../routing.ts';
import { asBytes, failed, tcp, withoutSidecar } from './byte-stages.ts';
import { sourceOf } from './conditions.ts';
import type { AskedRequest, Branch, Explanation, TracedStep, Unanswerable } from './explanation.ts';
import type { Sender } from './forward.ts';
import { decidePort } from './gateway-port.ts';
import { route, serverNameOf } from './http-stages.ts';
import { findClient, findGateway, gatewayPort, type MeshView, resolveName } from './mesh-view.ts';
import { groupLines, TravellingRequest } from './request-headers.ts';
import { askPolicies } from './server-side.ts';
import { summarize } from './summarize.ts';

/** The address of a client outside of the mesh whose request names none. */
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
  const { fromAddress = OUTSIDE } = asked;
  if (taken.kind === 'http') return route(sender, 'gateway', asked, request, fromAddress);
  if (tables.authorization !== undefined) {
    const connection = { address: placed.address, port, remoteAddress: fromAddress, tls: undefined };
    const { steps: asked, deniedBy } = askPolicies(tables.authorization.tcp, connection, undefined, view.authorizers);
    steps.push(...asked);
    if (deniedBy !== undefined) return failed('connection closed');
  }
  return tcp(sender, taken.route, request);
};

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
    return withoutSidecar(view, { address, port }, client?.address ?? asked.fromAddress ?? OUTSIDE, request, steps);
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
  const isHttp = !asked.isTls && mayCarryHttp(listener, address);
  const serverName = asked.isTls ? serverNameOf(asked) : '';
  const carried = isHttp ? 'HTTP' : asked.isTls ? `TLS for ${serverName}` : 'TCP';
  steps.push({ stage: 'listener', decision: `${listener.name} for ${where}, ${carried}` });
  if (isHttp) return route(sender, 'outbound', asked, request, tables.node.address);
  const connection = connectionRoute(listener, address, serverName);
  return connection === undefined ? failed('connection closed') : tcp(sender, connection, request);
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
