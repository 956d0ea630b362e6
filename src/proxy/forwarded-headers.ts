/** What a proxy of the mesh adds to a request, and what it believes of what the client sent. */
import { randomUUID } from 'node:crypto';
import type { RecordedTrace } from '../telemetry/access-record.ts';
import { EDGE_HEADERS, INTERNAL_HEADERS, schemeOf } from '../traffic/forwarded.ts';
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

const INTERNAL = INTERNAL_HEADERS.map(idOf);
const EDGE = EDGE_HEADERS.map(idOf);

/** What the exchange must remember of the headers it took over. */
export interface Forwarded {
  readonly requestId: string;
  readonly forwardedFor: string;
  /** The client named the operation, so it is a proxy of the mesh: the response need not. */
  readonly hasDecorator: boolean;
  /** Absent where requests are not traced. */
  readonly trace?: RecordedTrace;
}

/** Drops what may not pass, adds what every request of the mesh carries, and sets `request.scheme`. */
export const forwardHeaders = (request: RequestView, editor: HeaderEditor, place: Place): Forwarded => {
  const { head } = request;
  for (const id of INTERNAL) head.dropKnown(id);
  const isGateway = place.direction === 'gateway';
  if (isGateway) for (const id of EDGE) head.dropKnown(id);
  const givenScheme = head.value(FORWARDED_PROTO);
  request.scheme = schemeOf(isGateway, place.tls !== undefined, givenScheme);
  if (isGateway || givenScheme !== request.scheme) {
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
