import type { TapEvent } from '../admin/protocol.ts';
import type { AccessRecord } from '../telemetry/access-record.ts';

const REDACTED = '<redacted>';
/** Headers whose values let their reader act as someone else. */
const SECRET_HEADERS: ReadonlySet<string> = new Set([
  'authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
  'x-api-key',
  'x-forwarded-access-token',
]);
const SECRET_PARAMETER = /([?&](?:access_token|id_token|token|api_key|apikey|key|password|secret|code)=)[^&#]*/gi;

/** What one record tells whoever watches the mesh: without anybody's credentials. */
export const toTapEvent = (record: AccessRecord): TapEvent => {
  const { source, destination } = record;
  return {
    time: new Date(record.startMs).toISOString(),
    proxy: displayName(record.proxy),
    side: record.reporter,
    source: { workload: source.workload, namespace: source.namespace },
    destination: {
      workload: destination.workload,
      namespace: destination.namespace,
      service: record.destinationService,
    },
    protocol: record.requestProtocol === 'tcp' ? 'TCP' : record.protocol,
    method: record.method,
    authority: record.authority,
    path: record.path.replace(SECRET_PARAMETER, `$1${REDACTED}`),
    status: record.responseCode,
    ...(record.grpcStatus === undefined ? {} : { grpcStatus: record.grpcStatus }),
    flags: record.flags,
    details: record.details,
    durationMs: Math.round(record.durationMs * 1000) / 1000,
    bytesReceived: record.bytesReceived,
    bytesSent: record.bytesSent,
    requestId: record.requestId,
    upstreamHost: record.upstreamHost,
    upstreamCluster: record.upstreamCluster,
    route: record.routeName,
    routeOrigin: record.routeOrigin,
    isMutualTls: record.peerPrincipal !== '' || record.upstreamPrincipal !== '',
    ...(record.deniedBy === undefined ? {} : { deniedBy: record.deniedBy }),
    ...(record.headers === undefined
      ? {}
      : {
          requestHeaders: withoutSecrets(record.headers.request),
          responseHeaders: withoutSecrets(record.headers.response),
        }),
  };
};

/** `POD.NAMESPACE`, as people name a pod, of a pod key. */
export const displayName = (key: string): string => key.split('/').reverse().join('.');

const withoutSecrets = (headers: ReadonlyMap<string, string>): Readonly<Record<string, string>> =>
  Object.fromEntries([...headers].map(([name, value]) => [name, SECRET_HEADERS.has(name) ? REDACTED : value]));
