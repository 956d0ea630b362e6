import { type AuthorizationDecision, authorize, type ConnectionFacts } from '../../src/traffic/authorize.ts';
import { spiffeIdOf } from '../../src/traffic/compile/identity.ts';
import { buildRegistry } from '../../src/traffic/compile/services.ts';
import type { PlacedPod } from '../../src/traffic/compile/world.ts';
import { normalizePath } from '../../src/traffic/path.ts';
import type { RequestHead } from '../../src/traffic/request.ts';
import type { ProxyTables } from '../../src/traffic/tables.ts';
import type { CompiledText } from './compile-text.ts';
import type { CaseRequest } from './predict.ts';

export interface Asked {
  readonly isHttp: boolean;
  readonly decision: AuthorizationDecision;
}

/** What the policies at the gateway, or at the one pod behind the service, say; undefined where none applies. */
export const predictAuthorization = (
  compiled: CompiledText,
  request: CaseRequest,
  head: RequestHead,
  client: PlacedPod | undefined,
  gateway: PlacedPod | undefined,
): Asked | undefined => {
  const at =
    gateway === undefined ? serverOf(compiled, request, client) : { placed: gateway, port: 8080, number: 80, host: '' };
  const tables = at === undefined ? undefined : tablesOf(compiled, at.placed);
  if (at === undefined || tables?.authorization === undefined) return undefined;
  const isHttp = gateway !== undefined || tables.inbound.get(at.port)?.protocol === 'http';
  const hasIdentity = gateway === undefined && client !== undefined && tablesOf(compiled, client) !== undefined;
  const connection: ConnectionFacts = {
    address: at.placed.address,
    port: at.port,
    remoteAddress: gateway === undefined ? (client?.address ?? '') : '10.44.0.1',
    tls: hasIdentity
      ? { serverName: `outbound_.${at.number}_._.${at.host}`, peerPrincipal: spiffeIdOf(client.pod, 'cluster.local') }
      : undefined,
  };
  const normal = normalizePath(head.path, 'BASE');
  const forwarded = gateway === undefined ? head.headerValues('x-forwarded-for').at(-1) : undefined;
  const decision = isHttp
    ? authorize(tables.authorization.http, connection, {
        method: head.method,
        path: 'path' in normal ? normal.path : head.path,
        authority: head.authority,
        scheme: head.scheme,
        remoteAddress: forwarded ?? connection.remoteAddress,
        headerValues: head.headerValues,
      })
    : authorize(tables.authorization.tcp, connection, undefined);
  return { isHttp, decision };
};

const tablesOf = ({ proxies }: CompiledText, { pod }: PlacedPod): ProxyTables | undefined =>
  proxies.get(`${pod.namespace}/${pod.name}`);

const serverOf = (compiled: CompiledText, request: CaseRequest, client: PlacedPod | undefined) => {
  const [name = '', own = client?.pod.namespace] = (request.host.split(':')[0] ?? '').toLowerCase().split('.');
  const service = buildRegistry(compiled.world).get(`${name}.${own}.svc.cluster.local`);
  const port = service?.ports.find(({ number }) => number === (request.port ?? 80));
  const [endpoint] = port?.endpoints ?? [];
  if (service === undefined || port === undefined || endpoint === undefined) return undefined;
  return { placed: endpoint.placed, port: endpoint.port, number: port.number, host: service.host };
};
