import type { AccessRecord } from './access-record.ts';
import { envoyBuckets, type Histogram } from './histogram.ts';
import type { MetricRules } from './metric-rules.ts';
import type { Peer } from './peer.ts';
import type { Counter, Family, Registry } from './registry.ts';

const peerLabels = (end: 'source' | 'destination'): readonly string[] => [
  `${end}_workload`,
  `${end}_canonical_service`,
  `${end}_canonical_revision`,
  `${end}_workload_namespace`,
  `${end}_principal`,
  `${end}_app`,
  `${end}_version`,
  `${end}_cluster`,
];

const tcpLabelNames: readonly string[] = [
  'reporter',
  ...peerLabels('source'),
  ...peerLabels('destination'),
  'destination_service',
  'destination_service_name',
  'destination_service_namespace',
  'request_protocol',
  'response_flags',
  'connection_security_policy',
];
const httpLabelNames: readonly string[] = [...tcpLabelNames, 'response_code', 'grpc_response_status'];

const known = (value: string): string => (value === '' ? 'unknown' : value);

const peerValues = (peer: Peer, principal: string): readonly string[] => [
  known(peer.workload),
  known(peer.canonicalService),
  known(peer.canonicalRevision),
  known(peer.namespace),
  known(principal),
  known(peer.app),
  known(peer.version),
  known(peer.cluster),
];

/** What of a record decides its labels besides the two peers; equal facets mean the same series. */
interface Facet {
  readonly reporter: AccessRecord['reporter'];
  readonly responseCode: number;
  readonly flags: string;
  readonly grpcStatus: number | undefined;
  readonly requestProtocol: AccessRecord['requestProtocol'];
  readonly destinationService: string;
  readonly destinationServiceName: string;
  readonly destinationServiceNamespace: string;
  readonly localPrincipal: string;
  readonly peerPrincipal: string;
  readonly upstreamPrincipal: string;
}

const isSameFacet = (a: Facet, b: AccessRecord): boolean =>
  a.responseCode === b.responseCode &&
  a.flags === b.flags &&
  a.reporter === b.reporter &&
  a.grpcStatus === b.grpcStatus &&
  a.requestProtocol === b.requestProtocol &&
  a.destinationService === b.destinationService &&
  a.destinationServiceName === b.destinationServiceName &&
  a.destinationServiceNamespace === b.destinationServiceNamespace &&
  a.localPrincipal === b.localPrincipal &&
  a.peerPrincipal === b.peerPrincipal &&
  a.upstreamPrincipal === b.upstreamPrincipal;

const facetOf = (record: AccessRecord): Facet => ({
  reporter: record.reporter,
  responseCode: record.responseCode,
  flags: record.flags,
  grpcStatus: record.grpcStatus,
  requestProtocol: record.requestProtocol,
  destinationService: record.destinationService,
  destinationServiceName: record.destinationServiceName,
  destinationServiceNamespace: record.destinationServiceNamespace,
  localPrincipal: record.localPrincipal,
  peerPrincipal: record.peerPrincipal,
  upstreamPrincipal: record.upstreamPrincipal,
});

/**
 * Istio names principals only where the connection between the two workloads was mutual TLS: at the destination that
 * is the connection that came in, at the source the one that went out.
 */
const principals = (record: AccessRecord): readonly [source: string, destination: string, policy: string] => {
  if (record.reporter === 'source') {
    const isMutual = record.upstreamPrincipal !== '';
    return [isMutual ? record.localPrincipal : '', record.upstreamPrincipal, 'unknown'];
  }
  const isMutual = record.peerPrincipal !== '';
  return [record.peerPrincipal, isMutual ? record.localPrincipal : '', isMutual ? 'mutual_tls' : 'none'];
};

const tcpValues = (record: AccessRecord): readonly string[] => {
  const [source, destination, policy] = principals(record);
  return [
    record.reporter,
    ...peerValues(record.source, source),
    ...peerValues(record.destination, destination),
    known(record.destinationService),
    known(record.destinationServiceName),
    known(record.destinationServiceNamespace),
    record.requestProtocol,
    record.flags === '' ? '-' : record.flags,
    policy,
  ];
};

type Update = (record: AccessRecord) => void;

interface CachedUpdate {
  readonly facet: Facet;
  readonly update: Update;
}

/** A series, or nothing where the proxy's rules drop the metric. */
type SeriesOf = <Metric>(
  family: Family<Metric>,
  names: readonly string[],
  values: readonly string[],
) => Metric | undefined;

/** Finds series as the rules of the record's proxy have them. */
const seriesFor =
  (record: AccessRecord, rules: MetricRules | undefined): SeriesOf =>
  (family, names, values) => {
    if (rules === 'off') return undefined;
    const rule = rules?.get(family.name.slice(PREFIX.length));
    if (rule === undefined) return family.series(values);
    if (rule.isDropped) return undefined;
    const labels = new Map(names.map((name, at) => [name, values[at] ?? '']));
    for (const name of rule.removed) labels.delete(name);
    for (const { name, read } of rule.tags) labels.set(labelName(name), read(record) ?? 'unknown');
    return family.series([...labels.values()], [...labels.keys()]);
  };

const PREFIX = 'istio_';

const labelName = (tag: string): string => tag.replace(/\W/g, '_');

/** Of tags that ask the record itself no two records have to agree. */
const dependOnRecords = (rules: MetricRules | undefined): boolean =>
  rules !== undefined && rules !== 'off' && [...rules.values()].some(({ tags }) => tags.length > 0);

/** What finds the series of a record that has not been seen before; slow, once per label set. */
const createLookup = (registry: Registry): ((record: AccessRecord, rules: MetricRules | undefined) => Update) => {
  const histogram = (name: string, help: string) => registry.histogram(name, help, httpLabelNames, envoyBuckets);
  const tcp = (name: string, help: string) => registry.counter(name, help, tcpLabelNames);
  const requests = registry.counter('istio_requests_total', 'HTTP and gRPC requests a proxy finished.', httpLabelNames);
  const duration = histogram(
    'istio_request_duration_milliseconds',
    'Time from the first byte in to the last byte out.',
  );
  const requestBytes = histogram('istio_request_bytes', 'Size of requests.');
  const responseBytes = histogram('istio_response_bytes', 'Size of responses.');
  const opened = tcp('istio_tcp_connections_opened_total', 'TCP connections opened; counted when they close.');
  const closed = tcp('istio_tcp_connections_closed_total', 'TCP connections closed.');
  const received = tcp('istio_tcp_received_bytes_total', 'Bytes received in TCP connections.');
  const sent = tcp('istio_tcp_sent_bytes_total', 'Bytes sent in TCP connections.');
  const tcpUpdate = (values: readonly string[], seriesOf: SeriesOf): Update => {
    const ofTcp = (family: Family<Counter>) => seriesOf(family, tcpLabelNames, values);
    const [opens, closes, bytesIn, bytesOut] = [ofTcp(opened), ofTcp(closed), ofTcp(received), ofTcp(sent)];
    return (record) => {
      opens?.add(1);
      closes?.add(1);
      bytesIn?.add(record.bytesReceived);
      bytesOut?.add(record.bytesSent);
    };
  };
  const httpUpdate = (values: readonly string[], seriesOf: SeriesOf): Update => {
    const ofHttp = (family: Family<Histogram>) => seriesOf(family, httpLabelNames, values);
    const count = seriesOf(requests, httpLabelNames, values);
    const [time, bytesIn, bytesOut] = [ofHttp(duration), ofHttp(requestBytes), ofHttp(responseBytes)];
    return (record) => {
      count?.add(1);
      time?.observe(record.durationMs);
      bytesIn?.observe(record.bytesReceived);
      bytesOut?.observe(record.bytesSent);
    };
  };
  return (record, rules) => {
    const values = tcpValues(record);
    const seriesOf = seriesFor(record, rules);
    if (record.requestProtocol === 'tcp') return tcpUpdate(values, seriesOf);
    const grpcStatus = record.requestProtocol === 'grpc' ? String(record.grpcStatus ?? '') : '';
    return httpUpdate([...values, String(record.responseCode), grpcStatus], seriesOf);
  };
};

/** Facets remembered per pair of peers; codes and flags are few, so this is only reached by hostile traffic. */
const maxCachedFacets = 64;

export interface IstioMetrics {
  /** Adds one finished request or TCP connection. Never throws; about a hundred nanoseconds once its series is known. */
  record(record: AccessRecord): void;
}

/**
 * Istio's standard metrics with its full label set. Differences from Istio: a TCP connection is counted, and its bytes
 * added, when it closes (Istio reports open ones every few seconds). `rulesOf` says how the record's proxy changes them.
 */
export const createIstioMetrics = (
  registry: Registry,
  rulesOf: (record: AccessRecord) => MetricRules | undefined = () => undefined,
): IstioMetrics => {
  const lookup = createLookup(registry);
  // By identity of the peers: tables hand out the same objects for every request, and a reload that drops them
  // lets this cache go with them.
  const bySource = new WeakMap<Peer, WeakMap<Peer, CachedUpdate[]>>();
  const cacheOf = (source: Peer, destination: Peer): CachedUpdate[] => {
    const byDestination = bySource.get(source) ?? new WeakMap<Peer, CachedUpdate[]>();
    const cached = byDestination.get(destination) ?? [];
    if (cached.length === 0) {
      bySource.set(source, byDestination);
      byDestination.set(destination, cached);
    }
    return cached;
  };
  return {
    record(record) {
      const cached = cacheOf(record.source, record.destination);
      for (const entry of cached) {
        if (isSameFacet(entry.facet, record)) {
          entry.update(record);
          return;
        }
      }
      const rules = rulesOf(record);
      const update = lookup(record, rules);
      update(record);
      if (dependOnRecords(rules)) return;
      if (cached.length >= maxCachedFacets) cached.shift();
      cached.push({ facet: facetOf(record), update });
    },
  };
};
