/** Who speaks what to whom: the client's mode against the server's for every pair, and what STRICT would break. */
import { suggest } from '../../base/distance.ts';
import { readMeshSettings } from '../compile/mesh-settings.ts';
import { Report } from '../compile/report.ts';
import type { PlacedPod } from '../compile/world.ts';
import { sourceOf } from '../explain/conditions.ts';
import type { Unanswerable } from '../explain/explanation.ts';
import { findClient, findGateway, type MeshView } from '../explain/mesh-view.ts';
import type { Cluster, Endpoint, ProxyTables } from '../tables.ts';

/** Clients that connect in one way to one port of one service and are received alike. */
export interface TlsRow {
  /** `NAMESPACE/WORKLOAD`, or `outside`. */
  readonly from: readonly string[];
  /** Host of the service; of one subset where it differs from the service. */
  readonly to: string;
  readonly subset?: string;
  readonly port: number;
  /** Workloads behind it that receive alike; another row has the others. */
  readonly workloads: readonly string[];
  /** A mode of DestinationRules; `mTLS (auto)` or `plaintext` where none says anything. */
  readonly client: string;
  readonly server: 'STRICT' | 'PERMISSIVE' | 'DISABLE' | 'no sidecar' | 'outside';
  readonly result: TlsResult;
  /** The same if every server with a sidecar were STRICT. */
  readonly ifStrict: TlsResult;
  /** `FILE:LINE` of the DestinationRule and the PeerAuthentication; empty = defaults on both sides. */
  readonly decidedBy: readonly string[];
}

/** `PLAINTEXT-ALLOWED`: it works, and anybody on the way can read it. */
export type TlsResult = 'OK' | 'CONFLICT' | 'PLAINTEXT-ALLOWED';

/** The pairs of a mesh, or those of one client, one service or workload, or both. */
export const tlsTable = (
  view: MeshView,
  from: string | undefined,
  to: string | undefined,
): readonly TlsRow[] | Unanswerable => {
  const clients = clientsOf(view, from);
  if ('code' in clients) return clients;
  const { autoMtls } = readMeshSettings(view.world.mesh, new Report());
  const rows = clients.flatMap((client) => pairsOf(view, client, autoMtls));
  const wanted = to === undefined ? rows : rows.filter((row) => isTo(view, row, to));
  if (to !== undefined && wanted.length === 0) return unknownTarget(to, rows);
  return merge(wanted);
};

interface TlsClient {
  readonly name: string;
  /** Absent for clients without a proxy. */
  readonly tables: ProxyTables | undefined;
}

const OUTSIDE: TlsClient = { name: 'outside', tables: undefined };

const clientOf = (view: MeshView, placed: PlacedPod): TlsClient => ({
  name: `${placed.pod.namespace}/${placed.pod.workload}`,
  tables: placed.pod.proxyMode === 'none' ? undefined : view.tablesOf(placed),
});

const clientsOf = (view: MeshView, from: string | undefined): readonly TlsClient[] | Unanswerable => {
  if (from === 'outside') return [OUTSIDE];
  if (from !== undefined) {
    const found = findClient(view, from);
    const placed = 'code' in found ? findGateway(view, from) : found;
    if ('code' in placed) return 'code' in found ? found : placed;
    return [clientOf(view, placed)];
  }
  const named = view.world.pods
    .filter((placed) => {
      // A gateway that opens no port has nothing to send.
      const isIdle = placed.pod.proxyMode === 'gateway' && view.tablesOf(placed)?.gateway.size === 0;
      return placed.pod.namespace !== view.ownNamespace && !isIdle;
    })
    .map((placed) => clientOf(view, placed));
  return [...new Map(named.map((client) => [client.name, client])).values(), OUTSIDE];
};

/** What a client does towards one endpoint. */
interface Approach {
  readonly to: string;
  readonly subset: string;
  readonly port: number;
  readonly endpoint: Pick<Endpoint, 'address' | 'port' | 'transport'>;
  readonly setting: Cluster['tlsSetting'];
}

const pairsOf = (view: MeshView, { name, tables }: TlsClient, autoMtls: boolean): readonly TlsRow[] =>
  (tables === undefined ? plainApproaches(view) : approachesOf(tables)).filter(isToSidecar(view)).map((approach) => {
    const { to, subset, port, endpoint, setting } = approach;
    const server = serverAt(view, endpoint);
    const isAuto = setting === undefined && tables !== undefined && autoMtls;
    const client = setting?.mode ?? (endpoint.transport.kind === 'istio-mutual' ? 'mTLS (auto)' : 'plaintext');
    const hasSidecar = server.mode !== 'no sidecar' && server.mode !== 'outside';
    const result = resultOf(client, server.mode);
    const decidedBy = [sourceOf(setting?.origin).source, server.source].flatMap((source) => source ?? []);
    return {
      from: [name],
      to,
      ...(subset === '' ? {} : { subset }),
      port,
      workloads: [server.workload],
      client,
      server: server.mode,
      result,
      // Told that the server is STRICT, auto mTLS would go along.
      ifStrict: hasSidecar ? resultOf(isAuto ? 'mTLS (auto)' : client, 'STRICT') : result,
      decidedBy,
    };
  });

/** A gateway's ports take what its Gateway says; PeerAuthentications mean nothing there. */
const isToSidecar =
  ({ pods }: MeshView) =>
  ({ endpoint }: Approach): boolean =>
    pods.get(endpoint.address)?.pod.proxyMode !== 'gateway';

const approachesOf = ({ clusters }: ProxyTables): readonly Approach[] =>
  [...clusters.values()].flatMap((cluster) => {
    const [direction, port = '', subset = '', host = ''] = cluster.name.split('|');
    if (direction !== 'outbound' || cluster.service === undefined) return [];
    const whole = subset === '' ? undefined : clusters.get(`outbound|${port}||${host}`);
    // A subset is told of where it goes another way than its service.
    if (
      whole !== undefined &&
      sourceOf(whole.tlsSetting?.origin).source === sourceOf(cluster.tlsSetting?.origin).source
    )
      return [];
    const setting = cluster.tlsSetting;
    return cluster.endpoints.map((endpoint) => ({ to: host, subset, port: Number(port), endpoint, setting }));
  });

const plainApproaches = ({ registry }: MeshView): readonly Approach[] =>
  [...registry.values()].flatMap(({ host, ports }) =>
    ports.flatMap(({ number, endpoints }) =>
      endpoints.map((endpoint) => ({
        to: host,
        subset: '',
        port: number,
        endpoint: { address: endpoint.placed.address, port: endpoint.port, transport: { kind: 'plaintext' } as const },
        setting: undefined,
      })),
    ),
  );

interface Server {
  readonly workload: string;
  readonly mode: TlsRow['server'];
  readonly source: string | undefined;
}

const serverAt = (view: MeshView, { address, port }: Approach['endpoint']): Server => {
  const placed = view.pods.get(address);
  if (placed === undefined) return { workload: address, mode: 'outside', source: undefined };
  const workload = `${placed.pod.namespace}/${placed.pod.workload}`;
  const tables = view.tablesOf(placed);
  if (tables === undefined) return { workload, mode: 'no sidecar', source: undefined };
  const inbound = tables.inbound.get(port);
  return {
    workload,
    mode: inbound?.mtls ?? tables.inboundDefault,
    source: sourceOf(inbound?.mtlsOrigin).source,
  };
};

const resultOf = (client: string, server: TlsRow['server']): TlsResult => {
  const isMutual = client === 'mTLS (auto)' || client === 'ISTIO_MUTUAL';
  if (isMutual) return server === 'STRICT' || server === 'PERMISSIVE' ? 'OK' : 'CONFLICT';
  // Also TLS with certificates of other authorities: a STRICT sidecar takes none but the mesh's.
  if (server === 'STRICT') return 'CONFLICT';
  return client === 'SIMPLE' || client === 'MUTUAL' ? 'OK' : 'PLAINTEXT-ALLOWED';
};

const isTo = ({ registry }: MeshView, { to, workloads }: TlsRow, wanted: string): boolean => {
  const service = registry.get(to);
  const names = [to];
  if (service !== undefined) {
    const { name, namespace } = service;
    names.push(name, `${name}.${namespace}`, `${name}.${namespace}.svc`, `${namespace}/${name}`);
  }
  return [...names, ...workloads, ...workloads.map((one) => one.slice(one.indexOf('/') + 1))].includes(wanted);
};

const unknownTarget = (to: string, rows: readonly TlsRow[]): Unanswerable => {
  const known = rows.flatMap((row) => [row.to, row.to.split('.', 1)[0] ?? '', ...row.workloads]);
  const near = suggest(to, known);
  return {
    code: 'UNKNOWN_HOST',
    message: `there is no service or workload "${to}" that answers these clients`,
    hint: near === undefined ? 'name a Service of the files, or a workload behind one' : `did you mean ${near}?`,
  };
};

/** One row for workloads that receive alike, and then one for clients that fare alike. */
const merge = (rows: readonly TlsRow[]): readonly TlsRow[] => {
  const byServer = fold(rows, ({ workloads: _, ...row }) => row, 'workloads');
  return fold(byServer, ({ from: _, ...row }) => row, 'from');
};

const fold = (
  rows: readonly TlsRow[],
  keyOf: (row: TlsRow) => unknown,
  field: 'from' | 'workloads',
): readonly TlsRow[] => {
  const folded = new Map<string, TlsRow>();
  for (const row of rows) {
    const key = JSON.stringify(keyOf(row));
    const known = folded.get(key);
    folded.set(key, known === undefined ? row : { ...known, [field]: [...new Set([...known[field], ...row[field]])] });
  }
  return [...folded.values()];
};
