/** The smallest meshes that show a behaviour: literal tables, a network of this machine's loopback, raw clients. */
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Identity } from '../../src/ca/certificate.ts';
import { createSigner, type KeyedCertificate, mintRoot } from '../../src/ca/mint.ts';
import type { Network, SocketAddress } from '../../src/proxy/proxy.ts';
import type { Peer } from '../../src/telemetry/peer.ts';
import { suffixTable } from '../../src/traffic/suffix-table.ts';
import type {
  Cluster,
  Endpoint,
  InboundPort,
  MtlsMode,
  ProxyTables,
  Route,
  RouteAction,
  RouteTable,
  UpstreamTransport,
} from '../../src/traffic/tables.ts';

const peer = (workload: string): Peer => ({
  workload,
  namespace: 'default',
  app: workload,
  version: 'v1',
  canonicalService: workload,
  canonicalRevision: 'v1',
  serviceAccount: workload,
  cluster: 'Kubernetes',
});

export const spiffe = (account: string): string => `spiffe://cluster.local/ns/default/sa/${account}`;

export const forward = (
  cluster: string,
  changes: Partial<Extract<RouteAction, { kind: 'forward' }>> = {},
): RouteAction => ({
  kind: 'forward',
  destinations: [{ cluster, weight: 1, requestHeaders: undefined, responseHeaders: undefined, origin: undefined }],
  totalWeight: 1,
  rewrite: undefined,
  timeoutMs: 0,
  retry: undefined,
  mirrors: [],
  fault: undefined,
  cors: undefined,
  ...changes,
});

export const route = (action: RouteAction, changes: Partial<Route> = {}): Route => ({
  name: 'default',
  match: {
    path: undefined,
    ignoreCase: false,
    method: undefined,
    authority: undefined,
    scheme: undefined,
    headers: [],
    query: [],
  },
  action,
  requestHeaders: undefined,
  responseHeaders: undefined,
  operation: 'app.default.svc.cluster.local:80/*',
  origin: undefined,
  ...changes,
});

export const routeTable = (...routes: readonly Route[]): RouteTable => ({
  name: '80',
  exact: new Map(),
  suffixes: suffixTable(new Map()),
  any: { name: 'any', domains: ['*'], routes, origin: undefined },
  ignorePort: true,
});

export const endpoint = (
  address: string,
  port: number,
  transport: UpstreamTransport = { kind: 'plaintext' },
): Endpoint => ({
  address,
  port,
  key: `${address}:${port}`,
  pod: 'app-0',
  peer: peer('app'),
  weight: 1,
  locality: '',
  transport,
});

export const cluster = (name: string, endpoints: readonly Endpoint[], changes: Partial<Cluster> = {}): Cluster => ({
  name,
  kind: 'endpoints',
  endpoints,
  balancer: { kind: 'round-robin' },
  connectTimeoutMs: 2_000,
  maxRequestsPerConnection: 0,
  service: { host: 'app.default.svc.cluster.local', name: 'app', namespace: 'default' },
  origin: undefined,
  ...changes,
});

export const APP = 'outbound|80||app.default.svc.cluster.local';

const passthroughCluster = cluster('PassthroughCluster', [], {
  kind: 'original-destination',
  service: undefined,
});

const blackholeCluster = cluster('BlackHoleCluster', [], { kind: 'blackhole', service: undefined });

interface TableParts {
  readonly mode?: 'sidecar' | 'gateway';
  readonly account?: string;
  readonly address?: string;
  readonly clusters?: readonly Cluster[];
  readonly routes?: RouteTable;
  readonly inbound?: readonly InboundPort[];
  readonly outbound?: ProxyTables['outbound'];
}

/** Gateway port 80 serves `routes`. */
export const tables = (parts: TableParts): ProxyTables => ({
  generation: 1,
  node: {
    mode: parts.mode ?? 'gateway',
    namespace: 'default',
    id: `default/${parts.account ?? 'gateway'}-0`,
    pod: `${parts.account ?? 'gateway'}-0`,
    labels: {},
    address: parts.address ?? '10.44.1.1',
    spiffeId: spiffe(parts.account ?? 'gateway'),
    trustDomain: 'cluster.local',
    locality: '',
    peer: peer(parts.account ?? 'gateway'),
  },
  outbound: parts.outbound ?? { byAddress: new Map(), byPort: new Map(), unknown: 'passthrough' },
  inbound: new Map((parts.inbound ?? []).map((port) => [port.port, port])),
  inboundDefault: 'PERMISSIVE',
  gateway:
    parts.routes === undefined ? new Map() : new Map([[80, { port: 80, routes: parts.routes, origin: undefined }]]),
  clusters: new Map(
    [...(parts.clusters ?? []), passthroughCluster, blackholeCluster].map((entry) => [entry.name, entry]),
  ),
  peers: new Map([['10.44.1.9', peer('client')]]),
});

export const inboundPort = (mtls: MtlsMode, protocol: InboundPort['protocol'] = 'http'): InboundPort => ({
  port: 8080,
  mtls,
  protocol,
  cluster: 'inbound|8080||',
  routes: routeTable(route(forward('inbound|8080||'))),
  mtlsOrigin: undefined,
  service: { host: 'app.default.svc.cluster.local', name: 'app', namespace: 'default' },
});

export const applicationCluster = cluster('inbound|8080||', [], { kind: 'application' });

/** Mesh addresses are looked up in `sockets`; `ADDRESS:PORT` -> socket, applications under `app ADDRESS:PORT`. */
export const network = (sockets: Map<string, SocketAddress>): Network => ({
  socketOf: (address, port) => sockets.get(`${address}:${port}`) ?? { host: '127.0.0.1', port: 1 },
  applicationOf: (address, port) => sockets.get(`app ${address}:${port}`) ?? { host: '127.0.0.1', port: 1 },
  meshAddressOf: () => '10.44.1.9',
  localService: () => undefined,
  sourceOf: () => undefined,
  resolve: (host) => (host === 'app' || host === 'app.default' ? ['10.96.0.1'] : []),
});

export const clock = { nowMs: () => Date.now(), monotonicMs: () => performance.now() };

/** A certificate authority in memory. */
export const authority = async (): Promise<{ issue: (id: string) => Promise<Identity> }> => {
  const validity = { notBeforeMs: Date.now() - 60_000, notAfterMs: Date.now() + 3_600_000 };
  const root: KeyedCertificate = await mintRoot('cluster.local', validity);
  const { sign } = await createSigner(root);
  return {
    issue: async (id) => {
      const { serial, certificatePem, keyPem } = await sign(id, validity);
      return {
        certificate: { spiffeId: id, serial, ...validity, chainPem: certificatePem, keyPem },
        rootsPem: root.certificatePem,
      };
    },
  };
};

/** A TCP server on a free port of loopback; `close` cuts every connection. */
export const tcpServer = async (
  onSocket: (socket: Socket) => void,
): Promise<{ at: SocketAddress; close: () => Promise<void>; connections: Set<Socket> }> => {
  const connections = new Set<Socket>();
  const server: Server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    connections.add(socket);
    socket.on('close', () => connections.delete(socket));
    socket.on('error', () => {});
    socket.on('end', () => socket.end());
    onSocket(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    at: { host: '127.0.0.1', port },
    connections,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of connections) socket.destroy();
      }),
  };
};

/** A raw client: writes bytes, gathers what comes back. */
export class RawClient {
  readonly socket: Socket;
  received = '';
  isClosed = false;
  error: string | undefined = undefined;
  #waiting: (() => void)[] = [];

  constructor(at: SocketAddress) {
    this.socket = connect({ host: at.host, port: at.port, noDelay: true });
    this.socket.on('data', (bytes: Buffer) => {
      this.received += bytes.toString('latin1');
      this.#wake();
    });
    this.socket.on('error', (error) => {
      this.error = String(Reflect.get(error, 'code'));
    });
    this.socket.on('close', () => {
      this.isClosed = true;
      this.#wake();
    });
  }

  write(text: string | Buffer): void {
    this.socket.write(text, 'latin1');
  }

  /** Resolves with everything received once the condition holds or the connection is closed. */
  async until(condition: (received: string) => boolean): Promise<string> {
    while (!this.isClosed && !condition(this.received)) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    return this.received;
  }

  closed(): Promise<string> {
    return this.until(() => false);
  }

  destroy(): void {
    this.socket.destroy();
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

/** The complete responses (with a content-length, or none) at the start of a text. */
export const responsesIn = (text: string): readonly { head: string; body: string }[] => {
  const responses: { head: string; body: string }[] = [];
  let rest = text;
  for (;;) {
    const end = rest.indexOf('\r\n\r\n');
    if (end < 0) return responses;
    const head = rest.slice(0, end);
    const length = Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? 0);
    if (rest.length < end + 4 + length) return responses;
    responses.push({ head, body: rest.slice(end + 4, end + 4 + length) });
    rest = rest.slice(end + 4 + length);
  }
};
