import type { AccessRecord } from '../../telemetry/access-record.ts';
import type { Span } from '../../telemetry/span.ts';
import type { ProxyNode } from '../tables.ts';
import type { TracingRules } from './tracing.ts';

type Tag = readonly [name: string, value: string];

/**
 * The spans of a traced request at one proxy, named and tagged as Envoy does: one, or at a gateway one for the request
 * it got and one for what it sent. None of a request that is not sampled.
 */
export const spansOf = (record: AccessRecord, rules: TracingRules, node: ProxyNode): readonly Span[] => {
  const { trace } = record;
  if (trace === undefined || !trace.isSampled) return [];
  const { traceId, spanId, parentSpanId, upstreamSpanId } = trace;
  const { startMs, durationMs, responseCode, upstreamCluster } = record;
  const isError = responseCode === 0 || responseCode >= 500;
  const common = { traceId, startMs, durationMs, isError };
  const own: Span = {
    ...common,
    spanId,
    parentSpanId,
    name: operationOf(record),
    kind: record.reporter === 'destination' || upstreamSpanId !== '' ? 'SERVER' : 'CLIENT',
    tags: [...standardTags(record, rules, node), ...customTags(record, rules)],
  };
  if (upstreamSpanId === '' || record.attempts === 0) return [own];
  const upstream: Span = {
    ...common,
    spanId: upstreamSpanId,
    parentSpanId: spanId,
    name: `router ${upstreamCluster} egress`,
    kind: 'CLIENT',
    tags: [['component', 'proxy'], ['upstream_address', record.upstreamHost], ...outcomeTags(record)],
  };
  return [own, upstream];
};

/** A sidecar behind another one takes the name that the other gave the request. */
const operationOf = ({ reporter, trace, operation = '' }: AccessRecord): string => {
  const given = reporter === 'destination' ? (trace?.decorator ?? '') : '';
  return given || operation || (reporter === 'destination' ? 'ingress' : 'egress');
};

const customTags = (record: AccessRecord, { tags }: TracingRules): readonly Tag[] =>
  tags.map(({ name, read }): Tag => [name, read(record)]).filter(([, value]) => value !== '');

const outcomeTags = ({ responseCode, flags, upstreamCluster, protocol, grpcStatus }: AccessRecord): readonly Tag[] => [
  ['http.protocol', protocol],
  ['http.status_code', String(responseCode)],
  ['response_flags', flags],
  ...(upstreamCluster === ''
    ? []
    : ([
        ['upstream_cluster', upstreamCluster],
        ['upstream_cluster.name', upstreamCluster],
      ] as const)),
  ...(grpcStatus === undefined ? [] : ([['grpc.status_code', String(grpcStatus)]] as const)),
];

const standardTags = (record: AccessRecord, { maxPathLength }: TracingRules, node: ProxyNode): readonly Tag[] => {
  const { authority, path, downstreamRemoteAddress } = record;
  const scheme = record.scheme ?? 'http';
  return [
    ['component', 'proxy'],
    ['node_id', nodeId(node)],
    ['guid:x-request-id', record.requestId],
    ['http.url', `${scheme}://${authority}${path.slice(0, maxPathLength)}`],
    ['http.method', record.method],
    ['downstream_cluster', '-'],
    ['user_agent', record.userAgent || '-'],
    ['peer.address', downstreamRemoteAddress.slice(0, Math.max(0, downstreamRemoteAddress.lastIndexOf(':')))],
    ['request_size', String(record.bytesReceived)],
    ['response_size', String(record.bytesSent)],
    ...outcomeTags(record),
  ];
};

const nodeId = ({ mode, address, pod, namespace }: ProxyNode): string =>
  `${mode === 'gateway' ? 'router' : 'sidecar'}~${address}~${pod}.${namespace}~${namespace}.svc.cluster.local`;
