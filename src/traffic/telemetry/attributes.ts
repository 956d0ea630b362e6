/** A finished request by the names that Envoy's expressions know it by. */
import type { AccessRecord } from '../../telemetry/access-record.ts';
import { flagBits } from '../../telemetry/flags.ts';
import type { Peer } from '../../telemetry/peer.ts';

/** Each a mapping; an attribute that is absent has no entry. */
export const ROOTS = [
  'request',
  'response',
  'source',
  'destination',
  'connection',
  'upstream',
  'xds',
  'node',
  'filter_state',
  'upstream_peer',
  'downstream_peer',
] as const;

type Root = (typeof ROOTS)[number];

type Attributes = Record<string, unknown>;

/** Makes CEL's durations. */
export type DurationOf = (milliseconds: number) => unknown;

/** The attributes below some of the roots; integers as bigint, as CEL has them. */
export const attributesOf = (record: AccessRecord, roots: readonly Root[], durationOf: DurationOf): Attributes => {
  const attributes: Attributes = {};
  for (const root of roots) attributes[root] = readers[root](record, durationOf);
  return attributes;
};

/** Without the entries that are empty: Envoy has no such attribute then. */
const present = (entries: Attributes): Attributes => {
  const attributes: Attributes = Object.create(null);
  for (const [name, value] of Object.entries(entries)) {
    if (value !== undefined && value !== '') attributes[name] = value;
  }
  return attributes;
};

const isHttp = (record: AccessRecord): boolean => record.requestProtocol !== 'tcp';

const requestOf = (record: AccessRecord, durationOf: DurationOf): Attributes => {
  if (!isHttp(record)) return present({});
  const { path, headers } = record;
  const [urlPath = '', query = ''] = splitOnce(path, '?');
  return present({
    path,
    url_path: urlPath,
    query,
    host: record.authority,
    scheme: record.scheme,
    method: record.method,
    headers: Object.assign(Object.create(null), Object.fromEntries(headers?.request ?? [])),
    referer: headers?.request.get('referer'),
    useragent: record.userAgent,
    time: new Date(record.startMs),
    duration: durationOf(record.durationMs),
    id: record.requestId,
    protocol: record.protocol,
    size: BigInt(record.bytesReceived),
    total_size: BigInt(record.bytesReceived),
  });
};

const splitOnce = (text: string, separator: string): readonly [string, string] => {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
};

const responseOf = (record: AccessRecord, durationOf: DurationOf): Attributes =>
  present({
    code: isHttp(record) ? BigInt(record.responseCode) : undefined,
    code_details: record.details,
    flags: flagBits(record.flags),
    grpc_status: record.grpcStatus === undefined ? undefined : BigInt(record.grpcStatus),
    headers: Object.assign(Object.create(null), Object.fromEntries(record.headers?.response ?? [])),
    size: BigInt(record.bytesSent),
    total_size: BigInt(record.bytesSent),
    backend_latency: record.upstreamServiceTime === '' ? undefined : durationOf(Number(record.upstreamServiceTime)),
  });

const addressOf = (address: string): Attributes => {
  const colon = address.lastIndexOf(':');
  return present({ address, port: colon < 0 ? undefined : BigInt(address.slice(colon + 1)) });
};

const connectionOf = (record: AccessRecord): Attributes =>
  present({
    mtls: record.peerPrincipal !== '',
    requested_server_name: record.requestedServerName,
    tls_version: record.tlsVersion,
    uri_san_local_certificate: record.reporter === 'destination' ? record.localPrincipal : '',
    uri_san_peer_certificate: record.peerPrincipal,
    termination_details: record.connectionTerminationDetails,
  });

const upstreamOf = (record: AccessRecord): Attributes => ({
  ...addressOf(record.upstreamHost),
  ...present({
    local_address: record.upstreamLocalAddress,
    uri_san_peer_certificate: record.upstreamPrincipal,
    transport_failure_reason: record.upstreamFailure,
    request_attempt_count: BigInt(record.attempts),
  }),
});

/** What Istio's peer metadata says of a workload. */
const peerOf = (peer: Peer): Attributes =>
  present({
    workload: peer.workload,
    name: peer.workload,
    namespace: peer.namespace,
    app: peer.app,
    version: peer.version,
    service: peer.canonicalService,
    revision: peer.canonicalRevision,
    cluster: peer.cluster,
  });

const ownPeer = (record: AccessRecord): Peer => (record.reporter === 'source' ? record.source : record.destination);

const nodeOf = (record: AccessRecord): Attributes => {
  const peer = ownPeer(record);
  return present({
    id: record.proxy,
    cluster: `${peer.app}.${peer.namespace}`,
    metadata: present({
      NAMESPACE: peer.namespace,
      WORKLOAD_NAME: peer.workload,
      CLUSTER_ID: peer.cluster,
      SERVICE_ACCOUNT: peer.serviceAccount,
      LABELS: present({
        app: peer.app,
        version: peer.version,
        'service.istio.io/canonical-name': peer.canonicalService,
        'service.istio.io/canonical-revision': peer.canonicalRevision,
      }),
    }),
  });
};

const readers: Readonly<Record<Root, (record: AccessRecord, durationOf: DurationOf) => Attributes>> = {
  request: requestOf,
  response: responseOf,
  source: (record) => addressOf(record.downstreamRemoteAddress),
  destination: (record) => addressOf(record.downstreamLocalAddress),
  connection: connectionOf,
  upstream: upstreamOf,
  xds: (record) =>
    present({
      cluster_name: record.upstreamCluster,
      route_name: record.routeName,
      // Envoy's numbers: 1 is inbound, 2 is outbound.
      listener_direction: record.reporter === 'destination' ? 1n : 2n,
      node: nodeOf(record),
    }),
  node: nodeOf,
  filter_state: (record) =>
    present({ upstream_peer: peerOf(record.destination), downstream_peer: peerOf(record.source) }),
  upstream_peer: (record) => peerOf(record.destination),
  downstream_peer: (record) => peerOf(record.source),
};
