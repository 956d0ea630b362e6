/** What a proxy of the mesh adds to a request, and what it believes of what the client sent. */
import { randomUUID } from 'node:crypto';
import type { HeaderEditor } from './http1/header-editor.ts';
import { idOf } from './http1/header-names.ts';
import type { RequestView } from './http1/request-view.ts';
import type { Place } from './place.ts';

const REQUEST_ID = idOf('x-request-id');
const FORWARDED_FOR = idOf('x-forwarded-for');
const FORWARDED_PROTO = idOf('x-forwarded-proto');
const CLIENT_CERT = idOf('x-forwarded-client-cert');
const DECORATOR = idOf('x-envoy-decorator-operation');
const ATTEMPT_COUNT = idOf('x-envoy-attempt-count');

/** Instructions to the proxy that only the proxy's own configuration may give. */
const INTERNAL = (
  [
    'x-envoy-internal',
    'x-envoy-retriable-status-codes',
    'x-envoy-retriable-header-names',
    'x-envoy-retry-on',
    'x-envoy-retry-grpc-on',
    'x-envoy-max-retries',
    'x-envoy-upstream-alt-stat-name',
    'x-envoy-upstream-rq-timeout-ms',
    'x-envoy-upstream-rq-per-try-timeout-ms',
    'x-envoy-upstream-rq-timeout-alt-response',
    'x-envoy-expected-rq-timeout-ms',
    'x-envoy-force-trace',
    'x-envoy-ip-tags',
    'x-envoy-original-url',
    'x-envoy-hedge-on-per-try-timeout',
    'expect',
    'proxy-authorization',
  ] as const
).map(idOf);

/** Not believed from outside of the mesh. */
const EDGE = (
  [
    'x-envoy-downstream-service-cluster',
    'x-envoy-downstream-service-node',
    'x-envoy-external-address',
    'x-envoy-original-path',
    'x-envoy-original-host',
  ] as const
).map(idOf);

/** What the exchange must remember of the headers it took over. */
export interface Forwarded {
  readonly requestId: string;
  readonly forwardedFor: string;
  /** The client named the operation, so it is a proxy of the mesh: the response need not. */
  readonly hasDecorator: boolean;
}

/** Drops what may not pass, adds what every request of the mesh carries, and sets `request.scheme`. */
export const forwardHeaders = (request: RequestView, editor: HeaderEditor, place: Place): Forwarded => {
  const { head } = request;
  for (const id of INTERNAL) head.dropKnown(id);
  const isGateway = place.direction === 'gateway';
  if (isGateway) for (const id of EDGE) head.dropKnown(id);
  const ownScheme = place.tls === undefined ? 'http' : 'https';
  const givenScheme = isGateway ? '' : head.value(FORWARDED_PROTO);
  request.scheme = givenScheme === 'http' || givenScheme === 'https' ? givenScheme : ownScheme;
  if (givenScheme !== request.scheme) {
    head.dropKnown(FORWARDED_PROTO);
    editor.append('x-forwarded-proto', request.scheme);
  }
  let forwardedFor = head.value(FORWARDED_FOR);
  if (isGateway) {
    const given = head.values('x-forwarded-for').join(',');
    forwardedFor = given === '' ? place.remoteAddress : `${given},${place.remoteAddress}`;
    head.dropKnown(FORWARDED_FOR);
    editor.append('x-forwarded-for', forwardedFor);
    editor.append('x-envoy-external-address', place.remoteAddress);
  }
  let requestId = head.value(REQUEST_ID);
  if (requestId === '') {
    requestId = randomUUID();
    head.dropKnown(REQUEST_ID);
    editor.append('x-request-id', requestId);
  }
  forwardClientCertificate(request, editor, place);
  const hasDecorator = head.has(DECORATOR);
  head.dropKnown(DECORATOR);
  if (place.direction !== 'inbound') head.dropKnown(ATTEMPT_COUNT);
  return { requestId, forwardedFor, hasDecorator };
};

/** Envoy's APPEND_FORWARD behind mutual TLS; a client without a certificate may not claim one. */
const forwardClientCertificate = (request: RequestView, editor: HeaderEditor, { direction, tls }: Place): void => {
  const { head } = request;
  const given = direction === 'inbound' && tls !== undefined ? head.values('x-forwarded-client-cert').join(',') : '';
  head.dropKnown(CLIENT_CERT);
  if (direction !== 'inbound' || tls === undefined) return;
  const own = `By=${tls.localPrincipal};Hash=${tls.peerHash};Subject="";URI=${tls.peerPrincipal}`;
  editor.append('x-forwarded-client-cert', given === '' ? own : `${given},${own}`);
};
