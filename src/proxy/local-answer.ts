/** What the proxy answers by itself, as Envoy does on the wire: status, flags, details, and the body clients see. */
import { grpcStatusOfHttp } from '../traffic/grpc.ts';
import type { FaultInjection } from '../traffic/tables.ts';
import type { AttemptFailure } from './stream.ts';

/** Name and value, as a header decision gives them. */
export type HeaderPair = readonly [name: string, value: string];

export interface LocalAnswer {
  readonly status: number;
  readonly flags: string;
  readonly details: string;
  readonly body: string;
  /** UPSTREAM_TRANSPORT_FAILURE_REASON. */
  readonly upstreamFailure?: string;
  readonly headers?: readonly HeaderPair[];
  /** For callers that speak gRPC, where it is not the translation of `status`. */
  readonly grpcStatus?: number;
}

const answer = (status: number, flags: string, details: string, body = ''): LocalAnswer => ({
  status,
  flags,
  details,
  body,
});

export const routeNotFound = answer(404, 'NR', 'route_not_found');
export const pathRejected = answer(404, '-', 'absolute_path_rejected');
export const pathNotNormalized = answer(400, '-', 'path_normalization_failed');
export const upgradeRefused = answer(403, '-', 'upgrade_failed');
export const clusterNotFound = answer(503, 'NC', 'cluster_not_found');
export const noHealthyUpstream = answer(503, 'UH', 'no_healthy_upstream', 'no healthy upstream');
export const responseTimeout = answer(504, 'UT', 'response_timeout', 'upstream request timeout');
export const perTryTimeout = answer(504, 'UT', 'upstream_per_try_timeout', 'upstream request timeout');
/** The cluster's limits leave no room for the request. */
export const poolOverflow: LocalAnswer = {
  ...answer(
    503,
    'UO',
    'upstream_reset_before_response_started{overflow}',
    'upstream connect error or disconnect/reset before headers. reset reason: overflow',
  ),
  headers: [['x-envoy-overloaded', 'true']],
};
export const unknownHost = (host: string): LocalAnswer =>
  answer(502, 'DF', 'dns_resolution_failure', `no such host in the mesh or outside of it: ${host}`);

/** At the door of a mesh without a gateway: no proxy of Istio would be there to answer. */
export const nobodyListens = answer(
  404,
  'NR',
  'no_gateway',
  'no Gateway listens here; services answer at http://SERVICE.NAMESPACE.localhost on this port\n',
);

/** The answer to a request that an AuthorizationPolicy denies. */
export const authorizationDenied = (details: string): LocalAnswer => answer(403, '-', details, 'RBAC: access denied');

/** The answer to a request that an authorizer denies, or cannot be asked about. */
export const checkRefused = (refused: {
  readonly status: number;
  readonly body: string;
  readonly details: string;
  readonly headers: readonly HeaderPair[];
}): LocalAnswer => ({ ...refused, flags: 'UAEX' });

/** The answer to a request whose body is more than its authorizer wants to see. */
export const payloadTooLarge = answer(413, '-', 'request_payload_too_large', 'Payload Too Large');

/** The answer to a request beyond a rate limit. */
export const rateLimited = (status: number, grpcStatus: number | undefined): LocalAnswer => ({
  ...answer(status, 'RL', 'local_rate_limited', 'local_rate_limited'),
  ...(grpcStatus === undefined ? {} : { grpcStatus }),
});

/** The answer to a request whose token is refused; `target` is the request's URL. */
export const tokenRefused = (status: number, message: string, target: string): LocalAnswer => ({
  ...answer(status, '-', `jwt_authn_access_denied{${message.replaceAll(' ', '_')}}`, message),
  headers: [['www-authenticate', `Bearer realm="${target}", error="invalid_token"`]],
});

type Abort = Omit<NonNullable<FaultInjection['abort']>, 'percent'>;

/** The answer of a fault rule's abort. */
export const faultAbort = ({ status, grpcStatus }: Abort): LocalAnswer => ({
  ...answer(status, 'FI', 'fault_filter_abort', 'fault filter abort'),
  ...(grpcStatus === undefined ? {} : { grpcStatus }),
});

export const directResponse = (status: number, body: string): LocalAnswer =>
  answer(status, '-', 'direct_response', body);

export const redirected = (status: number, location: string): LocalAnswer => ({
  ...directResponse(status, ''),
  headers: [['location', location]],
});

export const corsPreflight = (headers: readonly HeaderPair[]): LocalAnswer => ({
  ...answer(200, '-', 'cors_response'),
  headers,
});

/** The same answer for a caller that speaks gRPC: HTTP 200, with the status and the body as gRPC's status and message. */
export const grpcAnswer = (local: LocalAnswer): { readonly answer: LocalAnswer; readonly grpcStatus: number } => {
  const grpcStatus = local.grpcStatus ?? grpcStatusOfHttp(local.status);
  const headers: HeaderPair[] = [
    ...(local.headers ?? []),
    ['content-type', 'application/grpc'],
    ['grpc-status', String(grpcStatus)],
  ];
  if (local.body !== '') headers.push(['grpc-message', grpcMessage(local.body)]);
  return { answer: { ...local, status: 200, body: '', headers }, grpcStatus };
};

/** Percent-encoded as gRPC over HTTP/2 wants it: all but the printable characters of ASCII, and the percent sign. */
const grpcMessage = (text: string): string =>
  Array.from(Buffer.from(text, 'utf8'), (byte) =>
    byte >= 0x20 && byte <= 0x7e && byte !== 0x25
      ? String.fromCharCode(byte)
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
  ).join('');

/** A request that breaks HTTP. A missing Host is the one case that Envoy does not flag. */
export const refusal = (status: number, details: string): LocalAnswer => {
  if (details === 'missing_host_header') return answer(status, '-', details);
  return answer(status, 'DPE', details, REFUSAL_BODIES.get(status) ?? '');
};

const REFUSAL_BODIES: ReadonlyMap<number, string> = new Map([
  [400, 'Bad Request'],
  [431, 'Request Header Fields Too Large'],
  [501, 'Not Implemented'],
]);

/** The answer when the last attempt failed before its response began. */
export const attemptFailed = (failure: AttemptFailure, isRetried: boolean): LocalAnswer => {
  const [status, flag, reason, transport] = describe(failure);
  const prefix = isRetried ? 'retried and the latest reset reason' : 'reset reason';
  const suffix = transport === '' ? '' : `, transport failure reason: ${transport}`;
  const detail = [reason, ...(transport === '' ? [] : [transport])].join('|').replaceAll(' ', '_');
  return {
    status,
    flags: flag,
    details: `upstream_reset_before_response_started{${detail}}`,
    body: `upstream connect error or disconnect/reset before headers. ${prefix}: ${reason}${suffix}`,
    upstreamFailure: transport,
  };
};

const describe = (
  failure: AttemptFailure,
): readonly [status: number, flag: string, reason: string, transport: string] => {
  switch (failure.kind) {
    case 'connect':
      return [503, 'UF', failure.failure.reason, failure.failure.transport];
    case 'reset':
      return [503, 'UC', 'connection termination', ''];
    case 'remote-reset':
      return [503, 'UR', failure.isRefused ? 'remote refused stream reset' : 'remote reset', ''];
    case 'protocol-error':
      return [502, 'UPE', 'protocol error', ''];
  }
};
