import type { AccessRecord, RecordedHeaders } from './access-record.ts';
import { longFlags } from './flags.ts';
import { compileTimeFormat } from './start-time.ts';

/** What an operator answers: numbers stay numbers in JSON; undefined prints as `-` in text and null in JSON. */
export type OperatorValue = string | number | undefined;

export type Operator = (record: AccessRecord) => OperatorValue;

const text =
  (read: (record: AccessRecord) => string): Operator =>
  (record) =>
    read(record) || undefined;

const hostOf = (address: string): string => address.slice(0, Math.max(0, address.lastIndexOf(':')));
const portOf = (address: string): number | undefined => {
  const colon = address.lastIndexOf(':');
  return colon < 0 ? undefined : Number(address.slice(colon + 1));
};

const grpcNames = [
  'OK',
  'Canceled',
  'Unknown',
  'InvalidArgument',
  'DeadlineExceeded',
  'NotFound',
  'AlreadyExists',
  'PermissionDenied',
  'ResourceExhausted',
  'FailedPrecondition',
  'Aborted',
  'OutOfRange',
  'Unimplemented',
  'Internal',
  'Unavailable',
  'DataLoss',
  'Unauthenticated',
];

const grpcName = ({ grpcStatus }: AccessRecord): string | undefined =>
  grpcStatus === undefined ? undefined : (grpcNames[grpcStatus] ?? String(grpcStatus));

const plain: ReadonlyMap<string, Operator> = new Map<string, Operator>([
  ['PROTOCOL', text((record) => record.protocol)],
  ['RESPONSE_CODE', (record) => record.responseCode],
  // Envoy replaces white space here, so that the details stay one word of the line.
  ['RESPONSE_CODE_DETAILS', text(({ details }) => (/\s/.test(details) ? details.replaceAll(/\s/g, '_') : details))],
  ['RESPONSE_FLAGS', text((record) => record.flags)],
  ['RESPONSE_FLAGS_LONG', (record) => longFlags(record.flags)],
  ['CONNECTION_TERMINATION_DETAILS', text((record) => record.connectionTerminationDetails)],
  ['UPSTREAM_TRANSPORT_FAILURE_REASON', text((record) => record.upstreamFailure)],
  ['BYTES_RECEIVED', (record) => record.bytesReceived],
  ['BYTES_SENT', (record) => record.bytesSent],
  ['DURATION', (record) => Math.round(record.durationMs)],
  ['UPSTREAM_HOST', text((record) => record.upstreamHost)],
  ['UPSTREAM_REMOTE_ADDRESS', text((record) => record.upstreamHost)],
  ['UPSTREAM_CLUSTER', text((record) => record.upstreamCluster)],
  ['UPSTREAM_CLUSTER_RAW', text((record) => record.upstreamCluster)],
  ['UPSTREAM_LOCAL_ADDRESS', text((record) => record.upstreamLocalAddress)],
  ['UPSTREAM_REQUEST_ATTEMPT_COUNT', (record) => record.attempts],
  ['DOWNSTREAM_LOCAL_ADDRESS', text((record) => record.downstreamLocalAddress)],
  ['DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT', text((record) => hostOf(record.downstreamLocalAddress))],
  ['DOWNSTREAM_LOCAL_PORT', (record) => portOf(record.downstreamLocalAddress)],
  ['DOWNSTREAM_REMOTE_ADDRESS', text((record) => record.downstreamRemoteAddress)],
  ['DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT', text((record) => hostOf(record.downstreamRemoteAddress))],
  ['DOWNSTREAM_REMOTE_PORT', (record) => portOf(record.downstreamRemoteAddress)],
  ['REQUESTED_SERVER_NAME', text((record) => record.requestedServerName)],
  ['ROUTE_NAME', text((record) => record.routeName)],
  ['DOWNSTREAM_TLS_VERSION', text((record) => record.tlsVersion)],
  ['DOWNSTREAM_LOCAL_URI_SAN', text((record) => record.localPrincipal)],
  ['DOWNSTREAM_PEER_URI_SAN', text((record) => record.peerPrincipal)],
  ['UPSTREAM_PEER_URI_SAN', text((record) => record.upstreamPrincipal)],
  ['TRACE_ID', text((record) => record.trace?.traceId ?? '')],
  ['SPAN_ID', text((record) => record.trace?.spanId ?? '')],
  ['GRPC_STATUS', grpcName],
  ['GRPC_STATUS_NUMBER', (record) => record.grpcStatus],
  ['HOSTNAME', text((record) => record.proxy.slice(record.proxy.indexOf('/') + 1))],
]);

// An AccessRecord always has the headers that Istio's default formats print, and others where a format asks for them.
const requestHeaders: ReadonlyMap<string, Operator> = new Map<string, Operator>([
  [':method', text((record) => record.method)],
  [':path', text((record) => record.path)],
  ['x-envoy-original-path', text((record) => record.path)],
  [':authority', text((record) => record.authority)],
  ['host', text((record) => record.authority)],
  ['user-agent', text((record) => record.userAgent)],
  ['x-forwarded-for', text((record) => record.forwardedFor)],
  ['x-request-id', text((record) => record.requestId)],
]);

const responseHeaders: ReadonlyMap<string, Operator> = new Map<string, Operator>([
  [':status', (record) => (record.responseCode === 0 ? undefined : record.responseCode)],
  ['x-envoy-upstream-service-time', text((record) => record.upstreamServiceTime)],
  ['grpc-status', (record) => record.grpcStatus],
]);

type Side = keyof RecordedHeaders;

const headerOperators: Readonly<Record<Side, ReadonlyMap<string, Operator>>> = {
  request: requestHeaders,
  response: responseHeaders,
};

const headerOperator = (side: Side, name: string): Operator =>
  headerOperators[side].get(name) ?? ((record) => record.headers?.[side].get(name));

const namesOf = (argument: string): readonly string[] => argument.split('?').map((name) => name.trim().toLowerCase());

/** `A?B`: the first of the two that has a value. */
const firstHeader = (side: Side, argument: string): Operator => {
  const [first = absent, second = absent] = namesOf(argument).map((name) => headerOperator(side, name));
  return second === absent ? first : (record) => first(record) ?? second(record);
};

const absent: Operator = () => undefined;

/** Whether an operator needs more headers than every record has. */
export const needsHeaders = (name: string, argument: string): boolean => {
  if (name === 'REQ') return namesOf(argument).some((header) => !requestHeaders.has(header));
  return name === 'RESP' && namesOf(argument).some((header) => !responseHeaders.has(header));
};

/** The operator of `%NAME(argument)%`; undefined when an AccessRecord has nothing to serve it from. */
export const findOperator = (name: string, argument: string): Operator | undefined => {
  if (name === 'REQ') return firstHeader('request', argument);
  if (name === 'RESP') return firstHeader('response', argument);
  if (name === 'TRAILER' && argument.toLowerCase() === 'grpc-status') return (record) => record.grpcStatus;
  if (name === 'START_TIME') {
    const print = compileTimeFormat(argument);
    return (record) => print(record.startMs);
  }
  if (name === 'GRPC_STATUS' && argument === 'NUMBER') return (record) => record.grpcStatus;
  return argument === '' ? plain.get(name) : undefined;
};
